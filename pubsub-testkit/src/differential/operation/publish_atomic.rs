use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use pubsub_core::{Capability, Expectations, OutboundMessage, PublishOptions};

use super::super::dice::{Dice, valid};
use super::super::observation::Observation;
use super::super::sketch::{SUBJECTS, Sketch};
use super::super::world::World;
use super::publish::{message_to, show};
use super::{Kind, Operation};

pub(super) const KIND: Kind =
    Kind::new("publish all or nothing", 4, generate).taking(Capability::AtomicBatch);

#[derive(Debug)]
struct PublishAtomic(Vec<OutboundMessage>);

fn generate(dice: &mut Dice, sketch: &mut Sketch) -> Arc<dyn Operation> {
    let first = sketch.subject_where(dice, |config| config.allow_atomic_batches);
    let stream = sketch.streams.values().find(|config| config.takes(first)).cloned();
    let count = dice.between(1, 4);
    let messages = (0..count).map(|number| {
        let subject = match &stream {
            // One stream takes all of a batch.
            Some(config) if dice.percent(95) => {
                dice.pick(SUBJECTS.into_iter().filter(|subject| config.takes(subject)))
            }
            _ => first,
        };
        let message = message_to(dice, sketch, subject);
        if number == 0 && dice.percent(15) {
            let last = dice.below(sketch.published);
            message.with_expectations(Expectations::none().with_last_sequence(last))
        } else if dice.percent(8) {
            let none_yet = Expectations::none().with_last_subject_sequence(0);
            message.with_expectations(none_yet)
        } else if dice.percent(3) {
            message.with_expectations(valid(Expectations::none().with_last_id("id-1")))
        } else {
            message
        }
    });
    Arc::new(PublishAtomic(messages.collect()))
}

#[async_trait]
impl Operation for PublishAtomic {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    async fn apply(&self, world: &mut World) -> Observation {
        let outcome = world.publisher.publish_atomic(self.0.clone(), PublishOptions::default()).await;
        match outcome {
            Ok(receipt) => Observation::answer(
                "stored",
                format!("{} {}, {} messages", receipt.stream, receipt.last_sequence, receipt.messages),
            ),
            Err(error) => Observation::refused(&error),
        }
    }

    fn simpler(&self) -> Vec<Arc<dyn Operation>> {
        let without = |left_out: usize| {
            let rest = self.0.iter().enumerate().filter(|(at, _)| *at != left_out);
            Arc::new(Self(rest.map(|(_, message)| message.clone()).collect())) as Arc<dyn Operation>
        };
        if self.0.len() < 2 { Vec::new() } else { (0..self.0.len()).map(without).collect() }
    }
}

impl fmt::Display for PublishAtomic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: Vec<String> = self.0.iter().map(show).collect();
        write!(f, "{}: {}", KIND.name, shown.join("; "))
    }
}
