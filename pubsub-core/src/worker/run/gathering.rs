//! Messages that wait until their batch is full or has waited long enough: [`Gathering`].

use std::collections::BTreeMap;

use tokio::time::Instant;

use super::clock::after;
use crate::worker::handler::BatchLimits;

/// What waits, by route. Ids are the engine's.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    batches: BTreeMap<usize, Gathered>,
}

#[derive(Debug)]
struct Gathered {
    limits: BatchLimits,
    ids: Vec<u64>,
    /// When it is handled, full or not.
    due: Instant,
}

impl Gathering {
    pub(super) fn add(&mut self, route: usize, limits: BatchLimits, id: u64) {
        let due = after(Instant::now(), limits.max_wait);
        let gathered = self.batches.entry(route).or_insert_with(|| Gathered { limits, ids: Vec::new(), due });
        gathered.ids.push(id);
    }

    /// A batch that is full or has waited long enough, with its route.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<(usize, Vec<u64>)> {
        let due =
            |gathered: &Gathered| gathered.ids.len() >= gathered.limits.max_messages || gathered.due <= now;
        let route = self.batches.iter().find(|(_, gathered)| due(gathered)).map(|(route, _)| *route)?;
        let mut gathered = self.batches.remove(&route)?;
        let rest = gathered.ids.split_off(gathered.limits.max_messages.min(gathered.ids.len()));
        if !rest.is_empty() {
            let due = after(now, gathered.limits.max_wait);
            self.batches.insert(route, Gathered { limits: gathered.limits, ids: rest, due });
        }
        Some((route, gathered.ids))
    }

    /// When the next one is due that is not full.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.batches.values().map(|gathered| gathered.due).min()
    }

    pub(super) fn clear(&mut self) {
        self.batches.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_batch_is_due_when_it_is_full_or_has_waited() {
        let mut gathering = Gathering::default();
        let limits = BatchLimits::new(2, Duration::from_secs(1));
        (1..=3).for_each(|id| gathering.add(0, limits, id));
        assert_eq!(gathering.take_due(Instant::now()), Some((0, vec![1, 2])));
        assert_eq!(gathering.take_due(Instant::now()), None);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(gathering.next_due().is_some_and(|due| due <= Instant::now()));
        assert_eq!(gathering.take_due(Instant::now()), Some((0, vec![3])));
    }

    #[tokio::test(start_paused = true)]
    async fn no_wait_is_too_long() {
        let mut gathering = Gathering::default();
        gathering.add(0, BatchLimits::new(1, Duration::MAX), 1);
        gathering.add(0, BatchLimits::new(1, Duration::MAX), 2);
        assert_eq!(gathering.take_due(Instant::now()), Some((0, vec![1])));
    }
}
