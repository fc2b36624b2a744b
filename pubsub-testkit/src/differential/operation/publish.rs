use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use pubsub_core::{OutboundMessage, PublishOptions, Receipt, Result};

use super::super::dice::{Dice, valid};
use super::super::observation::{Observation, refusal};
use super::super::show;
use super::super::sketch::Sketch;
use super::super::world::World;
use super::{Kind, Operation};

pub(super) const KIND: Kind = Kind { name: "publish", weight: 21, generate };

/// More than a server takes by its default.
const HUGE: usize = 1024 * 1024;

#[derive(Debug)]
struct Publish(OutboundMessage);

fn generate(dice: &mut Dice, sketch: &mut Sketch) -> Arc<dyn Operation> {
    Arc::new(Publish(message(dice, sketch)))
}

/// A message that nobody else has published: its payload begins with its number.
pub(super) fn message(dice: &mut Dice, sketch: &mut Sketch) -> OutboundMessage {
    sketch.published += 1;
    let tag = format!("m{} ", sketch.published);
    let length = match dice.below(100) {
        0 => HUGE,
        1..=9 => 400,
        _ => dice.pick([0, 10, 50]),
    };
    let payload = tag.clone() + &"x".repeat(length);
    let mut message = valid(OutboundMessage::new(sketch.subject(dice), payload));
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

pub(super) fn observe(observation: &mut Observation, outcome: Result<Receipt>) {
    match outcome {
        Ok(receipt) => {
            let kind = if receipt.is_duplicate() { "duplicate" } else { "stored" };
            observation.add(kind, show::receipt(&receipt));
        }
        Err(error) => observation.add(&refusal(&error), refusal(&error)),
    }
}

pub(super) fn show(message: &OutboundMessage) -> String {
    let id = message.id.as_ref().map_or_else(String::new, |id| format!(" with id {id}"));
    let headers = if message.headers.is_empty() { "" } else { ", with headers" };
    format!("{} to `{}`{id}{headers}", show::payload(&message.payload), message.subject)
}

#[async_trait]
impl Operation for Publish {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    async fn apply(&self, world: &mut World) -> Observation {
        let outcome = match world.publisher.publish_with(self.0.clone(), PublishOptions::default()).await {
            Ok(pending) => pending.await,
            Err(error) => Err(error),
        };
        let mut observation = Observation::default();
        observe(&mut observation, outcome);
        observation
    }
}

impl fmt::Display for Publish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", KIND.name, show(&self.0))
    }
}
