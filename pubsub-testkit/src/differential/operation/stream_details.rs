use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use pubsub_core::{Capability, StreamName, SubjectFilter};

use super::super::dice::{Dice, valid};
use super::super::observation::Observation;
use super::super::sketch::Sketch;
use super::super::world::World;
use super::{Kind, Operation, Pace};

pub(super) const KIND: Kind = Kind::new("stream details", 3, generate).taking(Capability::StreamDetails);

#[derive(Debug)]
struct StreamDetails {
    stream: StreamName,
    /// Its subjects, or its gaps.
    subjects: Option<SubjectFilter>,
}

fn generate(dice: &mut Dice, sketch: &mut Sketch) -> Arc<dyn Operation> {
    let filter = dice.pick([">", "a.*", "a.x", "d.x"]);
    let subjects = if dice.percent(50) { Some(valid(SubjectFilter::new(filter))) } else { None };
    Arc::new(StreamDetails { stream: valid(StreamName::new(sketch.stream(dice))), subjects })
}

#[async_trait]
impl Operation for StreamDetails {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    async fn apply(&self, world: &mut World) -> Observation {
        match &self.subjects {
            Some(filter) => {
                let subjects = world.admin.stream_subjects(&self.stream, filter.clone()).await;
                Observation::of(subjects, |subjects| format!("{subjects:?}"))
            }
            None => {
                let deleted = world.admin.deleted_sequences(&self.stream).await;
                Observation::of(deleted, |deleted| format!("{deleted:?}"))
            }
        }
    }

    fn pace(&self) -> Pace {
        Pace::Reads
    }
}

impl fmt::Display for StreamDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.subjects {
            Some(filter) => write!(f, "subjects of {} on `{filter}`", self.stream),
            None => write!(f, "gaps of {}", self.stream),
        }
    }
}
