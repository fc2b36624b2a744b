//! The loop of one binding: takes messages, runs handlers, settles.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt as _, join_all};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::attempt::{Attempt, Ended, publish_all};
use super::bound::Bound;
use super::capacity::Capacity;
use super::held::Held;
use super::lanes::Lanes;
use super::settle;
use crate::consume::FetchOptions;
use crate::message::{Delivery, Settlement};
use crate::worker::binding::GivenUp;
use crate::worker::handler::Wanted;
use crate::worker::{Failure, Outcome};
use crate::{Capability, Result, Retry};

/// How many acks are sent together.
const ACKS: usize = 256;
/// The wait after a fetch that failed for now.
const PAUSE: Duration = Duration::from_millis(500);
/// A handler that does not give the thread back for so long is warned of.
const BLOCKING: Duration = Duration::from_millis(100);

type Fetch = BoxFuture<'static, Result<Vec<Delivery>>>;

/// Runs a binding until its worker stops, or it cannot go on.
pub(super) async fn run(bound: Bound) -> Outcome {
    let mut engine = Engine::new(bound);
    engine.work().await;
    engine.drain().await;
    engine.outcome
}

struct Engine {
    bound: Bound,
    capacity: Capacity,
    lanes: Lanes,
    /// All messages that are not settled, but for those that end when they are begun.
    held: HashMap<u64, Held>,
    next_id: u64,
    /// Which may begin when there is a place.
    queued: VecDeque<u64>,
    /// Which begin again at a time, in this process.
    delayed: BinaryHeap<Reverse<(Instant, u64)>>,
    running: JoinSet<(u64, Ended)>,
    /// Copies of messages that are given up.
    keeping: JoinSet<(u64, Failure, Result<()>)>,
    acks: Vec<Delivery>,
    outcome: Outcome,
}

impl Engine {
    fn new(bound: Bound) -> Self {
        let ack_wait = bound.config.effective_ack_wait();
        Self {
            capacity: Capacity::new(bound.concurrency, bound.prefetch, ack_wait),
            lanes: Lanes::default(),
            held: HashMap::new(),
            next_id: 0,
            queued: VecDeque::new(),
            delayed: BinaryHeap::new(),
            running: JoinSet::new(),
            keeping: JoinSet::new(),
            acks: Vec::new(),
            outcome: Outcome::default(),
            bound,
        }
    }

    async fn work(&mut self) {
        let stop = self.bound.stop.clone();
        let mut stopping = std::pin::pin!(stop.wait());
        let mut fetch: Option<Fetch> = None;
        let mut not_before = Instant::now();
        let mut extend_at = Instant::now() + self.lease();
        loop {
            self.begin_queued().await;
            self.flush_acks(false).await;
            if fetch.is_none() && Instant::now() >= not_before {
                fetch = self.fetch();
            }
            let delayed_until = self.delayed.peek().map_or(extend_at, |Reverse((at, _))| *at);
            tokio::select! {
                biased;
                () = &mut stopping => return,
                Some(Ok((id, ended))) = self.running.join_next(), if !self.running.is_empty() => {
                    self.ended(id, ended).await;
                    while let Some(Ok((id, ended))) = self.running.try_join_next() {
                        self.ended(id, ended).await;
                    }
                }
                Some(Ok((id, failure, kept))) = self.keeping.join_next(), if !self.keeping.is_empty() => {
                    self.kept(id, &failure, kept).await;
                }
                () = sleep_until(delayed_until), if !self.delayed.is_empty() => self.wake_delayed(),
                () = sleep_until(extend_at), if !self.held.is_empty() => {
                    self.extend().await;
                    extend_at = Instant::now() + self.lease();
                }
                batch = async { fetch.as_mut()?.await.into() }, if fetch.is_some() => {
                    fetch = None;
                    match batch {
                        Some(Ok(batch)) => {
                            // Asked for before these are handled, so that the next are there when they are.
                            fetch = self.fetch_beside(batch.len());
                            if let Some(asked) = &mut fetch && let Some(more) = asked.now_or_never() {
                                fetch = Some(std::future::ready(more).boxed());
                            }
                            for delivery in batch {
                                self.arrived(delivery).await;
                            }
                        }
                        Some(Err(error)) if error.retry() == Retry::Never => {
                            tracing::error!(%error, "a worker cannot go on");
                            self.outcome.errors.push(error);
                            return;
                        }
                        Some(Err(error)) => {
                            tracing::warn!(%error, "a worker cannot take messages now");
                            not_before = Instant::now() + PAUSE;
                        }
                        None => {}
                    }
                }
                () = sleep_until(not_before), if fetch.is_none() && Instant::now() < not_before => {}
            }
        }
    }

