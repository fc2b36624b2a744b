//! A publish that waits for its confirmation: [`InFlight`].

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_nats::Message;
use pubsub_core::{Error, OutboundMessage, Receipt, ReceiptSender, Result, Retry, StreamName};
use tokio::time::Instant;

use super::ack::{self, Answer};
use super::outbox::{Job, Outbox};
use super::window::Reservation;
use crate::api;
use crate::connection::{Answered, Unanswered, Waiter};

/// The least time for one of several tries.
const SHORTEST_TRY: Duration = Duration::from_millis(50);
/// The most time for the first try; each one that follows has twice as much, up to the most for any.
const FIRST_TRY: Duration = Duration::from_secs(1);
const LONGEST_TRY: Duration = Duration::from_secs(4);

/// A publish that waits for its confirmation. It holds its room in the window for as long as it lives.
pub(crate) struct InFlight {
    pub(super) message: OutboundMessage,
    pub(super) receipt: ReceiptSender,
    pub(super) _room: Reservation,
    /// When it ends, whatever its outcome.
    pub(super) deadline: Instant,
    /// Whether it was handed to the connection, ever.
    pub(super) handed_over: bool,
    /// How it is tried again, if it is.
    pub(super) again: Option<Again>,
}

/// How a publish is tried again.
pub(super) struct Again {
    pub(super) outbox: Arc<Outbox>,
    /// Whether the message got its id for this.
    pub(super) made_id: bool,
    pub(super) first_try: Instant,
    /// How long one try waits for its confirmation.
    pub(super) patience: Duration,
    /// Whether the outcome of a try is not known.
    pub(super) in_doubt: bool,
    /// Why the last try was refused for a moment, if it was.
    pub(super) refusal: Option<Error>,
    /// How often nobody took it.
    pub(super) refusals: u32,
}

/// Whether a message got its id to be tried again.
#[derive(Clone, Copy)]
pub(super) struct MadeId(pub(super) bool);

impl Again {
    pub(super) fn new(
        outbox: &Arc<Outbox>,
        MadeId(made_id): MadeId,
        began: Instant,
        timeout: Duration,
    ) -> Self {
        Self {
            outbox: Arc::clone(outbox),
            made_id,
            first_try: began,
            patience: (timeout / 3).clamp(SHORTEST_TRY, FIRST_TRY),
            in_doubt: false,
            refusal: None,
            refusals: 0,
        }
    }
}

impl InFlight {
    /// When to look at it for the first time.
    pub(super) fn first_look(&self) -> Instant {
        self.first_look_from(Instant::now())
    }

    /// The same, for who knows what time it is.
    pub(super) fn first_look_from(&self, now: Instant) -> Instant {
        match &self.again {
            Some(again) if self.handed_over => self.deadline.min(now + again.patience),
            _ => self.deadline,
        }
    }

    /// How often it was refused for a moment.
    pub(super) fn refusals(&self) -> u32 {
        self.again.as_ref().map_or(0, |again| again.refusals)
    }

    /// Notes that it is sent now; gives the next time to look at it.
    pub(super) fn sent_again(&mut self) -> Instant {
        self.handed_over = true;
        if let Some(again) = &mut self.again {
            again.refusal = None;
        }
        self.first_look()
    }

    /// Whether it can be sent once more after a break, which leaves it in doubt.
    pub(super) fn survives_break(&mut self) -> bool {
        match &mut self.again {
            Some(again) if self.handed_over => {
                again.in_doubt = true;
                true
            }
            _ => false,
        }
    }

    /// Tells that it is stored in this stream, with all the others of its batch.
    pub(super) fn stored_in(self, stream: &StreamName) {
        let mut receipt = Receipt::new(stream.clone(), 0, false);
        (receipt.sequence, receipt.duplicate) = (None, None);
        self.finish(Ok(receipt));
    }

    /// Tells that nobody knows.
    pub(super) fn end_unknown(self) {
        let error = ack::unconfirmed(Unanswered::TimedOut, self.message.subject.as_str());
        self.finish(Err(error));
    }

    pub(super) fn finish(self, outcome: Result<Receipt>) {
        let subject = &self.message.subject;
        self.receipt
            .send(outcome.map_err(|error| error.with_operation("publish").with_context("subject", subject)));
    }

    /// What a confirmation says. One that an earlier try of the same message was stored is no duplicate for its caller.
    fn confirmed(&self, message: &Message) -> Result<Receipt> {
        let mut receipt = ack::receipt(message)?;
        if self.again.as_ref().is_some_and(|again| again.made_id) {
            receipt.duplicate = Some(false);
        }
        Ok(receipt)
    }

