use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use pubsub_core::{
    Capability, Expectations, MessageSelector, OutboundMessage, StreamName, Subject, SubjectFilter,
};

use super::super::dice::{Dice, valid};
use super::super::observation::Observation;
use super::super::sketch::{STREAMS, Sketch};
use super::super::world::World;
use super::publish::{message, publish, show};
use super::{Kind, Operation};

pub(super) const KIND: Kind = Kind::new("publish expecting", 5, generate).taking(Capability::Expectations);

#[derive(Debug)]
struct PublishExpecting {
    message: OutboundMessage,
    stream: StreamName,
    expected: Expected,
}

/// What is expected of the stream. Numbers say by how much the expectation is wrong.
#[derive(Debug, Clone, Copy)]
enum Expected {
    Stream,
    LastSequence(u64),
    LastOfSubject(u64),
    LastOfFilter(&'static str, u64),
    LastId(&'static str),
}

fn generate(dice: &mut Dice, sketch: &mut Sketch) -> Arc<dyn Operation> {
    let message = message(dice, sketch);
    let taker = sketch.streams.iter().find(|(_, config)| config.takes(message.subject.as_str()));
    let stream = match taker {
        Some((name, _)) if dice.percent(85) => *name,
        _ => dice.pick(STREAMS),
    };
    let wrong = dice.pick([0, 0, 1]);
    let expected = match dice.below(8) {
        0 => Expected::Stream,
        1..=3 => Expected::LastSequence(wrong),
        4 | 5 => Expected::LastOfSubject(wrong),
        6 => Expected::LastOfFilter(dice.pick(["a.*", "a.x", ">", "b.x"]), wrong),
        _ => Expected::LastId(dice.pick(["id-1", "id-2", "id-3"])),
    };
    Arc::new(PublishExpecting { message, stream: valid(StreamName::new(stream)), expected })
}

impl PublishExpecting {
    async fn expectations(&self, world: &World) -> Expectations {
        let none = Expectations::none();
        match self.expected {
            Expected::Stream => valid(none.with_stream(self.stream.clone())),
            Expected::LastSequence(wrong) => {
                none.with_last_sequence(world.last_sequence(&self.stream).await + wrong)
            }
            Expected::LastOfSubject(wrong) => {
                let last = self.last_of(world, &self.message.subject).await;
                none.with_last_subject_sequence(last + wrong)
            }
            Expected::LastOfFilter(filter, wrong) => {
                let last = self.last_of_filter(world, filter).await;
                valid(none.with_last_subject_sequence(last + wrong).with_last_subject_filter(filter))
            }
            Expected::LastId(id) => valid(none.with_last_id(id)),
        }
    }

    async fn last_of(&self, world: &World, subject: &Subject) -> u64 {
        let last = world.admin.get_message(&self.stream, MessageSelector::LastOf(subject.clone())).await;
        last.map_or(0, |message| message.sequence)
    }

    async fn last_of_filter(&self, world: &World, filter: &str) -> u64 {
        let filter = valid(SubjectFilter::new(filter));
        let subjects = world.admin.stream_subjects(&self.stream, filter).await.unwrap_or_default();
        let mut last = 0;
        for (subject, _) in subjects {
            if let Ok(subject) = Subject::new(subject) {
                last = self.last_of(world, &subject).await.max(last);
            }
        }
        last
    }
}

#[async_trait]
impl Operation for PublishExpecting {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    async fn apply(&self, world: &mut World) -> Observation {
        let expectations = self.expectations(world).await;
        publish(world, self.message.clone().with_expectations(expectations)).await
    }
}

impl fmt::Display for PublishExpecting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "publish {}, expecting {:?} of {}", show(&self.message), self.expected, self.stream)
    }
}
