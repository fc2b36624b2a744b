//! What a run did and saw: [`Record`].

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

use super::{Ack, Id};

/// Filled by all tasks of a run.
pub(crate) struct Record {
    began: Instant,
    records: Mutex<Records>,
}

/// Times are from the beginning of the load.
#[derive(Debug, Clone, Default)]
pub(crate) struct Records {
    pub(crate) published: Vec<Published>,
    pub(crate) plain: Vec<Delivered>,
    pub(crate) confirmed: Vec<Delivered>,
    /// The errors that consumers were told: which one, when.
    pub(crate) told: Vec<(Ack, Duration)>,
}

/// One publish and its outcome.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Published {
    pub(crate) id: Id,
    pub(crate) called: Duration,
    pub(crate) ended: Duration,
    pub(crate) outcome: Outcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum Outcome {
    Stored,
    /// For certain not stored.
    Failed,
    Unknown,
}

/// One delivery, and when it was settled.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Delivered {
    pub(crate) id: Id,
    pub(crate) at: Duration,
    pub(crate) settled: Option<Duration>,
}

impl Record {
    pub(crate) fn new(began: Instant) -> Self {
        Self { began, records: Mutex::default() }
    }

    pub(crate) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    pub(crate) fn published(&self, id: Id, called: Duration, outcome: Outcome) {
        let ended = self.now();
        self.lock().published.push(Published { id, called, ended, outcome });
    }

    /// Notes a delivery; gives the place to note its settlement at. What is not of the load is not noted.
    pub(crate) fn delivered(&self, ack: Ack, payload: &[u8]) -> Option<usize> {
        let (id, at) = (Id::parse(payload)?, self.now());
        let mut records = self.lock();
        let deliveries = records.deliveries_mut(ack);
        deliveries.push(Delivered { id, at, settled: None });
        Some(deliveries.len() - 1)
    }

    pub(crate) fn settled(&self, ack: Ack, place: Option<usize>) {
        let now = self.now();
        let Some(place) = place else { return };
        if let Some(delivery) = self.lock().deliveries_mut(ack).get_mut(place) {
            delivery.settled = Some(now);
        }
    }

    /// Notes that a consumer was told an error.
    pub(crate) fn told(&self, ack: Ack) {
        let now = self.now();
        self.lock().told.push((ack, now));
    }

    pub(crate) fn records(&self) -> Records {
        self.lock().clone()
    }

    /// How many messages were stored, and how many of its deliveries each consumer has settled.
    pub(crate) fn progress(&self) -> (usize, [usize; 2]) {
        let records = self.lock();
        let stored = records.published.iter().filter(|publish| publish.outcome == Outcome::Stored).count();
        let settled = Ack::BOTH.map(|ack| {
            let deliveries = records.deliveries(ack).iter();
            let ids: std::collections::HashSet<Id> = deliveries
                .filter(|delivery| delivery.settled.is_some())
                .map(|delivery| delivery.id)
                .collect();
            ids.len()
        });
        (stored, settled)
    }

    fn lock(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Records {
    pub(crate) fn deliveries(&self, ack: Ack) -> &[Delivered] {
        match ack {
            Ack::Plain => &self.plain,
            Ack::Confirmed => &self.confirmed,
        }
    }

    fn deliveries_mut(&mut self, ack: Ack) -> &mut Vec<Delivered> {
        match ack {
            Ack::Plain => &mut self.plain,
            Ack::Confirmed => &mut self.confirmed,
        }
    }
}
