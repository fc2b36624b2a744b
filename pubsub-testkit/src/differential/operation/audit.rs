//! What is looked at between operations, and at the end of each sequence.

use std::fmt;

use async_trait::async_trait;
use pubsub_core::MessageSelector;

use super::super::observation::{Observation, refusal};
use super::super::show;
use super::super::world::World;
use super::{Operation, Pace, list};

/// All counters; and, if it is thorough, every stored message.
#[derive(Debug)]
pub(in super::super) struct Audit {
    pub(in super::super) is_thorough: bool,
}

#[async_trait]
impl Operation for Audit {
    fn kind(&self) -> &'static str {
        "audit"
    }

    async fn apply(&self, world: &mut World) -> Observation {
        let mut observation = Observation::default();
        let streams = match world.admin.list_streams().await {
            Ok(streams) => streams,
            Err(error) => return Observation::refused(&error),
        };
        for info in streams {
            observation.detail(show::stream_info(&info));
            let stream = &info.config.name;
            match list::consumers(world, stream).await {
                Ok(consumers) => consumers.into_iter().for_each(|line| observation.detail(line)),
                Err(error) => observation.detail(refusal(&error)),
            }
            if self.is_thorough {
                // The first one is 0 in a stream that never held a message.
                for sequence in info.first_sequence.max(1)..=info.last_sequence {
                    match world.admin.get_message(stream, MessageSelector::Sequence(sequence)).await {
                        Ok(message) => observation.detail(show::stored(world, &message)),
                        Err(error) => observation.detail(format!("{sequence}: {}", refusal(&error))),
                    }
                }
            }
        }
        observation
    }

    fn pace(&self) -> Pace {
        Pace::Reads
    }
}

impl fmt::Display for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_thorough { "look at everything" } else { "look at all counters" })
    }
}
