use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use pubsub_core::StreamName;

use super::super::dice::{Dice, valid};
use super::super::observation::Observation;
use super::super::show;
use super::super::sketch::Sketch;
use super::super::world::{ConsumerRef, World};
use super::consumer_config::{self, Wanted};
use super::{Kind, Operation, Pace};

pub(super) const KIND: Kind = Kind::new("update consumer", 4, generate);

#[derive(Debug)]
struct UpdateConsumer {
    stream: StreamName,
    consumer: ConsumerRef,
    wanted: Wanted,
}

fn generate(dice: &mut Dice, sketch: &mut Sketch) -> Arc<dyn Operation> {
    let (stream, consumer) = sketch.consumer(dice);
    let other = consumer_config::generate(dice, sketch, stream, consumer);
    let wanted = match sketch.consumers.get(&(stream, consumer)) {
        Some(existing) => Wanted::of(existing.clone()).change_one(dice, &other),
        None => other,
    };
    if let Some(known) = sketch.consumers.get_mut(&(stream, consumer))
        && wanted.config().validate().is_ok()
        && wanted.config().differences(known).iter().all(pubsub_core::Difference::can_be_updated)
    {
        known.clone_from(wanted.config());
    }
    Arc::new(UpdateConsumer { stream: valid(StreamName::new(stream)), consumer, wanted })
}

#[async_trait]
impl Operation for UpdateConsumer {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    async fn apply(&self, world: &mut World) -> Observation {
        let mut config = self.wanted.on(world);
        match world.name(&self.stream, self.consumer) {
            Ok(name) => config.name = Some(name),
            Err(error) => return Observation::refused(&error),
        }
        let updated = world.admin.update_consumer(&self.stream, config).await;
        if let Ok(info) = &updated {
            world.consumer_is(&self.stream, &info.name, &info.config);
        }
        Observation::of(updated, |info| show::consumer_info(world, &info))
    }

    // A changed ack wait counts from the delivery, and may be over already.
    fn pace(&self) -> Pace {
        Pace::EndsBurst
    }

    fn simpler(&self) -> Vec<Arc<dyn Operation>> {
        let simpler = self.wanted.simpler(self.consumer).into_iter();
        let simpler = simpler.map(|wanted| {
            let simpler = Self { stream: self.stream.clone(), consumer: self.consumer, wanted };
            Arc::new(simpler) as Arc<dyn Operation>
        });
        simpler.collect()
    }
}

impl fmt::Display for UpdateConsumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}.{} to {}", KIND.name, self.stream, self.consumer, self.wanted.show())
    }
}
