use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::super::dice::Dice;
use super::super::observation::Observation;
use super::super::sketch::Sketch;
use super::super::world::World;
use super::{Kind, Operation, Pace};

pub(super) const KIND: Kind = Kind::new("let time pass", 4, generate);

#[derive(Debug)]
struct Pass {
    ticks: u32,
}

fn generate(dice: &mut Dice, sketch: &mut Sketch) -> Arc<dyn Operation> {
    let ticks = dice.pick([1, 1, 1, 2]);
    sketch.ticks += ticks;
    Arc::new(Pass { ticks })
}

#[async_trait]
impl Operation for Pass {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    async fn apply(&self, _: &mut World) -> Observation {
        Observation::answer("ok", "passed")
    }

    fn pace(&self) -> Pace {
        Pace::Passes(self.ticks)
    }
}

impl fmt::Display for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ticks = if self.ticks == 1 { "tick" } else { "ticks" };
        write!(f, "{}: {} {ticks}", KIND.name, self.ticks)
    }
}
