use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pubsub_core::{
    Capability, Expectations, Headers, OutboundMessage, PublishOptions, Receipt, Result, Rollup,
    StreamConfig, TimeToLive,
};

use super::super::dice::{Dice, valid};
use super::super::observation::Observation;
use super::super::show;
use super::super::sketch::{STREAMS, Sketch};
use super::super::world::World;
use super::{Kind, Operation, Pace};

pub(super) const KIND: Kind = Kind::new("publish", 15, generate);
pub(super) const KIND_LIVING: Kind =
    Kind::new("publish with a time to live", 3, generate_living).taking(Capability::MessageTtl);
pub(super) const KIND_ROLLUP: Kind =
    Kind::new("publish a rollup", 3, generate_rollup).taking(Capability::Rollup);

pub(super) const KIND_MIXED: Kind =
    Kind::new("publish with several instructions", 3, generate_mixed).taking(Capability::Expectations);

/// More than a server takes by its default.
const HUGE: usize = 1024 * 1024;

#[derive(Debug)]
struct Publish {
    kind: &'static str,
    message: OutboundMessage,
}

fn generate(dice: &mut Dice, sketch: &mut Sketch) -> Arc<dyn Operation> {
    Arc::new(Publish { kind: KIND.name, message: message(dice, sketch) })
}

/// Several instructions in one message, whether they go together or not.
fn generate_mixed(dice: &mut Dice, sketch: &mut Sketch) -> Arc<dyn Operation> {
    let is_rich = |config: &StreamConfig| config.allow_message_ttl && config.effective_allow_rollup();
    let subject = sketch.subject_where(dice, is_rich);
    let mut message = message_to(dice, sketch, subject);
    let mut expectations = Expectations::none();
    if dice.percent(40) {
        expectations = valid(expectations.with_stream(dice.pick(STREAMS)));
    }
    if dice.percent(40) {
        expectations = expectations.with_last_sequence(dice.below(sketch.published));
    }
    if dice.percent(40) {
        expectations = expectations.with_last_subject_sequence(dice.below(2) * dice.below(sketch.published));
    }
    if dice.percent(20) {
        expectations = valid(expectations.with_last_id(dice.pick(["id-1", "id-4"])));
    }
    if dice.percent(70) {
        message = message.with_expectations(expectations);
    }
    if dice.percent(40) {
        message = message.with_ttl(Duration::from_secs(dice.pick([2, 5])));
    }
    if dice.percent(40) {
        message = message.with_rollup(dice.pick([Rollup::Subject, Rollup::All]));
    }
    Arc::new(Publish { kind: KIND_MIXED.name, message })
}

fn generate_living(dice: &mut Dice, sketch: &mut Sketch) -> Arc<dyn Operation> {
    let subject = sketch.subject_where(dice, |config| config.allow_message_ttl);
    // Half a tick after a point.
    let ttl = dice.pick([2, 2, 5, 0]);
    let ttl = if ttl == 0 { TimeToLive::Never } else { Duration::from_secs(ttl).into() };
    Arc::new(Publish { kind: KIND_LIVING.name, message: message_to(dice, sketch, subject).with_ttl(ttl) })
}

fn generate_rollup(dice: &mut Dice, sketch: &mut Sketch) -> Arc<dyn Operation> {
    let subject = sketch.subject_where(dice, StreamConfig::effective_allow_rollup);
    let rollup = dice.pick([Rollup::Subject, Rollup::Subject, Rollup::All]);
    Arc::new(Publish {
        kind: KIND_ROLLUP.name,
        message: message_to(dice, sketch, subject).with_rollup(rollup),
    })
}

/// A message that nobody else has published: its payload begins with its number.
pub(super) fn message(dice: &mut Dice, sketch: &mut Sketch) -> OutboundMessage {
    let subject = sketch.subject(dice);
    message_to(dice, sketch, subject)
}

pub(super) fn message_to(dice: &mut Dice, sketch: &mut Sketch, subject: &str) -> OutboundMessage {
    sketch.published += 1;
    let tag = format!("m{} ", sketch.published);
    let length = match dice.below(100) {
        0 => HUGE,
        1..=9 => dice.pick([400, 297, 290, 280, 260]),
        _ => dice.pick([0, 10, 50]),
    };
    let payload = tag.clone() + &"x".repeat(length);
    let mut message = valid(OutboundMessage::new(subject, payload));
    if dice.percent(35) {
        message = valid(message.with_id(dice.pick(["id-1", "id-2", "id-3"])));
    }
    if dice.percent(20) {
        message = valid(message.with_header("Color", dice.pick(["red", "green"])));
        if dice.percent(50) {
            message = valid(message.with_header("Color", "blue"));
        }
    }
    message
}

/// As both sides can: what is tried again gets a message id on one of them.
pub(super) fn once() -> PublishOptions {
    PublishOptions::default().with_retry(false)
}

pub(super) async fn publish(world: &World, message: OutboundMessage) -> Observation {
    let outcome = match world.publisher.publish_with(message, once()).await {
        Ok(pending) => pending.await,
        Err(error) => Err(error),
    };
    let mut observation = Observation::default();
    observe(&mut observation, outcome);
    observation
}

pub(super) fn observe(observation: &mut Observation, outcome: Result<Receipt>) {
    match outcome {
        Ok(receipt) => {
            let kind = if receipt.is_duplicate() { "duplicate" } else { "stored" };
            observation.add(kind, show::receipt(&receipt));
        }
        Err(error) => observation.add_refusal(&error),
    }
}

pub(super) fn show(message: &OutboundMessage) -> String {
    let id = message.id.as_ref().map_or_else(String::new, |id| format!(" with id {id}"));
    let mut headers: Vec<_> =
        message.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    headers.extend(message.instruction_headers().into_iter().map(|(name, value)| format!("{name}: {value}")));
    let headers = if headers.is_empty() { String::new() } else { format!(", {}", headers.join(", ")) };
    format!("{} to `{}`{id}{headers}", show::payload(&message.payload), message.subject)
}

#[async_trait]
impl Operation for Publish {
    fn kind(&self) -> &'static str {
        self.kind
    }

    async fn apply(&self, world: &mut World) -> Observation {
        let Some(rollup) = self.message.rollup() else {
            return publish(world, self.message.clone()).await;
        };
        let stream = world.taker(&self.message.subject).await;
        if let Some(stream) = &stream
            && world.may_redeliver(stream).await
        {
            return Observation::nothing("left out");
        }
        let published = publish(world, self.message.clone()).await;
        if let Some(stream) = stream.filter(|_| rollup == Rollup::All) {
            world.loses_count(&stream).await;
        }
        published
    }

    fn pace(&self) -> Pace {
        if self.message.ttl().is_some() { Pace::Starts } else { Pace::Free }
    }

    fn simpler(&self) -> Vec<Arc<dyn Operation>> {
        let mut plain = self.message.clone();
        plain.id = None;
        plain.headers = Headers::new();
        if plain == self.message {
            return Vec::new();
        }
        vec![Arc::new(Self { kind: self.kind, message: plain })]
    }
}

impl fmt::Display for Publish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, show(&self.message))
    }
}
