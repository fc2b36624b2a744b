//! What a connection has to do with, for its health: [`Known`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use pubsub_core::{ConsumerName, StreamName};
use tokio::time::Instant;

use super::Settling;
use crate::consume::Settled;

/// More are not looked after: a check must stay small.
const MOST: usize = 256;

/// The streams and consumers that a connection was used with and that were not deleted through it.
#[derive(Debug, Default)]
pub(crate) struct Known(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    streams: BTreeSet<StreamName>,
    consumers: BTreeMap<(StreamName, ConsumerName), Weak<Activity>>,
}

impl Known {
    /// Notes a stream.
    pub(crate) fn stream(&self, stream: &StreamName) {
        let mut state = self.lock();
        if state.streams.len() < MOST {
            state.streams.insert(stream.clone());
        }
    }

    /// Forgets a stream with its consumers: it is meant to be gone.
    pub(crate) fn forget_stream(&self, stream: &StreamName) {
        let mut state = self.lock();
        state.streams.remove(stream);
        state.consumers.retain(|(of, _), _| of != stream);
    }

    /// Forgets a consumer: it is meant to be gone.
    pub(crate) fn forget_consumer(&self, stream: &StreamName, consumer: &ConsumerName) {
        self.lock().consumers.remove(&(stream.clone(), consumer.clone()));
    }

    /// Notes a consumer for as long as a handle on it lives. All handles share one activity.
    pub(crate) fn consumer(&self, stream: &StreamName, consumer: &ConsumerName) -> Arc<Activity> {
        let mut state = self.lock();
        if state.streams.len() < MOST {
            state.streams.insert(stream.clone());
        }
        let key = (stream.clone(), consumer.clone());
        if let Some(activity) = state.consumers.get(&key).and_then(Weak::upgrade) {
            return activity;
        }
        let activity = Arc::new(Activity::new());
        state.consumers.retain(|_, activity| activity.strong_count() > 0);
        if state.consumers.len() < MOST {
            state.consumers.insert(key, Arc::downgrade(&activity));
        }
        activity
    }

    /// Notes that a consumer was reset here: it is to deliver again what was settled.
    pub(crate) fn reset_consumer(&self, stream: &StreamName, consumer: &ConsumerName) {
        let activity = self.lock().consumers.get(&(stream.clone(), consumer.clone())).and_then(Weak::upgrade);
        if let Some(activity) = activity {
            activity.settled.forget();
        }
    }

    pub(super) fn streams(&self) -> Vec<StreamName> {
        self.lock().streams.iter().cloned().collect()
    }

    pub(super) fn consumers(&self) -> Vec<(StreamName, ConsumerName, Arc<Activity>)> {
        let state = self.lock();
        let live = state.consumers.iter().filter_map(|((stream, consumer), activity)| {
            Some((stream.clone(), consumer.clone(), activity.upgrade()?))
        });
        live.collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a connection does with a consumer: whether messages are asked for, when one came last, and what was settled.
#[derive(Debug)]
pub(crate) struct Activity {
    began: Instant,
    /// Streams and fetches that ask now.
    asking: AtomicUsize,
    /// Milliseconds from `began` to the last message, or to when asking began.
    progress: AtomicU64,
    pub(crate) settled: Settled,
    pub(crate) settling: Settling,
}

/// Messages are asked for while this lives.
#[derive(Debug)]
pub(crate) struct Consuming(Arc<Activity>);

impl Activity {
    fn new() -> Self {
        Self {
            began: Instant::now(),
            asking: AtomicUsize::new(0),
            progress: AtomicU64::new(0),
            settled: Settled::new(),
            settling: Settling::default(),
        }
    }

    /// Begins to ask.
    pub(crate) fn consume(self: &Arc<Self>) -> Consuming {
        if self.asking.fetch_add(1, Ordering::Relaxed) == 0 {
            self.progressed(Instant::now());
        }
        Consuming(Arc::clone(self))
    }

    /// A message came.
    pub(crate) fn progressed(&self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.began).as_millis();
        let elapsed = u64::try_from(elapsed).unwrap_or(u64::MAX);
        self.progress.store(elapsed, Ordering::Relaxed);
    }

    /// For how long nothing has come although it was asked for.
    pub(super) fn idle(&self) -> Option<Duration> {
        let progress = Duration::from_millis(self.progress.load(Ordering::Relaxed));
        let asking = self.asking.load(Ordering::Relaxed) > 0;
        asking.then(|| self.began.elapsed().saturating_sub(progress))
    }
}

impl Drop for Consuming {
    fn drop(&mut self) {
        self.0.asking.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> (StreamName, ConsumerName) {
        (StreamName::new("RIDE").unwrap(), ConsumerName::new("users").unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn only_who_asks_can_be_idle() {
        let activity = Arc::new(Activity::new());
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(activity.idle(), None);
        let (first, second) = (activity.consume(), activity.consume());
        assert_eq!(activity.idle(), Some(Duration::ZERO));
        tokio::time::advance(Duration::from_secs(60)).await;
        drop(first);
        assert_eq!(activity.idle(), Some(Duration::from_secs(60)));
        activity.progressed(Instant::now());
        assert_eq!(activity.idle(), Some(Duration::ZERO));
        drop(second);
        assert_eq!(activity.idle(), None);
    }

    #[test]
    fn a_consumer_is_known_while_a_handle_lives_and_a_stream_until_it_is_deleted() {
        let (stream, consumer) = names();
        let known = Known::default();
        let activity = known.consumer(&stream, &consumer);
        assert!(Arc::ptr_eq(&activity, &known.consumer(&stream, &consumer)));
        assert_eq!((known.streams().len(), known.consumers().len()), (1, 1));
        drop(activity);
        assert_eq!((known.streams().len(), known.consumers().len()), (1, 0));
        known.forget_stream(&stream);
        assert!(known.streams().is_empty());
    }

    #[test]
    fn what_was_deleted_here_is_not_missed() {
        let (stream, consumer) = names();
        let known = Known::default();
        let _activity = known.consumer(&stream, &consumer);
        known.forget_consumer(&stream, &consumer);
        assert!(known.consumers().is_empty());
    }

    #[test]
    fn what_is_known_is_bounded() {
        let known = Known::default();
        for n in 0..2 * MOST {
            known.stream(&StreamName::new(format!("S{n}")).unwrap());
        }
        assert_eq!(known.streams().len(), MOST);
    }
}
