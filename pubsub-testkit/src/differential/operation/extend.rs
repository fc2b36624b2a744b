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

pub(super) const KIND: Kind = Kind::new("extend", 3, generate);

#[derive(Debug)]
struct Extend {
    back: usize,
}

fn generate(dice: &mut Dice, sketch: &mut Sketch) -> Arc<dyn Operation> {
    sketch.ticks += 1;
    Arc::new(Extend { back: back(dice) })
}

#[async_trait]
impl Operation for Extend {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    async fn apply(&self, world: &mut World) -> Observation {
        let Some(delivery) = world.take_held(self.back) else {
            return Observation::nothing("nothing to extend");
        };
        let mut observation = Observation::of(delivery.extend().await, |()| "extended".to_owned());
        observation.detail(show::delivery(world, &delivery));
        world.hold(delivery);
        observation
    }

    fn pace(&self) -> Pace {
        Pace::EndsBurst
    }
}

impl fmt::Display for Extend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} the delivery {} before the last", KIND.name, self.back)
    }
}
