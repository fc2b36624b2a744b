use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use pubsub_core::{DeliverPolicy, StreamName};

use super::super::dice::{Dice, valid};
use super::super::observation::Observation;
use super::super::show;
use super::super::sketch::{DURABLES, Sketch};
use super::super::world::{ConsumerRef, World, is_ahead};
use super::consumer_config::{self, Wanted};
use super::{Kind, Operation};

pub(super) const KIND: Kind = Kind::new("create consumer", 8, generate);

#[derive(Debug)]
struct CreateConsumer {
    stream: StreamName,
    consumer: ConsumerRef,
    wanted: Wanted,
}

fn generate(dice: &mut Dice, sketch: &mut Sketch) -> Arc<dyn Operation> {
    let stream = sketch.stream(dice);
    let missing = DURABLES
        .map(ConsumerRef::Named)
        .into_iter()
        .find(|consumer| !sketch.consumers.contains_key(&(stream, *consumer)));
    let consumer = match missing {
        Some(missing) if dice.percent(65) => missing,
        _ if dice.percent(60) => {
            sketch.unnamed += 1;
            ConsumerRef::Unnamed(sketch.unnamed - 1)
        }
        _ => ConsumerRef::Named(dice.pick(DURABLES)),
    };
    let wanted = consumer_config::generate(dice, sketch, stream, consumer);
    sketch.create_consumer(stream, consumer, wanted.config());
    Arc::new(CreateConsumer { stream: valid(StreamName::new(stream)), consumer, wanted })
}

#[async_trait]
impl Operation for CreateConsumer {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    async fn apply(&self, world: &mut World) -> Observation {
        let last = world.last_sequence(&self.stream).await;
        let deliver = self.wanted.config().deliver;
        if world.is_spared(&self.stream, false, is_ahead(deliver, last)) {
            if matches!(self.consumer, ConsumerRef::Unnamed(_)) {
                world.unnamed_is(&self.stream, None);
            }
            return Observation::nothing("left out");
        }
        let created = world.admin.create_consumer(&self.stream, self.wanted.on(world)).await;
        if matches!(self.consumer, ConsumerRef::Unnamed(_)) {
            let name = created.as_ref().ok().map(|info| info.name.clone());
            world.unnamed_is(&self.stream, name);
        }
        if let Ok(info) = &created {
            world.consumer_is(&self.stream, &info.name, &info.config);
            world.consumer_starts(&self.stream, &info.name, deliver, last);
            if deliver == DeliverPolicy::LastPerSubject && info.delivered.consumer == 0 {
                world.picks(&self.stream, &info.name).await;
            }
        }
        Observation::of(created, |info| show::consumer_info(world, &info))
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

impl fmt::Display for CreateConsumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}.{} {}", KIND.name, self.stream, self.consumer, self.wanted.show())
    }
}
