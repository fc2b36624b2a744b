use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use pubsub_core::{Capability, StreamName};

use super::super::dice::{Dice, valid};
use super::super::observation::Observation;
use super::super::show;
use super::super::sketch::Sketch;
use super::super::world::{ConsumerRef, World};
use super::{Kind, Operation};

pub(super) const KIND: Kind = Kind::new("reset", 3, generate).taking(Capability::Reset);

#[derive(Debug)]
struct Reset {
    stream: StreamName,
    consumer: ConsumerRef,
    sequence: Option<u64>,
}

fn generate(dice: &mut Dice, sketch: &mut Sketch) -> Arc<dyn Operation> {
    let (stream, consumer) = sketch.consumer(dice);
    let sequence = if dice.percent(40) { None } else { Some(1 + dice.below(sketch.published.min(12) + 1)) };
    let sequence = if dice.percent(3) { Some(1_000) } else { sequence };
    Arc::new(Reset { stream: valid(StreamName::new(stream)), consumer, sequence })
}

#[async_trait]
impl Operation for Reset {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    async fn apply(&self, world: &mut World) -> Observation {
        let reset = match world.name(&self.stream, self.consumer) {
            Ok(name) => world.admin.reset_consumer(&self.stream, &name, self.sequence).await,
            Err(error) => Err(error),
        };
        Observation::of(reset, |info| show::consumer_info(world, &info))
    }
}

impl fmt::Display for Reset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}.{}", KIND.name, self.stream, self.consumer)?;
        match self.sequence {
            Some(sequence) => write!(f, " to {sequence}"),
            None => Ok(()),
        }
    }
}
