use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use pubsub_core::StreamConfig;

use super::super::dice::Dice;
use super::super::observation::Observation;
use super::super::show;
use super::super::sketch::{STREAMS, Sketch};
use super::super::world::World;
use super::{Kind, Operation, stream_config};

pub(super) const KIND: Kind = Kind::new("create stream", 5, generate);

#[derive(Debug)]
struct CreateStream(StreamConfig);

fn generate(dice: &mut Dice, sketch: &mut Sketch) -> Arc<dyn Operation> {
    let missing = STREAMS.into_iter().find(|name| !sketch.streams.contains_key(name));
    let name = if dice.percent(70) { missing.unwrap_or("S") } else { dice.pick(STREAMS) };
    let config = stream_config::generate(dice, sketch, name);
    sketch.create_stream(name, &config);
    Arc::new(CreateStream(config))
}

#[async_trait]
impl Operation for CreateStream {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    async fn apply(&self, world: &mut World) -> Observation {
        let created = world.admin.create_stream(self.0.clone()).await;
        if let Ok(info) = &created {
            world.stream_begins(&info.config);
        }
        Observation::of(created, |info| show::stream_info(&info))
    }

    fn simpler(&self) -> Vec<Arc<dyn Operation>> {
        let simpler = stream_config::simpler(&self.0).into_iter();
        simpler.map(|config| Arc::new(Self(config)) as Arc<dyn Operation>).collect()
    }
}

impl fmt::Display for CreateStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", KIND.name, show::stream_config(&self.0))
    }
}