    /// How long a message may be held before its ack wait is extended.
    fn lease(&self) -> Duration {
        (self.bound.config.effective_ack_wait() / 3).max(Duration::from_millis(1))
    }

    fn fetch(&self) -> Option<Fetch> {
        self.fetch_beside(0)
    }

    /// Asks for as many as there is room for, beside so many that have arrived and are not held yet.
    fn fetch_beside(&self, arrived: usize) -> Option<Fetch> {
        const MOST: usize = 500;
        // Those that wait for others of their key do not keep other keys out.
        let waiting = self.held.len().saturating_sub(self.running.len() + self.queued.len());
        let bound = self.bound.config.max_ack_pending.at().map_or(usize::MAX, |most| most as usize);
        let most = self.capacity.limit().saturating_add(waiting).min(bound.max(1));
        let room = most.saturating_sub(self.held.len() + arrived).min(MOST);
        if room == 0 {
            return None;
        }
        let consumer = Arc::clone(&self.bound.consumer);
        Some(async move { consumer.fetch(FetchOptions::up_to(room)).await }.boxed())
    }

    async fn arrived(&mut self, delivery: Delivery) {
        let key = self.bound.key.as_ref().and_then(|key| key.key(&*delivery));
        let held = Held::new(delivery, key);
        let id = self.next_id;
        self.next_id += 1;
        if let Some(key) = &held.key
            && !self.lanes.enter(key, id)
        {
            self.held.insert(id, held);
            return;
        }
        if self.has_place() && self.queued.is_empty() {
            self.begin(id, held).await;
        } else {
            self.held.insert(id, held);
            self.queued.push_back(id);
        }
    }

    fn has_place(&self) -> bool {
        self.running.len() < self.bound.concurrency
    }

    async fn begin_queued(&mut self) {
        while self.has_place()
            && let Some(id) = self.queued.pop_front()
        {
            if let Some(held) = self.held.remove(&id) {
                self.begin(id, held).await;
            }
        }
    }

    /// Begins an attempt. Most handlers of small jobs end here and cost no task.
    async fn begin(&mut self, id: u64, mut held: Held) {
        if let Some(most) = self.bound.retry.attempts.at()
            && held.attempt > u64::from(most)
        {
            let failure = Failure::reject(format!("all of its {most} attempts began and none ended"));
            return self.give_up(id, held, failure).await;
        }
        held.began = Instant::now();
        let message = &*held.delivery;
        let mut attempt = match Attempt::begin(&self.bound.router, message, held.attempt, &self.bound.stop) {
            Ok(attempt) => attempt,
            Err(ended) => return self.settle(id, held, ended).await,
        };
        let clock = std::time::Instant::now();
        let polled = futures::poll!(&mut attempt);
        let blocked = clock.elapsed();
        if blocked > BLOCKING {
            let (subject, millis) = (held.delivery.subject(), blocked.as_millis());
            tracing::warn!(
                subject,
                millis,
                "a handler blocks its thread: use `spawn_blocking` for such work"
            );
        }
        match polled {
            std::task::Poll::Ready(ended) => self.settle(id, held, ended).await,
            std::task::Poll::Pending => {
                let deadline = self.bound.deadline;
                self.running.spawn(async move { (id, attempt.within(deadline).await) });
                self.hold_busy(id, held);
            }
        }
    }

