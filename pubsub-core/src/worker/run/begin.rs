//! How an engine begins attempts.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;

use tokio::time::Instant;

use super::attempt::{Attempt, Ended, Finished, contained, panicked, within};
use super::engine::Engine;
use super::held::Held;
use super::inline::Inline;
use crate::worker::Failure;
use crate::worker::binding::GivenUp;
use crate::worker::handler::BatchCall;

impl Engine {
    /// Begins an attempt. Most handlers of small jobs end here and cost no task.
    pub(super) async fn begin(&mut self, id: u64, mut held: Held) {
        let suspicious = self.bound.retry.most_deliveries();
        if suspicious.is_some_and(|most| held.delivery.info().attempt > most) {
            self.suspects.insert(id);
            self.held.insert(id, held);
            return;
        }
        let Some(route) = self.bound.router.find(held.delivery.subject()) else {
            return self.give_up(id, held, Failure::reject("no route takes its subject")).await;
        };
        if let Some(limits) = self.bound.router.batch_limits(route) {
            self.gathering.add(route, limits, id);
            held.began = Instant::now();
            self.held.insert(id, held);
            return;
        }
        self.begin_one(route, id, held).await;
    }

    async fn begin_one(&mut self, route: usize, id: u64, mut held: Held) {
        self.moment.start();
        held.began = self.moment.now();
        let begun =
            Attempt::begin(&self.bound.router, route, &*held.delivery, held.attempt, &self.bound.worker);
        let mut attempt = match begun {
            Ok(attempt) => attempt,
            Err(ended) => {
                let took = self.moment.lap();
                self.moment.worked();
                return self.settle(id, held, ended, took).await;
            }
        };
        if self.inline.is_due() {
            let polled = futures::poll!(&mut attempt);
            let took = self.moment.lap();
            self.inline.took(took);
            if took > Inline::BLOCKING {
                let (subject, millis) = (held.delivery.subject(), took.as_millis());
                tracing::warn!(
                    subject,
                    millis,
                    "a handler blocks its thread: use `spawn_blocking` for such work"
                );
            }
            if !matches!(polled, Poll::Ready(Ended::Done)) {
                self.moment.worked();
            }
            if let Poll::Ready(ended) = polled {
                let ended = match catch_unwind(AssertUnwindSafe(|| drop(attempt))) {
                    Ok(()) => ended,
                    Err(panic) => panicked(&*panic),
                };
                return self.settle(id, held, ended, took).await;
            }
        }
        self.moment.worked();
        held.began = Instant::now();
        let deadline = self.bound.deadline;
        self.running.spawn(async move { Finished::One(id, contained(within(attempt, deadline)).await) });
        self.hold_busy(id, held);
    }

    /// Begins those that may have ended their process, each when nothing else runs, so that it takes no other with it.
    ///
    /// Deliveries are counted by the broker, those too that were handed back; so the count alone condemns nobody. But in the order
    /// of the stream the first one of those that come again and again is the one that ended the process: it was begun alone,
    /// and those before it were settled.
    pub(super) async fn begin_suspects(&mut self) {
        if !self.running.is_empty() {
            return;
        }
        self.is_alone = false;
        while self.running.is_empty()
            && let Some(id) = self.suspects.pop_first()
        {
            let Some(held) = self.held.remove(&id) else { continue };
            let deliveries = held.delivery.info().attempt;
            let given_up =
                self.bound.retry.most_deliveries().is_some_and(|most| deliveries > most.saturating_mul(2));
            if given_up && !self.has_given_up_unseen && matches!(self.bound.given_up, GivenUp::Kept(_)) {
                self.has_given_up_unseen = true;
                let reason = format!("it was delivered {deliveries} times, and settled by nobody");
                self.give_up(id, held, Failure::reject(reason)).await;
                continue;
            }
            let (subject, sequence) = (held.delivery.subject(), held.delivery.info().stream_sequence);
            tracing::warn!(subject, sequence, deliveries, "a message of many deliveries is handled alone");
            match self.bound.router.find(subject) {
                None => self.give_up(id, held, Failure::reject("no route takes its subject")).await,
                Some(route) if self.bound.router.batch_limits(route).is_some() => {
                    self.held.insert(id, held);
                    self.begin_batch(route, vec![id]).await;
                }
                Some(route) => self.begin_one(route, id, held).await,
            }
        }
        self.is_alone = !self.running.is_empty();
    }

    /// Begins the batches that are due, while there is a place.
    pub(super) async fn begin_batches(&mut self) {
        while self.has_place()
            && let Some((route, ids)) = self.gathering.take_due(Instant::now())
        {
            self.begin_batch(route, ids).await;
        }
    }

    async fn begin_batch(&mut self, route: usize, ids: Vec<u64>) {
        let now = Instant::now();
        for id in &ids {
            if let Some(held) = self.held.get_mut(id) {
                (held.began, held.is_busy) = (now, true);
                self.busy += 1;
            }
        }
        let ids: Vec<u64> = ids.into_iter().filter(|id| self.held.contains_key(id)).collect();
        let batch = ids.iter().filter_map(|id| self.held.get(id)).map(|held| (&*held.delivery, held.attempt));
        // Extraction is the user's code too.
        let begun =
            catch_unwind(AssertUnwindSafe(|| self.bound.router.call_batch(route, batch, &self.bound.worker)));
        let failed =
            |reason: &str| ids.iter().map(|id| (*id, Ended::Failed(Failure::retry(reason)))).collect();
        let BatchCall { refused, running } = match begun {
            Ok(Some(call)) => call,
            Ok(None) => return self.finished(Ok(Finished::Batch(failed("its route is gone")))).await,
            Err(panic) => {
                let panic = panicked(&*panic).reason();
                return self.finished(Ok(Finished::Batch(failed(&panic)))).await;
            }
        };
        let (mut accepted, mut others) = (Vec::with_capacity(ids.len()), Vec::new());
        for (id, refused) in ids.into_iter().zip(refused) {
            match refused {
                None => accepted.push(id),
                Some(failure) => others.push((id, Ended::Failed(failure))),
            }
        }
        let deadline = self.bound.deadline;
        self.running.spawn(async move { Finished::batch(accepted, running, deadline).await });
        self.finished(Ok(Finished::Batch(others))).await;
    }

    pub(super) fn hold_busy(&mut self, id: u64, held: Held) {
        self.busy += 1;
        self.held.insert(id, Held { is_busy: true, ..held });
    }
}
