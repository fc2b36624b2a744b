//! The loop of one binding: takes messages, runs handlers, and has them settled.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use super::attempt::{Ended, Finished};
use super::bound::Bound;
use super::capacity::Capacity;
use super::clock::{Clock, after};
use super::gathering::Gathering;
use super::held::Held;
use super::inline::Inline;
use super::intake::{Arrived, Intake};
use super::lanes::Lanes;
use super::moment::Moment;
use super::owed::{Debt, Owed};
use super::places::Places;
use super::recovery::Recovery;
use super::settle::Paid;
use super::sweep::Sweep;
use crate::message::Delivery;
use crate::worker::{DeadLetters, Failure, Outcome};
use crate::{Capability, Result, Retry};

/// Runs a binding until its worker stops, or it cannot go on.
pub(super) async fn run(bound: Bound) -> Outcome {
    let mut engine = Engine::new(bound);
    engine.work().await;
    engine.drain().await;
    std::mem::take(&mut engine.outcome)
}

/// All that one binding does at present. Messages go by their sequence in the stream: one that is delivered again while it
/// is held is the same.
pub(super) struct Engine {
    pub(super) bound: Bound,
    pub(super) intake: Intake,
    pub(super) capacity: Capacity,
    pub(super) places: Places,
    pub(super) clock: Clock,
    pub(super) moment: Moment,
    pub(super) inline: Inline,
    pub(super) lanes: Lanes,
    /// All messages that are not settled, but for those that end when they are begun.
    pub(super) held: HashMap<u64, Held>,
    /// How many of them a task works on.
    pub(super) busy: usize,
    /// Which may begin when there is a place.
    pub(super) queued: VecDeque<u64>,
    /// Which begin when nothing else runs: they may end the process.
    pub(super) suspects: BTreeSet<u64>,
    /// Whether one of those runs.
    pub(super) is_alone: bool,
    /// Whether one of those was given up.
    pub(super) has_given_up_unseen: bool,
    /// What has died without a worker.
    pub(super) sweep: Option<Sweep>,
    /// What an earlier run has left, while it has not all come again.
    pub(super) recovery: Option<Recovery>,
    /// Which begin again at a time, in this process.
    pub(super) delayed: BinaryHeap<Reverse<(Instant, u64)>>,
    /// Which wait for their batch.
    pub(super) gathering: Gathering,
    pub(super) running: JoinSet<Finished>,
    /// Copies of messages that are given up.
    pub(super) keeping: JoinSet<(u64, Failure, Result<()>)>,
    /// What is done and not acknowledged yet, and what is noted of each.
    pub(super) acks: Vec<Delivery>,
    pub(super) ack_debts: Vec<Debt>,
    /// Settlements that take time.
    pub(super) settling: JoinSet<Paid>,
    /// Settlements that are under way or have failed.
    pub(super) owed: Owed,
    /// What keeps it from taking messages.
    trouble: Option<String>,
    taken: u64,
    /// How many messages were to come when the last one came.
    lag: u64,
    pub(super) outcome: Outcome,
}

impl Engine {
    fn new(mut bound: Bound) -> Self {
        let ack_wait = bound.config.effective_ack_wait();
        let least = bound.router.largest_batch().saturating_mul(2);
        Self {
            intake: Intake::new(Arc::clone(&bound.consumer)),
            capacity: Capacity::new(least, bound.prefetch, ack_wait),
            places: Places::new(&bound.concurrency),
            clock: Clock::new(),
            moment: Moment::new(),
            inline: Inline::default(),
            lanes: Lanes::default(),
            held: HashMap::new(),
            busy: 0,
            queued: VecDeque::new(),
            suspects: BTreeSet::new(),
            is_alone: false,
            has_given_up_unseen: false,
            sweep: bound.sweep.take(),
            recovery: bound.key.as_ref().and_then(|_| Recovery::new(&bound.at_start, Instant::now())),
            delayed: BinaryHeap::new(),
            gathering: Gathering::default(),
            running: JoinSet::new(),
            keeping: JoinSet::new(),
            acks: Vec::new(),
            ack_debts: Vec::new(),
            settling: JoinSet::new(),
            owed: Owed::default(),
            trouble: None,
            taken: 0,
            lag: 0,
            outcome: Outcome::default(),
            bound,
        }
    }