    fn hold_busy(&mut self, id: u64, held: Held) {
        self.held.insert(id, Held { is_busy: true, ..held });
    }

    async fn ended(&mut self, id: u64, ended: Ended) {
        if let Some(held) = self.held.remove(&id) {
            self.settle(id, held, ended).await;
        }
    }

    async fn settle(&mut self, id: u64, held: Held, ended: Ended) {
        if !matches!(ended, Ended::Publish(_)) {
            self.capacity.took(held.began.elapsed());
        }
        match ended {
            Ended::Done => {
                self.leave(held.key.as_deref());
                self.acks.push(held.delivery);
                if self.acks.len() >= ACKS {
                    self.flush_acks(false).await;
                }
            }
            Ended::Publish(messages) => {
                let (publisher, origin) = (Arc::clone(&self.bound.publisher), held.delivery.info().clone());
                self.running.spawn(async move { (id, publish_all(publisher, messages, origin).await) });
                self.hold_busy(id, held);
            }
            Ended::Failed(failure) => self.failed(id, held, failure).await,
            Ended::Panicked(failure) => {
                self.outcome.panicked += 1;
                tracing::error!(subject = held.delivery.subject(), "{failure}");
                self.failed(id, held, failure).await;
            }
        }
    }

    async fn failed(&mut self, id: u64, mut held: Held, failure: Failure) {
        let (policy, attempt, age) = (&self.bound.retry, held.attempt, held.age());
        let delay = match failure.wanted() {
            Wanted::Reject => None,
            _ if self.bound.config.is_last(held.delivery.info().attempt) => None,
            Wanted::Retry => policy.delay_after(attempt, age),
            Wanted::RetryAfter(delay) => policy.allows_another(attempt, age, delay).then_some(delay),
        };
        let Some(delay) = delay else {
            return self.give_up(id, held, failure).await;
        };
        self.outcome.retried += 1;
        tracing::info!(subject = held.delivery.subject(), attempt, ?delay, "a handler failed: {failure}");
        if held.key.is_none() && self.bound.capabilities.has(Capability::NakDelay) {
            settle::one(held.delivery, Settlement::nak_after(delay), &mut self.outcome).await;
        } else {
            // It keeps its lane meanwhile; the next of its key must not overtake it.
            held.attempt += 1;
            held.is_busy = false;
            self.delayed.push(Reverse((Instant::now() + delay, id)));
            self.held.insert(id, held);
        }
    }

    async fn give_up(&mut self, id: u64, held: Held, failure: Failure) {
        match self.bound.given_up.clone() {
            GivenUp::Kept(dead_letters) => {
                let copy = dead_letters.copy_of(&*held.delivery, held.attempt, &failure);
                let publisher = Arc::clone(&self.bound.publisher);
                self.keeping
                    .spawn(async move { (id, failure, settle::keep(*dead_letters, publisher, copy).await) });
                self.hold_busy(id, held);
            }
            GivenUp::Discarded => {
                settle::log_given_up(&held.delivery, held.attempt, &failure, false);
                self.outcome.discarded += 1;
                self.end(held, &failure).await;
            }
        }
    }

    async fn kept(&mut self, id: u64, failure: &Failure, kept: Result<()>) {
        let Some(held) = self.held.remove(&id) else {
            return;
        };
        match kept {
            Ok(()) => {
                settle::log_given_up(&held.delivery, held.attempt, failure, true);
                self.outcome.dead_lettered += 1;
                self.end(held, failure).await;
            }
            Err(error) => {
                tracing::error!(%error, "a dead letter could not be stored; the message comes again");
                self.outcome.unsettled += 1;
                self.leave(held.key.as_deref());
                drop(held.delivery);
            }
        }
    }

