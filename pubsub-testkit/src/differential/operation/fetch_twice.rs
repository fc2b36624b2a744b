use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pubsub_core::{Delivery, FetchOptions, Result, StreamName};

use super::super::dice::{Dice, valid};
use super::super::observation::Observation;
use super::super::show;
use super::super::sketch::Sketch;
use super::super::world::{ConsumerRef, World};
use super::{Kind, Operation, Pace};

pub(super) const KIND: Kind = Kind::new("fetch twice at once", 2, generate);

/// Two fetches side by side. Who gets what is nobody's promise, what both get together is.
#[derive(Debug)]
struct FetchTwice {
    stream: StreamName,
    consumer: ConsumerRef,
    each: [usize; 2],
}

fn generate(dice: &mut Dice, sketch: &mut Sketch) -> Arc<dyn Operation> {
    let (stream, consumer) = sketch.consumer(dice);
    let each = [dice.between(1, 4), dice.between(1, 4)];
    Arc::new(FetchTwice { stream: valid(StreamName::new(stream)), consumer, each })
}

impl FetchTwice {
    async fn fetch(&self, world: &World, max: usize) -> Result<Vec<Delivery>> {
        let consumer = world.consumer(&self.stream, self.consumer).await?;
        consumer.fetch(FetchOptions::up_to(max).with_expires(Duration::ZERO)).await
    }
}

#[async_trait]
impl Operation for FetchTwice {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    async fn apply(&self, world: &mut World) -> Observation {
        if world.may_miss(&self.stream, self.consumer).await {
            return Observation::nothing("left out");
        }
        let [one, other] = self.each.map(|max| self.fetch(world, max));
        let (one, other) = futures::join!(one, other);
        let mut all = match (one, other) {
            (Ok(one), Ok(other)) => one.into_iter().chain(other).collect::<Vec<_>>(),
            (Err(error), _) | (_, Err(error)) => return Observation::refused(&error),
        };
        if all.is_empty() {
            return Observation::answer("empty fetch", "nothing");
        }
        all.sort_by_key(|delivery| delivery.info().consumer_sequence);
        let mut observation = Observation::default();
        for delivery in all {
            let kind = if delivery.info().attempt > 1 { "redelivery" } else { "delivery" };
            observation.add(kind, show::delivery(world, &delivery));
            world.hold(delivery);
        }
        observation
    }

    fn pace(&self) -> Pace {
        Pace::Starts
    }
}

impl fmt::Display for FetchTwice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [one, other] = self.each;
        write!(f, "{}: up to {one} and {other} from {}.{}", KIND.name, self.stream, self.consumer)
    }
}
