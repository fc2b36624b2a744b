//! The kinds of operations, each in its file: how one is made up, and what it does on a side.

mod abandon;
mod audit;
mod consumer_config;
mod create_consumer;
mod create_stream;
mod delete_consumer;
mod delete_message;
mod delete_stream;
mod extend;
mod fetch;
mod fetch_twice;
mod get_message;
mod hear;
mod info;
mod list;
mod pass;
mod pause;
mod publish;
mod publish_atomic;
mod publish_batch;
mod publish_expecting;
mod publish_schedule;
mod purge;
mod reconnect;
mod reset;
mod settle;
mod settle_many;
mod stream_config;
mod stream_details;
mod update_consumer;
mod update_stream;

use std::fmt::{Debug, Display};
use std::sync::Arc;

use async_trait::async_trait;
use pubsub_core::Capability;

pub(super) use audit::Audit;

use super::dice::Dice;
use super::observation::Observation;
use super::sketch::Sketch;
use super::world::World;

/// Every kind. The weights are percents, or nearly.
pub(super) const KINDS: &[Kind] = &[
    create_stream::KIND,
    update_stream::KIND,
    delete_stream::KIND,
    create_consumer::KIND,
    update_consumer::KIND,
    delete_consumer::KIND,
    pause::KIND,
    reset::KIND,
    publish::KIND,
    publish_batch::KIND,
    publish_expecting::KIND,
    publish::KIND_LIVING,
    publish::KIND_ROLLUP,
    publish::KIND_MIXED,
    publish_schedule::KIND,
    publish_atomic::KIND,
    fetch::KIND,
    fetch::KIND_WAITING,
    fetch_twice::KIND,
    hear::KIND,
    settle::KIND,
    settle::KIND_UNCONFIRMED,
    settle_many::KIND,
    extend::KIND,
    abandon::KIND,
    pass::KIND,
    purge::KIND,
    delete_message::KIND,
    get_message::KIND,
    info::KIND_STREAM,
    info::KIND_CONSUMER,
    list::KIND,
    stream_details::KIND,
    reconnect::KIND,
];

/// One kind of operation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    pub(super) name: &'static str,
    /// How often it is chosen, beside the others.
    pub(super) weight: u64,
    pub(super) generate: fn(&mut Dice, &mut Sketch) -> Arc<dyn Operation>,
    /// Without what it makes no sense to compare it, where one side has that and the other has not.
    pub(super) takes: Option<Capability>,
}

impl Kind {
    const fn new(
        name: &'static str,
        weight: u64,
        generate: fn(&mut Dice, &mut Sketch) -> Arc<dyn Operation>,
    ) -> Self {
        Self { name, weight, generate, takes: None }
    }

    const fn taking(self, capability: Capability) -> Self {
        Self { takes: Some(capability), ..self }
    }

    /// Whether the sides agree on whether it can be done.
    pub(super) fn is_common(&self, one_sided: &[Capability]) -> bool {
        !self.takes.is_some_and(|capability| one_sided.contains(&capability))
    }
}

/// One operation of a sequence. `Display` says all that it does.
#[async_trait]
pub(super) trait Operation: Debug + Display + Send + Sync {
    /// The name of its [`Kind`].
    fn kind(&self) -> &'static str;

    /// Does it, and tells what could be seen.
    async fn apply(&self, world: &mut World) -> Observation;

    /// How it goes with time.
    fn pace(&self) -> Pace {
        Pace::Free
    }

    /// The same with less in it, to try when a difference is shrunk.
    fn simpler(&self) -> Vec<Arc<dyn Operation>> {
        Vec::new()
    }
}

/// How an operation goes with the grid of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// Anywhere in a burst.
    Free,
    /// Only reads counters, which a server may update a moment after it has answered the change: asked again for a while.
    Reads,
    /// Starts a timer: not close to another that does.
    Starts,
    /// Starts a timer or changes something without an answer, so that the burst ends with it.
    EndsBurst,
    /// May end between two bursts; ends its own.
    Waits,
    /// So many ticks pass.
    Passes(u32),
}