    /// Ends a message that is given up.
    async fn end(&mut self, held: Held, failure: &Failure) {
        let has = |capability| self.bound.capabilities.has(capability);
        let mut settlement =
            if has(Capability::Term) { Settlement::term_because(failure.chain()) } else { Settlement::ack() };
        if has(Capability::ConfirmedSettlement) {
            settlement = settlement.confirmed();
        }
        self.leave(held.key.as_deref());
        settle::one(held.delivery, settlement, &mut self.outcome).await;
    }

    fn leave(&mut self, key: Option<&str>) {
        if let Some(next) = key.and_then(|key| self.lanes.leave(key)) {
            self.queued.push_back(next);
        }
    }

    fn wake_delayed(&mut self) {
        while let Some(Reverse((at, id))) = self.delayed.peek().copied()
            && at <= Instant::now()
        {
            self.delayed.pop();
            self.queued.push_back(id);
        }
    }

    async fn flush_acks(&mut self, confirmed: bool) {
        let acks = std::mem::take(&mut self.acks);
        settle::ack(&*self.bound.consumer, acks, confirmed, &mut self.outcome).await;
    }

    /// Buys one more ack wait for whatever has been held for a third of one.
    async fn extend(&mut self) {
        if !self.bound.capabilities.has(Capability::Extend) {
            return;
        }
        let (now, lease) = (Instant::now(), self.lease());
        let due = self.held.values_mut().filter(|held| now.duration_since(held.leased) + lease / 4 >= lease);
        let extended = due.map(|held| async move {
            held.leased = now;
            held.delivery.extend().await
        });
        for outcome in join_all(extended).await {
            if let Err(error) = outcome {
                tracing::warn!(%error, "an ack wait could not be extended; the message may come twice");
            }
        }
    }

    /// Lets handlers finish, hands back what has not begun, and settles.
    async fn drain(&mut self) {
        let deadline = Instant::now() + self.bound.drain;
        self.hand_back_waiting();
        let mut extend_at = Instant::now() + self.lease();
        while !(self.running.is_empty() && self.keeping.is_empty()) {
            self.flush_acks(false).await;
            tokio::select! {
                biased;
                Some(Ok((id, ended))) = self.running.join_next(), if !self.running.is_empty() => {
                    self.ended(id, ended).await;
                }
                Some(Ok((id, failure, kept))) = self.keeping.join_next(), if !self.keeping.is_empty() => {
                    self.kept(id, &failure, kept).await;
                }
                () = sleep_until(extend_at) => {
                    self.extend().await;
                    extend_at = Instant::now() + self.lease();
                }
                () = sleep_until(deadline) => break,
            }
            self.hand_back_waiting();
        }
        self.cut_off().await;
        self.flush_acks(true).await;
        // The broker has handled every settlement before it answers this, or it is not there.
        let _ = timeout(Duration::from_secs(2), self.bound.consumer.info()).await;
    }

    /// What nobody works on goes back, so that others get it at once.
    fn hand_back_waiting(&mut self) {
        self.queued.clear();
        self.delayed.clear();
        let waiting: Vec<u64> =
            self.held.iter().filter(|(_, held)| !held.is_busy).map(|(id, _)| *id).collect();
        for id in waiting {
            if let Some(held) = self.held.remove(&id) {
                self.outcome.handed_back += 1;
                held.delivery.hand_back();
            }
        }
    }

    async fn cut_off(&mut self) {
        const TO_END: Duration = Duration::from_millis(500);
        self.running.abort_all();
        self.keeping.abort_all();
        let end = Instant::now() + TO_END;
        while let Ok(Some(_)) = timeout_at(end, self.running.join_next()).await {}
        for (_, held) in self.held.drain() {
            let info = held.delivery.info();
            tracing::warn!(stream = %info.stream, sequence = info.stream_sequence, "a handler was cut off");
            self.outcome.cut_off += 1;
            held.delivery.hand_back();
        }
    }
}
