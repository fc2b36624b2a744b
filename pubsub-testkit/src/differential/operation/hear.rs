//! What streams publish again, heard by a plain subscription.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use pubsub_core::Capability;

use super::super::dice::Dice;
use super::super::observation::Observation;
use super::super::sketch::Sketch;
use super::super::world::World;
use super::{Kind, Operation, Pace};

pub(super) const KIND: Kind = Kind::new("hear", 2, generate).taking(Capability::Republish);

#[derive(Debug)]
struct Hear;

fn generate(_: &mut Dice, sketch: &mut Sketch) -> Arc<dyn Operation> {
    sketch.ticks += 1;
    Arc::new(Hear)
}

#[async_trait]
impl Operation for Hear {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    async fn apply(&self, world: &mut World) -> Observation {
        let heard = world.heard().await;
        if heard.is_empty() {
            return Observation::answer("nothing heard", "nothing");
        }
        let mut observation = Observation::default();
        for line in heard {
            observation.add("heard", line);
        }
        observation
    }

    fn pace(&self) -> Pace {
        Pace::EndsBurst
    }
}

impl fmt::Display for Hear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} what was published again", KIND.name)
    }
}
