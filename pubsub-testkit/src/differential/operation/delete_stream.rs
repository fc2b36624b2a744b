use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use pubsub_core::StreamName;

use super::super::dice::{Dice, valid};
use super::super::observation::Observation;
use super::super::sketch::Sketch;
use super::super::world::World;
use super::{Kind, Operation};

pub(super) const KIND: Kind = Kind::new("delete stream", 2, generate);

#[derive(Debug)]
struct DeleteStream(StreamName);

fn generate(dice: &mut Dice, sketch: &mut Sketch) -> Arc<dyn Operation> {
    let name = sketch.stream(dice);
    sketch.forget_stream(name);
    Arc::new(DeleteStream(valid(StreamName::new(name))))
}

#[async_trait]
impl Operation for DeleteStream {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    async fn apply(&self, world: &mut World) -> Observation {
        let deleted = world.admin.delete_stream(&self.0).await;
        if deleted.is_ok() {
            world.stream_is_gone(&self.0);
        }
        Observation::of(deleted, |()| "deleted".to_owned())
    }
}

impl fmt::Display for DeleteStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", KIND.name, self.0)
    }
}
