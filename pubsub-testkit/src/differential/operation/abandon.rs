use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::super::dice::Dice;
use super::super::observation::Observation;
use super::super::show;
use super::super::sketch::Sketch;
use super::super::world::World;
use super::settle::back;
use super::{Kind, Operation, Pace};

pub(super) const KIND: Kind = Kind::new("drop a delivery", 3, generate);

#[derive(Debug)]
struct Abandon {
    back: usize,
}

fn generate(dice: &mut Dice, sketch: &mut Sketch) -> Arc<dyn Operation> {
    sketch.ticks += 1;
    Arc::new(Abandon { back: back(dice) })
}

#[async_trait]
impl Operation for Abandon {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    async fn apply(&self, world: &mut World) -> Observation {
        match world.take_held(self.back) {
            Some(delivery) => Observation::answer("ok", show::delivery(world, &delivery)),
            None => Observation::nothing("nothing to drop"),
        }
    }

    fn pace(&self) -> Pace {
        Pace::EndsBurst
    }
}

impl fmt::Display for Abandon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "drop the delivery {} before the last", self.back)
    }
}
