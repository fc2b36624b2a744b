//! Messages that are confirmed together, where their caller needs no sequence (ADR-50's fast batches, nats-server 2.14).
//!
//! What is published to one stream while a batch of it is under way is the next batch: [`Lane`]. A message alone goes the
//! usual way, which is faster for it. What a confirmation leaves out goes the usual way too, so that each message has an
//! outcome of its own, before anything later is sent.

mod answer;
mod batch;
mod gathered;
mod lane;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::future::join_all;
use pubsub_core::{Capability, Confirm, OutboundMessage, PublishOptions, StreamName};

pub(super) use gathered::Gathered;
use lane::Lane;
pub(super) use lane::Queued;

use crate::connection::Connection;

/// The lanes of a connection, one for each stream that confirms messages together.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    lanes: Mutex<HashMap<StreamName, Arc<Lane>>>,
    /// How many messages are in any: asked for with each publish.
    waiting: Arc<AtomicUsize>,
}

impl Lanes {
    /// The lane that a message has to take: its caller asked for it and its stream allows it, or earlier messages for the
    /// same stream are in it, which must be stored first.
    pub(super) async fn lane_for(
        &self,
        connection: &Connection,
        message: &OutboundMessage,
        options: &PublishOptions,
    ) -> Option<Arc<Lane>> {
        let is_asked_for = options.confirm == Confirm::StoredOnly
            && message.is_plain()
            && connection.capabilities().has(Capability::FastBatch);
        let subject = message.subject.as_str();
        if is_asked_for {
            let stream = connection.streams.find_seldom(connection, subject).await?;
            return stream.allows_fast_batches.then(|| self.lane(&stream.name));
        }
        if self.are_empty() {
            return None;
        }
        let stream = connection.streams.known(subject)?;
        let lane = self.lock().get(&stream.name).cloned();
        lane.filter(|lane| lane.is_busy())
    }

    /// Whether nothing is in any.
    pub(super) fn are_empty(&self) -> bool {
        self.waiting.load(Ordering::Acquire) == 0
    }

    /// Ends when all that is in a lane now was handed over one by one, or has its outcome.
    pub(crate) async fn flushed(&self) {
        let lanes: Vec<_> = self.lock().values().cloned().collect();
        join_all(lanes.iter().map(|lane| lane.flushed())).await;
    }

    fn lane(&self, stream: &StreamName) -> Arc<Lane> {
        let mut lanes = self.lock();
        if let Some(lane) = lanes.get(stream) {
            return Arc::clone(lane);
        }
        let lane = Arc::new(Lane::new(Arc::clone(&self.waiting)));
        lanes.insert(stream.clone(), Arc::clone(&lane));
        lane
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<StreamName, Arc<Lane>>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
