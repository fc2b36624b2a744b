//! How an engine begins attempts.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;
use std::time::{Duration, Instant as Clock};

use tokio::time::Instant;

use super::attempt::{Attempt, Ended, Finished, contained, panicked, within};
use super::engine::Engine;
use super::held::Held;
use crate::worker::Failure;
use crate::worker::handler::BatchCall;

/// A handler that does not give the thread back for so long is warned of.
const BLOCKING: Duration = Duration::from_millis(100);

impl Engine {
    /// Begins an attempt. Most handlers of small jobs end here and cost no task.
    pub(super) async fn begin(&mut self, id: u64, mut held: Held) {
        if let Some(most) = self.bound.retry.most_deliveries()
            && held.delivery.info().attempt > most
        {
            let failure = Failure::reject(format!("{most} deliveries of it began and none ended"));
            return self.give_up(id, held, failure).await;
        }
        held.began = Instant::now();
        let Some(route) = self.bound.router.find(held.delivery.subject()) else {
            let failure = Failure::reject("no route takes its subject");
            return self.settle(id, held, Ended::Failed(failure)).await;
        };
        if let Some(limits) = self.bound.router.batch_limits(route) {
            self.gathering.add(route, limits, id);
            self.held.insert(id, held);
            return;
        }
        let clock = Clock::now();
        let begun =
            Attempt::begin(&self.bound.router, route, &*held.delivery, held.attempt, &self.bound.worker);
        let mut attempt = match begun {
            Ok(attempt) => attempt,
            Err(ended) => return self.settle(id, held, ended).await,
        };
        if self.inline.is_due() {
            let polled = futures::poll!(&mut attempt);
            let took = clock.elapsed();
            self.inline.took(took);
            if took > BLOCKING {
                let (subject, millis) = (held.delivery.subject(), took.as_millis());
                tracing::warn!(
                    subject,
                    millis,
                    "a handler blocks its thread: use `spawn_blocking` for such work"
                );
            }
            if let Poll::Ready(ended) = polled {
                let ended = match catch_unwind(AssertUnwindSafe(|| drop(attempt))) {
                    Ok(()) => ended,
                    Err(panic) => panicked(&*panic),
                };
                return self.settle(id, held, ended).await;
            }
        }
        let deadline = self.bound.deadline;
        self.running.spawn(async move { Finished::One(id, contained(within(attempt, deadline)).await) });
        self.hold_busy(id, held);
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
