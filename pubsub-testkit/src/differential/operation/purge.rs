use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use pubsub_core::{Purge, StreamName, SubjectFilter};

use super::super::dice::{Dice, valid};
use super::super::observation::Observation;
use super::super::sketch::Sketch;
use super::super::world::World;
use super::{Kind, Operation};

pub(super) const KIND: Kind = Kind::new("purge", 3, generate);

#[derive(Debug)]
struct PurgeStream {
    stream: StreamName,
    purge: Purge,
}

fn generate(dice: &mut Dice, sketch: &mut Sketch) -> Arc<dyn Operation> {
    let purge = match dice.below(4) {
        0 => Purge::all(),
        1 | 2 if dice.percent(4) => Purge::up_to(1_000),
        1 | 2 => Purge::up_to(dice.below(12)),
        _ => Purge::keep(dice.below(3)),
    };
    let purge = if dice.percent(45) {
        valid(purge.with_filter(dice.pick(["a.x", "a.*", "a.>", "b.>", "d.x"])))
    } else {
        purge
    };
    Arc::new(PurgeStream { stream: valid(StreamName::new(sketch.stream(dice))), purge })
}

#[async_trait]
impl Operation for PurgeStream {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    async fn apply(&self, world: &mut World) -> Observation {
        if world.may_redeliver(&self.stream).await {
            return Observation::nothing("left out");
        }
        let purged = world.admin.purge_stream(&self.stream, self.purge.clone()).await;
        let is_literal = self.purge.filter.as_ref().is_some_and(SubjectFilter::is_literal);
        if !is_literal && matches!(purged, Ok(1)) {
            world.loses_count(&self.stream).await;
        }
        Observation::of(purged, |purged| format!("{purged} purged"))
    }
}

impl fmt::Display for PurgeStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {:?}", KIND.name, self.stream, self.purge.extent)?;
        match &self.purge.filter {
            Some(filter) => write!(f, " on {filter}"),
            None => Ok(()),
        }
    }
}
