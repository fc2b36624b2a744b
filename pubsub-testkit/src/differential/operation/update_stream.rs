use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use pubsub_core::{Retention, StreamConfig};

use super::super::dice::Dice;
use super::super::observation::Observation;
use super::super::show;
use super::super::sketch::Sketch;
use super::super::world::World;
use super::{Kind, Operation, Pace, stream_config};

pub(super) const KIND: Kind = Kind::new("update stream", 4, generate);

#[derive(Debug)]
struct UpdateStream(StreamConfig);

fn generate(dice: &mut Dice, sketch: &mut Sketch) -> Arc<dyn Operation> {
    let name = sketch.stream(dice);
    let existing = sketch.streams.get(name).cloned().unwrap_or_else(|| stream_config::plain(name));
    let config = stream_config::change_one(dice, sketch, &existing);
    sketch.update_stream(name, &config);
    Arc::new(UpdateStream(config))
}

#[async_trait]
impl Operation for UpdateStream {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    async fn apply(&self, world: &mut World) -> Observation {
        if world.is_spared(&self.0.name, self.0.retention == Retention::Interest, false) {
            return Observation::nothing("left out");
        }
        let updated = world.admin.update_stream(self.0.clone()).await;
        if let Ok(info) = &updated {
            world.stream_is(&info.config);
        }
        Observation::of(updated, |info| show::stream_info(&info))
    }

    // A changed age or window counts from the publish, and may be over already.
    fn pace(&self) -> Pace {
        Pace::EndsBurst
    }

    fn simpler(&self) -> Vec<Arc<dyn Operation>> {
        let simpler = stream_config::simpler(&self.0).into_iter();
        simpler.map(|config| Arc::new(Self(config)) as Arc<dyn Operation>).collect()
    }
}

impl fmt::Display for UpdateStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", KIND.name, show::stream_config(&self.0))
    }
}
