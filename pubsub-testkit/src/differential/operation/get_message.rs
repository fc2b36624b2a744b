use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use pubsub_core::{MessageSelector, StreamName, Subject, SubjectFilter};

use super::super::dice::{Dice, valid};
use super::super::observation::Observation;
use super::super::show;
use super::super::sketch::Sketch;
use super::super::world::World;
use super::{Kind, Operation};

pub(super) const KIND: Kind = Kind::new("get message", 3, generate);

#[derive(Debug)]
struct GetMessage {
    stream: StreamName,
    selector: MessageSelector,
}

fn generate(dice: &mut Dice, sketch: &mut Sketch) -> Arc<dyn Operation> {
    let sequence = if dice.percent(4) { u64::MAX } else { dice.below(sketch.published.min(15) + 2) };
    let selector = match dice.below(10) {
        0..=4 => MessageSelector::Sequence(sequence),
        5..=7 => MessageSelector::LastOf(valid(Subject::new(sketch.subject(dice)))),
        _ => {
            let filter = dice.pick(["a.x", "a.*", ">", "b.>"]);
            MessageSelector::Next { from: sequence, filter: valid(SubjectFilter::new(filter)) }
        }
    };
    Arc::new(GetMessage { stream: valid(StreamName::new(sketch.stream(dice))), selector })
}

#[async_trait]
impl Operation for GetMessage {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    async fn apply(&self, world: &mut World) -> Observation {
        let got = world.admin.get_message(&self.stream, self.selector.clone()).await;
        Observation::of(got, |message| show::stored(world, &message))
    }
}

impl fmt::Display for GetMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.selector {
            MessageSelector::Sequence(sequence) => write!(f, "{} {sequence} of {}", KIND.name, self.stream),
            MessageSelector::LastOf(subject) => {
                write!(f, "{} last of `{subject}` of {}", KIND.name, self.stream)
            }
            MessageSelector::Next { from, filter } => {
                write!(f, "{} on `{filter}` from {from} of {}", KIND.name, self.stream)
            }
            other => write!(f, "{} {other:?} of {}", KIND.name, self.stream),
        }
    }
}
