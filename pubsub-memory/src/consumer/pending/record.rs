//! Unsettled deliveries as a snapshot keeps them.

use super::{Entry, How, Pending};
use crate::clock::Clock;
use crate::snapshot::{AgainRecord, PendingRecord};

impl Pending {
    /// The unsettled messages by sequence, and those in the queue in their order.
    pub(crate) fn record(&self, clock: &Clock) -> (Vec<PendingRecord>, Vec<u64>) {
        let records = self.window.iter().map(|entry| {
            let at = clock.nanos(entry.at);
            let again = match entry.how {
                How::After => AgainRecord::After(at),
                How::Delayed => AgainRecord::Delayed(at),
                How::Queued => AgainRecord::Queued(at),
            };
            PendingRecord { sequence: entry.sequence, number: entry.number, attempts: entry.attempts, again }
        });
        let mut left = self.left.clone();
        let counts = |sequence: &&u64| match left.get_mut(sequence) {
            Some(places) if *places > 0 => {
                *places -= 1;
                false
            }
            _ => self.window.get(**sequence).is_some_and(|entry| entry.how == How::Queued),
        };
        (records.collect(), self.queue.iter().filter(counts).copied().collect())
    }

    pub(crate) fn from_record(records: &[PendingRecord], queue: Vec<u64>, clock: &Clock) -> Self {
        let mut pending = Self { queue: queue.into(), ..Self::default() };
        for record in records {
            let PendingRecord { sequence, number, attempts, again } = *record;
            let (how, at) = match again {
                AgainRecord::After(at) => (How::After, clock.at(at)),
                AgainRecord::Delayed(at) => (How::Delayed, clock.at(at)),
                AgainRecord::Queued(at) => (How::Queued, clock.at(at)),
            };
            if how == How::Delayed {
                pending.delays.insert((at, sequence));
            }
            pending.redelivered += u64::from(attempts > 1);
            pending.window.insert(Entry { sequence, number, attempts, at, how, waits: 0 });
        }
        pending.sort_waits();
        pending
    }
}
