//! What this process has settled, whatever the server still knows of it: [`Settled`].
//!
//! A server that is killed forgets its last settlements, also confirmed ones (the last 50 ms of them, measured on nats-server
//! 2.15.1), and an ack that is only handed over can die with its connection. Then messages come again whose handler has
//! done its work.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use pubsub_core::DeliveryInfo;
use tokio::time::Instant;

use crate::connection::Breaks;

/// How many settlements there is room for at first, and at most: 192 KiB. Those of rising sequences displace each other
/// from the oldest on.
const FEWEST: usize = 64;
const MOST: usize = 8_192;
/// What is displaced sooner than this makes room for more.
const YOUNG: Duration = Duration::from_secs(15);
/// For how long before a break is noticed settlements may have been lost.
const DOUBTFUL: Duration = Duration::from_secs(15);
/// For how long it is believed, once there was a doubt, what the server then told of the consumer.
const BELIEVED: Duration = Duration::from_millis(100);

/// The last settlements of one consumer by this process.
pub(crate) struct Settled {
    began: Instant,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Each at the place of its sequence, modulo their number.
    places: Vec<Place>,
    /// When the consumer was created, in the server's words: another one of its name has another history.
    created: Option<String>,
    /// The latest delivery of it that was settled.
    newest: u64,
    /// When a doubt was cleared last.
    cleared: Option<Instant>,
}

/// One settlement; the sequence 0 is none.
#[derive(Clone, Copy, Default)]
struct Place {
    sequence: u64,
    /// Nanoseconds: a stream that is made anew uses a sequence again, but not at the same time.
    published_at: u64,
    /// Milliseconds since the beginning.
    at: u64,
}

impl Settled {
    pub(crate) fn new() -> Self {
        Self { began: Instant::now(), state: Mutex::default() }
    }

    /// Notes that a delivery was settled for good.
    pub(crate) fn note(&self, delivery: &DeliveryInfo) {
        let at = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let published_at = nanos(delivery.published_at);
        let mut state = self.lock();
        state.newest = state.newest.max(delivery.consumer_sequence);
        state.put(Place { sequence: delivery.stream_sequence, published_at, at });
    }

    /// Whether the message of a delivery seems to be settled: it comes another time, or it is as if it had never come, and
    /// the connection broke soon after the settlement.
    pub(super) fn remembers(&self, delivery: &DeliveryInfo, breaks: &Breaks) -> bool {
        if !delivery.is_redelivery() && !breaks.any() {
            return false;
        }
        let place = self.lock().find(delivery.stream_sequence);
        let Some(place) = place.filter(|place| place.published_at == nanos(delivery.published_at)) else {
            return false;
        };
        delivery.is_redelivery()
            || breaks.came_soon_after(self.began + Duration::from_millis(place.at), DOUBTFUL)
    }

    /// Takes in what the server tells of the consumer. One that was made anew, or was reset, delivers again what was settled
    /// before, and is meant to.
    pub(super) fn told(&self, created: &str, delivered: u64, breaks: &Breaks) {
        let mut state = self.lock();
        let is_another = state.created.as_deref().is_some_and(|known| known != created);
        // A server that was killed counts from a little earlier, too.
        let was_reset = delivered < state.newest && !breaks.came_soon_after(self.began, self.began.elapsed());
        if is_another || was_reset {
            state.forget();
        }
        if state.created.as_deref() != Some(created) {
            state.created = Some(created.to_owned());
        }
    }

    /// Whether a doubt was cleared just now: what comes again comes in numbers.
    pub(super) fn is_clear(&self) -> bool {
        self.lock().cleared.is_some_and(|cleared| cleared.elapsed() < BELIEVED)
    }

    /// Notes that what is remembered holds now.
    pub(super) fn clear(&self) {
        self.lock().cleared = Some(Instant::now());
    }