    fn unconfirmed(&mut self, why: Unanswered) -> Error {
        let (subject, in_doubt) =
            (self.message.subject.as_str(), self.again.as_ref().is_some_and(|again| again.in_doubt));
        if !self.handed_over && !in_doubt {
            return why.into_unsent(subject);
        }
        if why == Unanswered::TimedOut
            && let Some(again) = &mut self.again
            && !again.in_doubt
            && let Some(refusal) = again.refusal.take()
        {
            return refusal;
        }
        let error = ack::unconfirmed(why, subject);
        // The server has refused the last try; an earlier one may have been stored.
        if in_doubt { error.with_effect_unknown() } else { error }
    }
}

impl Waiter for InFlight {
    fn subject(&self) -> &str {
        self.message.subject.as_str()
    }

    fn resolve(mut self, answer: Result<Message, Unanswered>) {
        let outcome = match answer {
            Ok(message) => self.confirmed(&message),
            Err(why) => Err(self.unconfirmed(why)),
        };
        self.finish(outcome);
    }

    fn may_go_on_after(answer: &Message) -> bool {
        // An error is written first, by every server (measured on nats-server 2.10.26 to 2.15.1).
        answer.status.is_some() || answer.payload.starts_with(br#"{"error""#)
    }

    fn goes_on_without_answer(&mut self, token: u64, now: Instant, answered: Answered) -> Option<Instant> {
        let again = self.again.as_mut().filter(|_| now < self.deadline)?;
        // Answers come in the order of sending: while those to earlier publishes arrive, this one only waits for its turn,
        // and to send it again would make a slow connection slower.
        if answered.is_beyond(token) || answered.is_silent_for(again.patience, now) {
            again.in_doubt = true;
            again.outbox.add(Job::Overdue(token));
            again.patience = (again.patience * 2).min(LONGEST_TRY);
        }
        Some(self.deadline.min(now + again.patience))
    }

    fn goes_on_after(&mut self, token: u64, answer: &Message) -> Option<Instant> {
        let again = self.again.as_mut()?;
        let (job, refusal) = match ack::read(answer) {
            Answer::NobodyThere => (Job::NobodyThere(token), ack::nobody_there()),
            Answer::Refused { stream: Some(stream), error }
                if again.in_doubt
                    && matches!(
                        error.broker_code(),
                        Some(api::LAST_ID_DIFFERS | api::LAST_SEQUENCE_DIFFERS)
                    ) =>
            {
                again.outbox.add(Job::Compare(token, Box::new((stream, error))));
                return Some(self.deadline);
            }
            Answer::Refused { error, .. } if error.retry() == Retry::Later => (Job::Later(token), error),
            _ => return None,
        };
        again.refusal = Some(refusal);
        again.refusals += 1;
        again.outbox.add(job);
        Some(self.deadline)
    }
}

impl fmt::Debug for InFlight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InFlight").field("subject", &self.message.subject).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use pubsub_core::{ErrorKind, PendingReceipt};

    use super::super::Window;
    use super::*;

    const ALL: [Unanswered; 6] = [
        Unanswered::TimedOut,
        Unanswered::Denied,
        Unanswered::PerhapsDenied,
        Unanswered::Deaf,
        Unanswered::Refused,
        Unanswered::Closed,
    ];

    async fn error(why: Unanswered, handed_over: bool) -> Error {
        let (receipt, pending) = PendingReceipt::channel();
        let publish = InFlight {
            message: OutboundMessage::new("ride.n", "x").unwrap(),
            receipt,
            _room: Window::new(1, 100).try_reserve(1).unwrap(),
            deadline: Instant::now(),
            handed_over,
            again: None,
        };
        publish.resolve(Err(why));
        pending.await.unwrap_err()
    }

    #[tokio::test]
    async fn what_was_not_handed_over_is_never_in_doubt() {
        for why in ALL {
            let error = error(why, false).await;
            assert!(!error.is_effect_unknown(), "{why:?}: {error}");
            assert!(error.remedy().is_some() || error.kind() == ErrorKind::Closed, "{why:?}: {error}");
        }
    }

    #[tokio::test]
    async fn what_was_handed_over_is_in_doubt_unless_it_was_refused_by_its_subject() {
        for why in ALL {
            assert_eq!(error(why, true).await.is_effect_unknown(), why != Unanswered::Denied, "{why:?}");
        }
    }
}