    async fn work(&mut self) {
        let mut orders = self.bound.worker.orders();
        let mut extend_at = after(Instant::now(), self.lease());
        let mut was_paused = false;
        loop {
            let now = *orders.borrow_and_update();
            if now.stop {
                return;
            }
            if now.pause && !was_paused {
                self.warn_of_pause();
            }
            was_paused = now.pause;
            self.end_recovery();
            self.begin_suspects().await;
            self.begin_queued().await;
            self.begin_batches().await;
            self.flush_acks(false).await;
            if now.pause {
                self.intake.cancel();
            } else {
                self.intake.ask(self.room(0));
            }
            self.report();
            let wake_at = self.next_wake().unwrap_or(extend_at);
            tokio::select! {
                biased;
                _ = orders.changed() => {}
                Some(finished) = self.running.join_next(), if !self.running.is_empty() => {
                    self.finished(finished).await;
                    while let Some(finished) = self.running.try_join_next() {
                        self.finished(finished).await;
                    }
                }
                Some(Ok((id, failure, kept))) = self.keeping.join_next(), if !self.keeping.is_empty() => {
                    self.kept(id, &failure, kept).await;
                }
                Some(paid) = self.settling.join_next(), if !self.settling.is_empty() => self.are_settled(paid),
                () = sleep_until(extend_at), if !self.held.is_empty() => extend_at = self.extend().await,
                () = sleep_until(wake_at), if wake_at != extend_at => self.wake_delayed(),
                swept = Self::next_swept(&mut self.sweep), if !now.pause && self.keeping.len() < Sweep::MOST => {
                    self.swept(swept).await;
                }
                arrived = self.intake.next() => {
                    if self.arrived(arrived).await.is_err() {
                        return;
                    }
                }
            }
        }
    }

    /// How long a message may be held before its ack wait is extended.
    pub(super) fn lease(&self) -> Duration {
        (self.bound.config.effective_ack_wait() / 3).max(Duration::from_millis(1))
    }

    /// For how many there is room, beside so many that have arrived and are not held yet.
    fn room(&self, arrived: usize) -> usize {
        if self.is_alone || !self.suspects.is_empty() {
            return 0;
        }
        let limit = self.capacity.limit(self.places.now());
        if let Some(recovery) = &self.recovery {
            return recovery.room(limit, Instant::now()).saturating_sub(arrived);
        }
        // Those that wait for others of their key do not keep other keys out, and those that only wait for their dead letter to be
        // stored keep nobody out.
        let waiting = self.held.len().saturating_sub(self.busy + self.queued.len());
        let waiting = if self.bound.key.is_some() { waiting } else { 0 } + self.keeping.len();
        let pending = self.bound.config.max_ack_pending.at().map_or(usize::MAX, |most| most as usize);
        let most = limit.saturating_add(waiting).min(pending.max(1));
        most.saturating_sub(self.held.len() + arrived)
    }

    /// `Err` if it cannot go on.
    async fn arrived(&mut self, arrived: Result<Arrived>) -> std::result::Result<(), ()> {
        match arrived {
            Ok(Arrived { batch, unsettled }) => {
                self.trouble = self.stalled(unsettled);
                if let Some(last) = batch.last() {
                    self.lag = last.info().pending;
                    self.places.saw(self.lag);
                }
                // Asked for before these are handled, so that the next are there when they are.
                self.intake.ask(self.room(batch.len()));
                self.moment.refresh();
                if let Some(last) = batch.last() {
                    self.clock.saw(last.info().published_at, self.moment.now());
                }
                for delivery in batch {
                    self.take(delivery).await;
                }
                Ok(())
            }
            Err(error) if error.retry() == Retry::Never => {
                tracing::error!(%error, "a worker cannot go on");
                self.trouble = Some(error.to_string());
                self.outcome.errors.push(error);
                Err(())
            }
            Err(error) => {
                tracing::warn!(%error, "a worker cannot take messages now");
                self.trouble = Some(error.to_string());
                Ok(())
            }
        }
    }

    /// Why nothing comes, if the consumer has as many unsettled messages as it may have and this worker holds few of them.
    fn stalled(&self, unsettled: u64) -> Option<String> {
        let most = u64::from(self.bound.config.max_ack_pending.at()?);
        let is_stalled = unsettled >= most && (self.held.len() as u64) < most / 2;
        is_stalled.then(|| {
            format!(
                "the consumer delivers nothing: {unsettled} messages wait for their retry, or are held elsewhere, and \
                 `max_ack_pending` is {most}; raise it above the number of messages that wait at once"
            )
        })
    }

    fn warn_of_pause(&self) {
        if let Some(threshold) = self.bound.config.effective_inactive_threshold() {
            let consumer = self.bound.consumer_name.as_str();
            tracing::warn!(
                consumer,
                ?threshold,
                "a paused consumer is deleted when nobody has asked for so long"
            );
        }
    }

