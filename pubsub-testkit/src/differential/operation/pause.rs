use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use pubsub_core::{Capability, StreamName};

use super::super::dice::{Dice, valid};
use super::super::observation::Observation;
use super::super::sketch::Sketch;
use super::super::world::{ConsumerRef, World};
use super::{Kind, Operation, Pace};

pub(super) const KIND: Kind = Kind::new("pause or resume", 3, generate).taking(Capability::Pause);

#[derive(Debug)]
struct Pause {
    stream: StreamName,
    consumer: ConsumerRef,
    /// Until 400 ms after this point, which may have passed; `None` to resume.
    until: Option<u32>,
}

fn generate(dice: &mut Dice, sketch: &mut Sketch) -> Arc<dyn Operation> {
    let (stream, consumer) = sketch.consumer(dice);
    let until = if dice.percent(30) { None } else { Some(sketch.ticks + dice.pick([0, 1, 2, 4, 8])) };
    Arc::new(Pause { stream: valid(StreamName::new(stream)), consumer, until })
}

#[async_trait]
impl Operation for Pause {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    async fn apply(&self, world: &mut World) -> Observation {
        let name = match world.name(&self.stream, self.consumer) {
            Ok(name) => name,
            Err(error) => return Observation::refused(&error),
        };
        match self.until {
            Some(point) => {
                let until = world.due_time(point);
                let paused = world.admin.pause_consumer(&self.stream, &name, until).await;
                Observation::of(paused, |()| "paused".to_owned())
            }
            None => {
                let resumed = world.admin.resume_consumer(&self.stream, &name).await;
                Observation::of(resumed, |()| "resumed".to_owned())
            }
        }
    }

    fn pace(&self) -> Pace {
        Pace::Starts
    }
}

impl fmt::Display for Pause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.until {
            Some(point) => write!(f, "pause {}.{} until point {point}", self.stream, self.consumer),
            None => write!(f, "resume {}.{}", self.stream, self.consumer),
        }
    }
}
