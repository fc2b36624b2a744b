use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use pubsub_core::StreamName;

use super::super::dice::{Dice, valid};
use super::super::observation::Observation;
use super::super::sketch::Sketch;
use super::super::world::{ConsumerRef, World};
use super::{Kind, Operation};

pub(super) const KIND: Kind = Kind::new("delete consumer", 3, generate);

#[derive(Debug)]
struct DeleteConsumer {
    stream: StreamName,
    consumer: ConsumerRef,
}

fn generate(dice: &mut Dice, sketch: &mut Sketch) -> Arc<dyn Operation> {
    let (stream, consumer) = sketch.consumer(dice);
    sketch.consumers.remove(&(stream, consumer));
    Arc::new(DeleteConsumer { stream: valid(StreamName::new(stream)), consumer })
}

#[async_trait]
impl Operation for DeleteConsumer {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    async fn apply(&self, world: &mut World) -> Observation {
        let name = match world.name(&self.stream, self.consumer) {
            Ok(name) => name,
            Err(error) => return Observation::refused(&error),
        };
        let deleted = world.admin.delete_consumer(&self.stream, &name).await;
        if deleted.is_ok() {
            world.consumer_is_gone(&self.stream, &name);
        }
        Observation::of(deleted, |()| "deleted".to_owned())
    }
}

impl fmt::Display for DeleteConsumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}.{}", KIND.name, self.stream, self.consumer)
    }
}
