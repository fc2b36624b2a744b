//! How an engine turns verdicts into settlements.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::attempt::{Ended, Finished, contained};
use super::clock::after;
use super::engine::Engine;
use super::held::Held;
use super::owed::Debt;
use super::publishing::publish;
use super::settle::log_given_up;
use crate::message::{Delivery, Settlement};
use crate::worker::binding::GivenUp;
use crate::worker::handler::Wanted;
use crate::worker::{Ending, Failure, Settled};
use crate::{Capability, Result};

impl Engine {
    /// `took` is how long the attempt ran.
    pub(super) async fn settle(&mut self, id: u64, held: Held, ended: Ended, took: Duration) {
        if ended.is_an_end() {
            self.capacity.took(took);
        }
        match ended {
            Ended::Done => {
                self.leave(held.key.as_deref());
                let has_lapsed =
                    self.moment.now().duration_since(held.leased) >= self.bound.config.effective_ack_wait();
                let settled = self.settled(&held, || Ending::Done);
                let debt = Debt::of_attempt(held.delivery.info(), settled, has_lapsed);
                self.ack(held.delivery, debt).await;
            }
            Ended::Publish(response) => {
                let (publisher, origin) = (Arc::clone(&self.bound.publisher), held.delivery.info().clone());
                let publishing = publish(publisher, response, origin, self.bound.deadline);
                self.running.spawn(async move { Finished::One(id, contained(publishing).await) });
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
        if let Wanted::Postpone(delay) = failure.wanted() {
            tracing::debug!(subject = held.delivery.subject(), ?delay, "a message waits: {failure}");
            return self.hold_for(id, held, delay);
        }
        let age = self.clock.age(held.delivery.info().published_at);
        let (policy, attempt) = (&self.bound.retry, held.attempt);
        let delay = match failure.wanted() {
            Wanted::Reject | Wanted::Postpone(_) => None,
            _ if self.bound.config.is_last(held.delivery.info().attempt) => None,
            Wanted::Retry => policy.delay_after(attempt, age),
            Wanted::RetryAfter(delay) => policy.allows_another(attempt, age, delay).then_some(delay),
        };
        let Some(delay) = delay else {
            return self.give_up(id, held, failure).await;
        };
        self.outcome.retried += 1;
        tracing::info!(subject = held.delivery.subject(), attempt, ?delay, "a handler failed: {failure}");
        let settled = self.settled(&held, || Ending::Retried { after: delay, reason: failure.chain() });
        if held.key.is_none() && self.bound.capabilities.has(Capability::NakDelay) {
            let debt = Debt::new(held.delivery.info(), Settlement::nak_after(delay));
            self.settle_one(held.delivery, debt).await;
        } else {
            // It keeps its lane meanwhile; the next of its key must not overtake it.
            held.attempt += 1;
            self.hold_for(id, held, delay);
        }
        self.tell(settled);
    }

    /// Holds a message until it begins again.
    fn hold_for(&mut self, id: u64, held: Held, delay: Duration) {
        // Never hot.
        let delay = delay.max(Duration::from_millis(1));
        self.delayed.push(Reverse((after(Instant::now(), delay), id)));
        self.held.insert(id, Held { is_busy: false, ..held });
    }

    pub(super) async fn give_up(&mut self, id: u64, held: Held, failure: Failure) {
        self.moment.worked();
        match &self.bound.given_up {
            GivenUp::Kept(dead_letters) => {
                let has_ids = self.bound.capabilities.has(Capability::MessageId);
                let copies = dead_letters.copies_of(&*held.delivery, held.attempt, &failure, has_ids);
                let keeper = self.bound.keeper.clone();
                self.keeping.spawn(async move { (id, failure, keeper.keep(id, copies).await) });
                self.hold_busy(id, held);
            }
            GivenUp::Discarded => {
                log_given_up(&held.delivery, held.attempt, &failure, false);
                self.outcome.discarded += 1;
                let settled = self.settled(&held, || Ending::Discarded { reason: failure.chain() });
                self.end(held, &failure).await;
                self.tell(settled);
            }
        }
    }

    pub(super) async fn kept(&mut self, id: u64, failure: &Failure, kept: Result<()>) {
        let Some(held) = self.held.remove(&id) else {
            return;
        };
        self.busy -= 1;
        match kept {
            Ok(()) => {
                log_given_up(&held.delivery, held.attempt, failure, true);
                self.outcome.dead_lettered += 1;
                let settled = self.settled(&held, || Ending::DeadLettered { reason: failure.chain() });
                self.end(held, failure).await;
                self.tell(settled);
            }
            Err(error) => {
                // It cannot be copied at all; nothing is settled, and it comes again.
                tracing::error!(%error, "no dead letter can be made of a message");
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
        let debt = Debt::new(held.delivery.info(), settlement);
        self.settle_one(held.delivery, debt).await;
    }

    /// Gives a lane on to the next message of its key.
    fn leave(&mut self, key: Option<&str>) {
        if let Some(next) = key.and_then(|key| self.lanes.leave(key)) {
            self.queued.push_back(next);
        }
    }

    pub(super) async fn skip(&mut self, delivery: Delivery) {
        let (subject, sequence) = (delivery.subject(), delivery.info().stream_sequence);
        tracing::info!(subject, sequence, "a message was redriven for another consumer");
        self.outcome.skipped += 1;
        let debt = Debt::new(delivery.info(), Settlement::ack());
        self.ack(delivery, debt).await;
    }

    /// What to tell of an attempt; nothing if nobody listens.
    fn settled(&self, held: &Held, ending: impl FnOnce() -> Ending) -> Option<Box<Settled>> {
        let settled = || Settled {
            subject: held.delivery.subject().to_owned(),
            payload: held.delivery.payload().clone(),
            headers: held.delivery.headers().clone(),
            info: held.delivery.info().clone(),
            attempt: held.attempt,
            took: held.began.elapsed(),
            ending: ending(),
        };
        (!self.bound.after_settle.is_empty()).then(|| Box::new(settled()))
    }

    pub(super) fn tell(&self, settled: Option<Box<Settled>>) {
        let Some(settled) = settled else { return };
        for hook in &self.bound.after_settle {
            let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| hook(&settled)));
            if told.is_err() {
                tracing::error!("a hook panicked");
            }
        }
    }
}
