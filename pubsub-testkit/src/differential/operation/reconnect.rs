use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::super::dice::Dice;
use super::super::observation::Observation;
use super::super::sketch::Sketch;
use super::super::world::World;
use super::{Kind, Operation, Pace};

pub(super) const KIND: Kind = Kind::new("reconnect", 3, generate);

#[derive(Debug)]
struct Reconnect {
    /// Whether the deliveries of the closed connection are kept, to be settled in vain.
    keeps: bool,
}

fn generate(dice: &mut Dice, _: &mut Sketch) -> Arc<dyn Operation> {
    Arc::new(Reconnect { keeps: dice.percent(30) })
}

#[async_trait]
impl Operation for Reconnect {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    async fn apply(&self, world: &mut World) -> Observation {
        let reconnected = world.reconnect().await;
        if !self.keeps {
            world.held.clear();
        }
        Observation::of(reconnected, |()| "reconnected".to_owned())
    }

    // It may take a while, and changes nothing that time depends on.
    fn pace(&self) -> Pace {
        Pace::Waits
    }
}

impl fmt::Display for Reconnect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.keeps { "keeping" } else { "dropping" };
        write!(f, "{}, {what} unsettled deliveries", KIND.name)
    }
}
