use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use pubsub_core::StreamName;

use super::super::dice::{Dice, valid};
use super::super::observation::Observation;
use super::super::show;
use super::super::sketch::Sketch;
use super::super::world::{ConsumerRef, World};
use super::{Kind, Operation, Pace};

pub(super) const KIND_STREAM: Kind = Kind::new("stream info", 3, generate_stream);
pub(super) const KIND_CONSUMER: Kind = Kind::new("consumer info", 3, generate_consumer);

#[derive(Debug)]
struct Info {
    stream: StreamName,
    consumer: Option<ConsumerRef>,
}

fn generate_stream(dice: &mut Dice, sketch: &mut Sketch) -> Arc<dyn Operation> {
    Arc::new(Info { stream: valid(StreamName::new(sketch.stream(dice))), consumer: None })
}

fn generate_consumer(dice: &mut Dice, sketch: &mut Sketch) -> Arc<dyn Operation> {
    let (stream, consumer) = sketch.consumer(dice);
    Arc::new(Info { stream: valid(StreamName::new(stream)), consumer: Some(consumer) })
}

#[async_trait]
impl Operation for Info {
    fn kind(&self) -> &'static str {
        if self.consumer.is_none() { KIND_STREAM.name } else { KIND_CONSUMER.name }
    }

    async fn apply(&self, world: &mut World) -> Observation {
        let Some(consumer) = self.consumer else {
            let info = world.admin.stream_info(&self.stream).await;
            return Observation::of(info, |info| show::stream_info(&info));
        };
        let info = match world.name(&self.stream, consumer) {
            Ok(name) => world.admin.consumer_info(&self.stream, &name).await,
            Err(error) => Err(error),
        };
        Observation::of(info, |info| show::consumer_info(world, &info))
    }

    fn pace(&self) -> Pace {
        Pace::Reads
    }
}

impl fmt::Display for Info {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind(), self.stream)?;
        match self.consumer {
            Some(consumer) => write!(f, ".{consumer}"),
            None => Ok(()),
        }
    }
}