    async fn take(&mut self, delivery: Delivery) {
        self.taken += 1;
        let info = delivery.info();
        let id = info.stream_sequence;
        if let Some(held) = self.held.get_mut(&id) {
            tracing::debug!(sequence = id, "a message was delivered again while it was held");
            return held.adopt(delivery);
        }
        if let Some(recovery) = &mut self.recovery {
            recovery.saw(id);
        }
        if let Some(debt) = self.owed.take(delivery.info()) {
            return self.settle_one(delivery, debt).await;
        }
        if DeadLetters::is_for_another(&*delivery) {
            return self.skip(delivery).await;
        }
        let key = match self.bound.key.as_ref().map(|key| key.key(&*delivery)).transpose() {
            Ok(key) => key.flatten(),
            Err(failure) => {
                let held = Held::new(delivery, None, self.moment.now());
                return self.give_up(id, held, failure).await;
            }
        };
        let held = Held::new(delivery, key, self.moment.now());
        if let Some(recovery) = self.recovery.as_mut().filter(|_| held.key.is_some()) {
            recovery.hold(id);
            self.held.insert(id, held);
            return;
        }
        let waits = held.key.as_ref().is_some_and(|key| !self.lanes.enter(key, id));
        if !waits && self.has_place() && self.queued.is_empty() && !self.bound.worker.is_stopping() {
            return self.begin(id, held).await;
        }
        self.held.insert(id, held);
        if !waits {
            self.queued.push_back(id);
        }
    }

    pub(super) fn has_place(&self) -> bool {
        !self.is_alone && self.suspects.is_empty() && self.running.len() < self.places.now()
    }

    async fn begin_queued(&mut self) {
        self.moment.refresh();
        while self.has_place()
            && let Some(id) = self.queued.pop_front()
        {
            if let Some(held) = self.held.remove(&id) {
                self.begin(id, held).await;
            }
        }
    }

    pub(super) async fn finished(&mut self, finished: std::result::Result<Finished, tokio::task::JoinError>) {
        self.moment.refresh();
        // Panics are contained in the task, and tasks are aborted only when nobody waits for them any more.
        match finished {
            Ok(Finished::One(id, ended)) => self.ended(id, ended).await,
            Ok(Finished::Batch(all)) => {
                for (id, ended) in all {
                    self.ended(id, ended).await;
                }
            }
            Err(error) => tracing::error!(%error, "a task of a worker was lost"),
        }
    }

    async fn ended(&mut self, id: u64, ended: Ended) {
        if let Some(held) = self.held.remove(&id) {
            self.busy -= 1;
            let took = self.moment.now().duration_since(held.began);
            self.settle(id, held, ended, took).await;
        }
    }

    /// When a message begins again, or a batch is due for which there is a place.
    fn next_wake(&self) -> Option<Instant> {
        let delayed = self.delayed.peek().map(|Reverse((at, _))| *at);
        let batch = self.gathering.next_due().filter(|_| self.has_place());
        let recovery = self.recovery.as_ref().map(Recovery::until).filter(|_| !self.bound.worker.is_paused());
        delayed.into_iter().chain(batch).chain(recovery).min()
    }

    fn wake_delayed(&mut self) {
        while let Some(Reverse((at, id))) = self.delayed.peek().copied()
            && at <= Instant::now()
        {
            self.delayed.pop();
            self.queued.push_back(id);
        }
    }

    /// Buys one more ack wait for whatever has been held for a third of one. Returns when to do so again.
    pub(super) async fn extend(&mut self) -> Instant {
        let (now, lease) = (Instant::now(), self.lease());
        if !self.bound.capabilities.has(Capability::Extend) {
            return after(now, lease);
        }
        let due = self.held.values_mut().filter(|held| now.duration_since(held.leased) + lease / 4 >= lease);
        let extended = due.map(|held| async move {
            let extended = held.delivery.extend().await;
            if extended.is_ok() {
                held.leased = now;
            }
            extended.err()
        });
        // Without a connection each takes longer, and there is more to do.
        let patience = (lease / 4).min(Duration::from_secs(1));
        let failed = match timeout(patience, join_all(extended)).await {
            Ok(outcomes) => outcomes.into_iter().flatten().next().map(|error| error.to_string()),
            Err(_) => Some("there was no answer in time".to_owned()),
        };
        let Some(error) = failed else {
            return after(Instant::now(), lease);
        };
        tracing::warn!(error, "ack waits could not be extended; messages may be delivered again");
        after(Instant::now(), (lease / 4).max(Duration::from_millis(1)))
    }

    /// Tells how it does.
    pub(super) fn report(&self) {
        let (concurrency, lag) = (self.places.now(), self.lag);
        let (running, queued, keeping) = (self.running.len(), self.queued.len(), self.keeping.len());
        let idle = self.held.len().saturating_sub(self.busy);
        let trouble = self.trouble.clone().or_else(|| self.bound.keeper.trouble());
        self.bound.worker.report(self.bound.place, |status| {
            status.taken = self.taken;
            status.lag = lag;
            status.concurrency = concurrency;
            status.running = running;
            status.queued = queued;
            status.waiting = idle.saturating_sub(queued);
            status.keeping = keeping;
            status.done = self.outcome.done;
            status.retried = self.outcome.retried;
            status.dead_lettered = self.outcome.dead_lettered;
            status.discarded = self.outcome.discarded;
            status.trouble = trouble;
        });
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // Only if it was dropped in the middle: what nobody works on need not wait for its ack wait.
        self.hand_back_waiting();
    }
}
