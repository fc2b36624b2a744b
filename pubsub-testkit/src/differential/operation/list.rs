use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use pubsub_core::{Result, StreamName};

use super::super::dice::{Dice, valid};
use super::super::observation::Observation;
use super::super::show;
use super::super::sketch::Sketch;
use super::super::world::World;
use super::{Kind, Operation, Pace};

pub(super) const KIND: Kind = Kind::new("list", 3, generate);

#[derive(Debug)]
struct List {
    /// Its consumers, or all streams.
    stream: Option<StreamName>,
}

fn generate(dice: &mut Dice, sketch: &mut Sketch) -> Arc<dyn Operation> {
    let stream = if dice.percent(70) { Some(valid(StreamName::new(sketch.stream(dice)))) } else { None };
    Arc::new(List { stream })
}

/// Streams, in the order of their names.
pub(super) async fn streams(world: &World) -> Result<Vec<String>> {
    let listed = world.admin.list_streams().await?;
    Ok(listed.iter().map(show::stream_info).collect())
}

/// Consumers, in the order of the names that they have here.
pub(super) async fn consumers(world: &World, stream: &StreamName) -> Result<Vec<String>> {
    let listed = world.admin.list_consumers(stream).await?;
    let mut shown: Vec<String> = listed.iter().map(|info| show::consumer_info(world, info)).collect();
    shown.sort_unstable();
    Ok(shown)
}

#[async_trait]
impl Operation for List {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    async fn apply(&self, world: &mut World) -> Observation {
        let listed = match &self.stream {
            Some(stream) => consumers(world, stream).await,
            None => streams(world).await,
        };
        match listed {
            Ok(listed) => {
                let mut observation = Observation::answer("ok", format!("{} listed", listed.len()));
                listed.into_iter().for_each(|line| observation.detail(line));
                observation
            }
            Err(error) => Observation::refused(&error),
        }
    }

    fn pace(&self) -> Pace {
        Pace::Reads
    }
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.stream {
            Some(stream) => write!(f, "{} consumers of {stream}", KIND.name),
            None => write!(f, "{} streams", KIND.name),
        }
    }
}
