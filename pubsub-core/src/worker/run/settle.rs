//! The settlements themselves: acks together, everything else one by one, beside the loop if they take time.

use std::task::Poll;

use futures::future::{BoxFuture, FutureExt as _};
use tokio::task::JoinError;
use tokio::time::{Instant, timeout_at};

use super::engine::Engine;
use super::owed::Debt;
use crate::message::{Delivery, Settlement};
use crate::worker::Failure;
use crate::{Capability, Result};

/// How settlements ended.
pub(super) type Paid = Vec<(Debt, Result<()>)>;

/// How many acks are sent together.
const ACKS: usize = 256;

impl Engine {
    /// Acknowledges, soon.
    pub(super) async fn ack(&mut self, delivery: Delivery, debt: Debt) {
        self.acks.push(delivery);
        self.ack_debts.push(debt);
        if self.acks.len() >= ACKS {
            self.flush_acks(false).await;
            // The next handler has not begun yet.
            self.moment.refresh();
        }
    }

    /// Sends the acks. `confirmed` has the broker answer, so that the last acks of a process are not lost with it.
    pub(super) async fn flush_acks(&mut self, confirmed: bool) {
        if self.acks.is_empty() {
            return;
        }
        let confirmed = confirmed && self.bound.capabilities.has(Capability::ConfirmedSettlement);
        let settlement = if confirmed { Settlement::ack().confirmed() } else { Settlement::ack() };
        let deliveries = std::mem::replace(&mut self.acks, Vec::with_capacity(ACKS));
        let debts = std::mem::replace(&mut self.ack_debts, Vec::with_capacity(ACKS));
        let consumer = std::sync::Arc::clone(&self.bound.consumer);
        let settling = async move { consumer.settle_many(deliveries, settlement).await };
        self.settle_beside(debts, settling.boxed()).await;
    }

    /// Settles one.
    pub(super) async fn settle_one(&mut self, delivery: Delivery, debt: Debt) {
        self.moment.worked();
        let settlement = debt.settlement.clone();
        let settling = async move { vec![delivery.settle(settlement).await] };
        self.settle_beside(vec![debt], settling.boxed()).await;
    }

    /// What cannot be handed over at once must not hold up the loop.
    async fn settle_beside(&mut self, debts: Vec<Debt>, mut settling: BoxFuture<'static, Vec<Result<()>>>) {
        if let Poll::Ready(results) = futures::poll!(&mut settling) {
            return debts.into_iter().zip(results).for_each(|(debt, result)| self.is_settled(debt, result));
        }
        debts.iter().filter(|debt| debt.is_end()).for_each(|debt| self.owed.note(debt.again()));
        self.settling.spawn(async move { debts.into_iter().zip(settling.await).collect() });
    }

    pub(super) fn are_settled(&mut self, paid: Result<Paid, JoinError>) {
        match paid {
            Ok(paid) => paid.into_iter().for_each(|(debt, result)| self.is_settled(debt, result)),
            Err(error) => tracing::error!(%error, "a settlement of a worker was lost"),
        }
    }

    fn is_settled(&mut self, mut debt: Debt, result: Result<()>) {
        match result {
            Ok(()) => {
                self.owed.forget(debt.sequence);
                self.outcome.done += u64::from(debt.is_attempt);
                self.tell(debt.settled.take());
                if debt.may_come_again() {
                    self.owed.note(debt.again().paid());
                }
            }
            Err(error) if debt.is_end() => {
                tracing::warn!(%error, "a settlement failed; it is made again when the message comes again");
                self.owed.note(debt);
            }
            Err(error) => {
                tracing::warn!(%error, "a settlement failed; the message comes again");
                self.outcome.unsettled += 1;
            }
        }
    }

    /// Has the last settlements confirmed, until then at the latest.
    pub(super) async fn settle_all(&mut self, until: Instant) {
        self.flush_acks(true).await;
        while let Ok(Some(paid)) = timeout_at(until, self.settling.join_next()).await {
            self.are_settled(paid);
        }
        self.settling.abort_all();
        self.outcome.unsettled += self.owed.unpaid() as u64;
    }
}

/// Says in the log that a message was given up. Its payload is not shown.
pub(super) fn log_given_up(delivery: &Delivery, attempts: u64, failure: &Failure, kept: bool) {
    let info = delivery.info();
    let (stream, consumer, sequence) = (&info.stream, &info.consumer, info.stream_sequence);
    let reason = failure.chain();
    if kept {
        tracing::warn!(%stream, %consumer, sequence, attempts, reason, "a message went to the dead letters");
    } else {
        tracing::error!(%stream, %consumer, sequence, attempts, reason, "a message was given up and is lost");
    }
}
