use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use pubsub_core::StreamName;

use super::super::dice::{Dice, valid};
use super::super::observation::Observation;
use super::super::sketch::Sketch;
use super::super::world::World;
use super::{Kind, Operation};

pub(super) const KIND: Kind = Kind::new("delete message", 3, generate);

#[derive(Debug)]
struct DeleteMessage {
    stream: StreamName,
    sequence: u64,
}

fn generate(dice: &mut Dice, sketch: &mut Sketch) -> Arc<dyn Operation> {
    let sequence = dice.below(sketch.published.min(15) + 2);
    Arc::new(DeleteMessage { stream: valid(StreamName::new(sketch.stream(dice))), sequence })
}

#[async_trait]
impl Operation for DeleteMessage {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    async fn apply(&self, world: &mut World) -> Observation {
        let deleted = world.admin.delete_message(&self.stream, self.sequence).await;
        Observation::of(deleted, |()| "deleted".to_owned())
    }
}

impl fmt::Display for DeleteMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} of {}", KIND.name, self.sequence, self.stream)
    }
}