    /// Forgets all: the consumer is to deliver again.
    pub(crate) fn forget(&self) {
        self.lock().forget();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn put(&mut self, settlement: Place) {
        if self.places.is_empty() {
            self.places.resize(FEWEST, Place::default());
        }
        while self.displaces_a_young_one(settlement) && self.places.len() < MOST {
            self.grow();
        }
        if let Some(place) = self.place_of(settlement.sequence) {
            *place = settlement;
        }
    }

    fn displaces_a_young_one(&mut self, settlement: Place) -> bool {
        let young = u64::try_from(YOUNG.as_millis()).unwrap_or(u64::MAX);
        self.place_of(settlement.sequence).is_some_and(|there| {
            there.sequence != 0
                && there.sequence != settlement.sequence
                && settlement.at.saturating_sub(there.at) < young
        })
    }

    fn grow(&mut self) {
        let length = self.places.len() * 2;
        let earlier = std::mem::replace(&mut self.places, vec![Place::default(); length]);
        for settlement in earlier.into_iter().filter(|place| place.sequence != 0) {
            if let Some(place) = self.place_of(settlement.sequence) {
                *place = settlement;
            }
        }
    }

    fn find(&mut self, sequence: u64) -> Option<Place> {
        self.place_of(sequence).filter(|place| place.sequence == sequence).copied()
    }

    fn place_of(&mut self, sequence: u64) -> Option<&mut Place> {
        let places = u64::try_from(self.places.len()).ok().filter(|places| *places > 0)?;
        self.places.get_mut(usize::try_from(sequence % places).ok()?)
    }

    fn forget(&mut self) {
        self.places = Vec::new();
        self.newest = 0;
    }
}

fn nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

impl fmt::Debug for Settled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settled").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREATED: &str = "2026-11-21T22:00:00Z";

    fn delivery(sequence: u64, attempt: u64) -> DeliveryInfo {
        let published_at = SystemTime::UNIX_EPOCH + Duration::from_secs(sequence);
        let (stream, consumer) = ("RIDE".try_into().unwrap(), "users".try_into().unwrap());
        DeliveryInfo::new(stream, consumer, sequence, sequence, attempt, 0, published_at)
    }

    fn with(sequences: std::ops::RangeInclusive<u64>) -> Settled {
        let settled = Settled::new();
        sequences.for_each(|sequence| settled.note(&delivery(sequence, 1)));
        settled
    }

    #[tokio::test(start_paused = true)]
    async fn a_redelivery_of_what_was_settled_is_noticed() {
        let (settled, breaks) = (with(1..=3), Breaks::default());
        assert!(settled.remembers(&delivery(2, 2), &breaks));
        assert!(!settled.remembers(&delivery(4, 2), &breaks), "it was never settled");
        let mut of_another_stream = delivery(2, 2);
        of_another_stream.published_at += Duration::from_nanos(1);
        assert!(!settled.remembers(&of_another_stream, &breaks));
    }

    #[tokio::test(start_paused = true)]
    async fn a_first_delivery_is_doubted_only_after_a_break_that_came_soon() {
        let (settled, breaks) = (with(1..=1), Breaks::default());
        assert!(!settled.remembers(&delivery(1, 1), &breaks));
        tokio::time::advance(2 * DOUBTFUL).await;
        settled.note(&delivery(2, 1));
        breaks.note();
        assert!(settled.remembers(&delivery(2, 1), &breaks));
        assert!(!settled.remembers(&delivery(1, 1), &breaks), "its settlement was on disk long before");
    }

    #[tokio::test(start_paused = true)]
    async fn another_consumer_of_the_name_delivers_all_again() {
        let (settled, breaks) = (with(1..=3), Breaks::default());
        settled.told(CREATED, 3, &breaks);
        assert!(!settled.is_clear(), "nobody doubted");
        settled.clear();
        assert!(settled.is_clear() && settled.remembers(&delivery(1, 2), &breaks));
        settled.told("2026-11-21T22:00:01Z", 3, &breaks);
        assert!(!settled.remembers(&delivery(1, 2), &breaks));
        tokio::time::advance(BELIEVED).await;
        assert!(!settled.is_clear());
    }

    #[tokio::test(start_paused = true)]
    async fn a_consumer_that_was_reset_delivers_all_again() {
        let (settled, breaks) = (with(1..=3), Breaks::default());
        settled.told(CREATED, 2, &breaks);
        assert!(!settled.remembers(&delivery(1, 2), &breaks), "it has delivered fewer than were settled");
        settled.note(&delivery(4, 1));
        breaks.note();
        settled.told(CREATED, 2, &breaks);
        assert!(settled.remembers(&delivery(4, 2), &breaks), "its server may have been killed");
    }

    #[tokio::test(start_paused = true)]
    async fn it_has_room_for_what_was_settled_lately_and_is_bounded() {
        let (settled, breaks) = (with(1..=1_000), Breaks::default());
        assert!((1..=1_000).all(|sequence| settled.remembers(&delivery(sequence, 2), &breaks)));
        (1_001..=20_000).for_each(|sequence| settled.note(&delivery(sequence, 1)));
        assert_eq!(settled.lock().places.len(), MOST);
        assert!(settled.remembers(&delivery(20_000, 2), &breaks));
        assert!(!settled.remembers(&delivery(1, 2), &breaks));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_settled_slowly_needs_little_room() {
        let settled = Settled::new();
        for sequence in 1..=500 {
            settled.note(&delivery(sequence, 1));
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert_eq!(settled.lock().places.len(), FEWEST);
    }
}
