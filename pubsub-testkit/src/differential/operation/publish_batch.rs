use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use pubsub_core::OutboundMessage;

use super::super::dice::Dice;
use super::super::observation::Observation;
use super::super::sketch::Sketch;
use super::super::world::World;
use super::publish::{message, observe, once, show};
use super::{Kind, Operation};

pub(super) const KIND: Kind = Kind::new("publish batch", 3, generate);

#[derive(Debug)]
struct PublishBatch(Vec<OutboundMessage>);

fn generate(dice: &mut Dice, sketch: &mut Sketch) -> Arc<dyn Operation> {
    let count = dice.between(2, 6);
    Arc::new(PublishBatch((0..count).map(|_| message(dice, sketch)).collect()))
}

#[async_trait]
impl Operation for PublishBatch {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    async fn apply(&self, world: &mut World) -> Observation {
        let mut observation = Observation::default();
        for pending in world.publisher.publish_batch(self.0.clone(), once()).await {
            let outcome = match pending {
                Ok(pending) => pending.await,
                Err(error) => Err(error),
            };
            observe(&mut observation, outcome);
        }
        observation
    }

    fn simpler(&self) -> Vec<Arc<dyn Operation>> {
        let without = |left_out: usize| {
            let rest = self.0.iter().enumerate().filter(|(at, _)| *at != left_out);
            Arc::new(Self(rest.map(|(_, message)| message.clone()).collect())) as Arc<dyn Operation>
        };
        if self.0.len() < 2 { Vec::new() } else { (0..self.0.len()).map(without).collect() }
    }
}

impl fmt::Display for PublishBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: Vec<String> = self.0.iter().map(show).collect();
        write!(f, "{} {}", KIND.name, shown.join("; "))
    }
}
