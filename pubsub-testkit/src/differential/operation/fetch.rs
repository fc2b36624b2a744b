use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pubsub_core::{FetchOptions, OnDrop, Result, StreamName};

use super::super::dice::{Dice, valid};
use super::super::grid::{LONG_WAIT, MOMENT, span};
use super::super::observation::Observation;
use super::super::show;
use super::super::sketch::Sketch;
use super::super::world::{ConsumerRef, World};
use super::{Kind, Operation, Pace};

pub(super) const KIND: Kind = Kind::new("fetch", 24, generate);
pub(super) const KIND_WAITING: Kind = Kind::new("fetch and wait", 3, generate_waiting);

#[derive(Debug)]
struct Fetch {
    stream: StreamName,
    consumer: ConsumerRef,
    max: usize,
    expires: Duration,
    on_drop: OnDrop,
    /// Through the first handle that this connection had of a consumer of this name.
    through_old: bool,
}

fn generate(dice: &mut Dice, sketch: &mut Sketch) -> Arc<dyn Operation> {
    let expires = dice.pick([Duration::ZERO, MOMENT]);
    Arc::new(some_fetch(dice, sketch, expires))
}

/// At most one in a sequence: see the grid. It asks for one message: how many that come together a fetch gets that has
/// waited is nobody's promise.
fn generate_waiting(dice: &mut Dice, sketch: &mut Sketch) -> Arc<dyn Operation> {
    let expires = if sketch.has_waited { MOMENT } else { LONG_WAIT };
    sketch.has_waited = true;
    sketch.ticks += 1;
    let fetch = some_fetch(dice, sketch, expires);
    Arc::new(Fetch { max: 1, ..fetch })
}

fn some_fetch(dice: &mut Dice, sketch: &Sketch, expires: Duration) -> Fetch {
    let (stream, consumer) = sketch.consumer(dice);
    let on_drop = if dice.percent(15) {
        OnDrop::NakAfter(dice.pick([Duration::ZERO, span(0)]))
    } else {
        OnDrop::Redeliver
    };
    let (max, through_old) = (dice.between(1, 5), dice.percent(25));
    Fetch { stream: valid(StreamName::new(stream)), consumer, max, expires, on_drop, through_old }
}

#[async_trait]
impl Operation for Fetch {
    fn kind(&self) -> &'static str {
        if self.expires == LONG_WAIT { KIND_WAITING.name } else { KIND.name }
    }

    async fn apply(&self, world: &mut World) -> Observation {
        if world.may_miss(&self.stream, self.consumer).await {
            return Observation::nothing("left out");
        }
        // When exactly an old message leaves is the server's choice, and it could be while this waits.
        let expires = if world.ages(&self.stream) { self.expires.min(MOMENT) } else { self.expires };
        let options = FetchOptions::up_to(self.max).with_expires(expires).with_on_drop(self.on_drop);
        let consumer = match self.through_old {
            true => world.old_consumer(&self.stream, self.consumer).await,
            false => world.consumer(&self.stream, self.consumer).await,
        };
        let fetched: Result<_> = match consumer {
            Ok(consumer) => consumer.fetch(options).await,
            Err(error) => Err(error),
        };
        let batch = match fetched {
            Ok(batch) if batch.is_empty() => return Observation::answer("empty fetch", "nothing"),
            Ok(batch) => batch,
            Err(error) => return Observation::refused(&error),
        };
        let mut observation = Observation::default();
        for delivery in batch {
            let kind = if delivery.info().attempt > 1 { "redelivery" } else { "delivery" };
            observation.add(kind, show::delivery(world, &delivery));
            world.hold(delivery);
        }
        observation
    }

    fn pace(&self) -> Pace {
        if self.expires == LONG_WAIT { Pace::Waits } else { Pace::Starts }
    }
}

impl fmt::Display for Fetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} up to {} from {}.{}", KIND.name, self.max, self.stream, self.consumer)?;
        if self.through_old {
            f.write_str(" through the oldest handle")?;
        }
        match self.expires {
            Duration::ZERO => {}
            expires => write!(f, ", waiting {expires:?}")?,
        }
        match self.on_drop {
            OnDrop::NakAfter(delay) => write!(f, ", nakked after {delay:?} when dropped"),
            _ => Ok(()),
        }
    }
}
