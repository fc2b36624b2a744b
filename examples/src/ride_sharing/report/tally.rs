//! Counting while the job runs.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use pubsub::Receipt;

use super::FaultCounts;
use crate::ride_sharing::instance::FaultKind;

/// The confirmed publishes of one stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Confirmed {
    pub(crate) published: u64,
    pub(crate) duplicates: u64,
}

/// The confirmed publishes, by stream.
#[derive(Debug, Default)]
pub(crate) struct StreamTally {
    streams: Mutex<BTreeMap<String, Confirmed>>,
}

impl StreamTally {
    pub(crate) fn confirmed(&self, receipt: &Receipt) {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        let stream = streams.entry(receipt.stream.to_string()).or_default();
        stream.published += 1;
        stream.duplicates += u64::from(receipt.is_duplicate());
    }

    pub(crate) fn of(&self, stream: &str) -> Confirmed {
        let streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        streams.get(stream).copied().unwrap_or_default()
    }
}

/// The deliveries of one durable consumer, over all instances.
#[derive(Debug)]
pub(crate) struct RouteTally {
    consumer: String,
    delivered: AtomicU64,
    redelivered: AtomicU64,
    acked: AtomicU64,
    failed: AtomicU64,
    hung: AtomicU64,
    crashed: AtomicU64,
    acked_ids: Mutex<HashSet<String>>,
}

impl RouteTally {
    pub(crate) fn new(consumer: String) -> Self {
        Self {
            consumer,
            delivered: AtomicU64::default(),
            redelivered: AtomicU64::default(),
            acked: AtomicU64::default(),
            failed: AtomicU64::default(),
            hung: AtomicU64::default(),
            crashed: AtomicU64::default(),
            acked_ids: Mutex::default(),
        }
    }

    pub(crate) fn consumer(&self) -> &str {
        &self.consumer
    }

    pub(crate) fn delivered(&self, again: bool) {
        self.delivered.fetch_add(1, Relaxed);
        self.redelivered.fetch_add(u64::from(again), Relaxed);
    }

    pub(crate) fn fault(&self, kind: FaultKind) {
        let count = match kind {
            FaultKind::Fail => &self.failed,
            FaultKind::Hang => &self.hung,
            FaultKind::Crash => &self.crashed,
        };
        count.fetch_add(1, Relaxed);
    }

    pub(crate) fn acked(&self, id: String) {
        self.acked.fetch_add(1, Relaxed);
        self.acked_ids.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
    }

    pub(crate) fn counts(&self) -> (u64, u64, u64) {
        (self.delivered.load(Relaxed), self.redelivered.load(Relaxed), self.acked.load(Relaxed))
    }

    pub(crate) fn faults(&self) -> FaultCounts {
        FaultCounts {
            failed: self.failed.load(Relaxed),
            hung: self.hung.load(Relaxed),
            crashed: self.crashed.load(Relaxed),
            unsettled: 0,
        }
    }

    pub(crate) fn acked_ids(&self) -> HashSet<String> {
        self.acked_ids.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
