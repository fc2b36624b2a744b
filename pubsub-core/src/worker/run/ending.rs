//! How an engine turns verdicts into settlements.

use std::cmp::Reverse;
use std::sync::Arc;

use tokio::time::Instant;

use super::attempt::{Ended, Finished, contained, publish_all};
use super::engine::Engine;
use super::held::Held;
use super::settle::{self, Acked};
use crate::message::{Delivery, Settlement};
use crate::worker::binding::GivenUp;
use crate::worker::handler::Wanted;
use crate::worker::{Ending, Failure, Settled};
use crate::{Capability, Result};

/// How many acks are sent together.
const ACKS: usize = 256;

impl Engine {
    pub(super) async fn settle(&mut self, id: u64, held: Held, ended: Ended) {
        if !matches!(ended, Ended::Publish(_)) {
            self.capacity.took(held.began.elapsed());
        }
        match ended {
            Ended::Done => {
                self.leave(held.key.as_deref());
                let settled = self.settled(&held, || Ending::Done);
                self.acks.push(Acked { delivery: held.delivery, settled });
                if self.acks.len() >= ACKS {
                    self.flush_acks(false).await;
                }
            }
            Ended::Publish(messages) => {
                let (publisher, origin) = (Arc::clone(&self.bound.publisher), held.delivery.info().clone());
                let publishing = publish_all(publisher, messages, origin);
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
        let age = self.clock.age(held.delivery.info().published_at);
        let (policy, attempt) = (&self.bound.retry, held.attempt);
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
        let settled = self.settled(&held, || Ending::Retried { after: delay, reason: failure.chain() });
        if held.key.is_none() && self.bound.capabilities.has(Capability::NakDelay) {
            settle::one(held.delivery, Settlement::nak_after(delay), &mut self.outcome).await;
        } else {
            // It keeps its lane meanwhile; the next of its key must not overtake it.
            held.attempt += 1;
            held.is_busy = false;
            self.delayed.push(Reverse((Instant::now() + delay, id)));
            self.held.insert(id, held);
        }
        self.tell(settled);
    }

    pub(super) async fn give_up(&mut self, id: u64, held: Held, failure: Failure) {
        match &self.bound.given_up {
            GivenUp::Kept(dead_letters) => {
                let has_ids = self.bound.capabilities.has(Capability::MessageId);
                let copy = dead_letters.copy_of(&*held.delivery, held.attempt, &failure, has_ids);
                let keeper = self.bound.keeper.clone();
                self.keeping.spawn(async move { (id, failure, keeper.keep(copy).await) });
                self.hold_busy(id, held);
            }
            GivenUp::Discarded => {
                settle::log_given_up(&held.delivery, held.attempt, &failure, false);
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
                settle::log_given_up(&held.delivery, held.attempt, failure, true);
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
        settle::one(held.delivery, settlement, &mut self.outcome).await;
    }

    /// Gives a lane on to the next message of its key.
    fn leave(&mut self, key: Option<&str>) {
        if let Some(next) = key.and_then(|key| self.lanes.leave(key)) {
            self.queued.push_back(next);
        }
    }

    pub(super) async fn skip(&mut self, delivery: Delivery) {
        settle::one(delivery, Settlement::ack(), &mut self.outcome).await;
    }

    pub(super) async fn flush_acks(&mut self, confirmed: bool) {
        let acks = std::mem::take(&mut self.acks);
        let settled = settle::ack(&*self.bound.consumer, acks, confirmed, &mut self.outcome).await;
        settled.into_iter().for_each(|settled| self.tell(Some(settled)));
    }

    /// What to tell of an attempt; nothing if nobody listens.
    fn settled(&self, held: &Held, ending: impl FnOnce() -> Ending) -> Option<Settled> {
        (!self.bound.after_settle.is_empty()).then(|| Settled {
            subject: held.delivery.subject().to_owned(),
            payload: held.delivery.payload().clone(),
            info: held.delivery.info().clone(),
            attempt: held.attempt,
            took: held.began.elapsed(),
            ending: ending(),
        })
    }

    fn tell(&self, settled: Option<Settled>) {
        let Some(settled) = settled else { return };
        for hook in &self.bound.after_settle {
            let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| hook(&settled)));
            if told.is_err() {
                tracing::error!("a hook panicked");
            }
        }
    }
}
