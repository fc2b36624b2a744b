//! The broker's confirmation of a publish: [`Receipt`], [`BatchReceipt`], and the wait for one: [`PendingReceipt`].

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::channel::oneshot;
use futures::future::{BoxFuture, FusedFuture};
use serde::Serialize;

use crate::counters::count_unobserved_publish_failure;
use crate::name::StreamName;
use crate::{Error, Result};

/// The broker's confirmation that it stores a message.
///
/// It means that the broker took the message, not that it is on a disk: that depends on the broker's own
/// settings (for nats-server `sync_interval`, 2 minutes by default, and the number of replicas).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Receipt {
    /// The stream that stores the message.
    pub stream: StreamName,
    /// Its sequence there; of a duplicate, that of the first. `None` only where the caller asked for a
    /// confirmation that cannot tell.
    pub sequence: Option<u64>,
    /// Whether a message with the same id was stored before, so that this one was not stored again. `None` only
    /// where the caller asked for a confirmation that cannot tell.
    pub duplicate: Option<bool>,
}

impl Receipt {
    /// A full confirmation. For backends.
    #[must_use]
    pub fn new(stream: StreamName, sequence: u64, duplicate: bool) -> Self {
        Self { stream, sequence: Some(sequence), duplicate: Some(duplicate) }
    }

    /// Whether the broker said that it had stored this message id before.
    #[must_use]
    pub fn is_duplicate(&self) -> bool {
        self.duplicate == Some(true)
    }
}

/// The broker's confirmation that it stores a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BatchReceipt {
    /// The stream that stores the messages.
    pub stream: StreamName,
    /// The sequence of the last message; those of the others are right before it.
    pub last_sequence: u64,
    /// How many messages were stored.
    pub messages: u64,
}

impl BatchReceipt {
    /// For backends.
    #[must_use]
    pub fn new(stream: StreamName, last_sequence: u64, messages: u64) -> Self {
        Self { stream, last_sequence, messages }
    }
}

/// The wait for a [`Receipt`]. Dropping it does not cancel the publish; a failure that nobody waited for is
/// counted ([`counters::unobserved_publish_failures`](crate::counters::unobserved_publish_failures)) and logged.
#[must_use = "a publish is confirmed only when its receipt resolves"]
pub struct PendingReceipt(Pending);

enum Pending {
    Ready(Result<Receipt>),
    Channel(oneshot::Receiver<Result<Receipt>>),
    Future(BoxFuture<'static, Result<Receipt>>),
    /// It has resolved.
    Done,
}

impl PendingReceipt {
    /// An outcome that is known already.
    pub fn ready(outcome: Result<Receipt>) -> Self {
        Self(Pending::Ready(outcome))
    }

    /// An outcome that another task sends. A failure sent after the receipt was dropped is counted and logged.
    pub fn channel() -> (ReceiptSender, Self) {
        let (sender, receiver) = oneshot::channel();
        (ReceiptSender(Some(sender)), Self(Pending::Channel(receiver)))
    }

    /// An outcome that a future computes. The future runs only while the receipt is awaited, so it suits layers
    /// that look at an outcome, not work that must go on.
    pub fn from_future(outcome: impl Future<Output = Result<Receipt>> + Send + 'static) -> Self {
        Self(Pending::Future(Box::pin(outcome)))
    }
}

/// Polled again after it has resolved, it stays pending for ever, as [`FusedFuture`] allows.
impl Future for PendingReceipt {
    type Output = Result<Receipt>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = match std::mem::replace(&mut self.0, Pending::Done) {
            Pending::Ready(outcome) => return Poll::Ready(outcome),
            Pending::Done => return Poll::Pending,
            Pending::Channel(mut receiver) => match Pin::new(&mut receiver).poll(context) {
                Poll::Ready(sent) => return Poll::Ready(sent.unwrap_or_else(|_| Err(sender_gone()))),
                Poll::Pending => Pending::Channel(receiver),
            },
            Pending::Future(mut outcome) => match outcome.as_mut().poll(context) {
                Poll::Ready(outcome) => return Poll::Ready(outcome),
                Poll::Pending => Pending::Future(outcome),
            },
        };
        self.0 = outcome;
        Poll::Pending
    }
}

impl FusedFuture for PendingReceipt {
    fn is_terminated(&self) -> bool {
        matches!(self.0, Pending::Done)
    }
}

impl Drop for PendingReceipt {
    fn drop(&mut self) {
        if matches!(self.0, Pending::Done) {
            return;
        }
        let failure = match std::mem::replace(&mut self.0, Pending::Done) {
            Pending::Ready(outcome) => outcome.err(),
            Pending::Channel(mut receiver) => {
                // Closed first: what is sent from now on, the sender counts.
                receiver.close();
                receiver.try_recv().ok().flatten().and_then(Result::err)
            }
            Pending::Future(_) | Pending::Done => None,
        };
        if let Some(error) = failure {
            count_unobserved_publish_failure(&error);
        }
    }
}

fn sender_gone() -> Error {
    Error::closed("publisher").with_operation("publish").with_effect_unknown()
}

impl std::fmt::Debug for PendingReceipt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PendingReceipt").finish_non_exhaustive()
    }
}

/// The other end of [`PendingReceipt::channel`]. Dropped without an outcome, it makes the publish *unknown*.
#[derive(Debug)]
pub struct ReceiptSender(Option<oneshot::Sender<Result<Receipt>>>);

impl ReceiptSender {
    /// Resolves the receipt. A failure is counted and logged if nobody waits for it any more.
    pub fn send(mut self, outcome: Result<Receipt>) {
        self.resolve(outcome);
    }

    fn resolve(&mut self, outcome: Result<Receipt>) {
        let Some(sender) = self.0.take() else { return };
        if let Err(Err(error)) = sender.send(outcome) {
            count_unobserved_publish_failure(&error);
        }
    }
}

impl Drop for ReceiptSender {
    fn drop(&mut self) {
        if self.0.is_some() {
            self.resolve(Err(sender_gone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;
    use crate::ErrorKind;
    use crate::counters::unobserved_publish_failures;

    fn failed() -> Result<Receipt> {
        Err(Error::new(ErrorKind::Timeout, "no confirmation"))
    }

    #[test]
    fn a_receipt_serialises_for_reports() {
        let receipt = Receipt::new(StreamName::new("RIDE").unwrap(), 7, false);
        let json = serde_json::to_string(&receipt).unwrap();
        assert_eq!(json, r#"{"stream":"RIDE","sequence":7,"duplicate":false}"#);
    }

    #[tokio::test]
    async fn a_sent_outcome_resolves_the_receipt() {
        let (sender, pending) = PendingReceipt::channel();
        let receipt = Receipt::new(StreamName::new("RIDE").unwrap(), 7, false);
        sender.send(Ok(receipt.clone()));
        assert_eq!(pending.await.unwrap(), receipt);
    }

    #[tokio::test]
    async fn a_sender_that_goes_away_leaves_the_effect_unknown() {
        let (sender, pending) = PendingReceipt::channel();
        drop(sender);
        assert!(pending.await.unwrap_err().is_effect_unknown());
    }

    /// One test, since the counter is the process's.
    #[test]
    fn a_failure_that_nobody_awaited_is_counted() {
        let before = unobserved_publish_failures();
        drop(PendingReceipt::ready(failed()));
        let (sender, pending) = PendingReceipt::channel();
        drop(pending);
        sender.send(failed());
        let (sender, pending) = PendingReceipt::channel();
        sender.send(failed());
        drop(pending);
        let (sender, pending) = PendingReceipt::channel();
        drop(sender);
        drop(pending);
        let (sender, pending) = PendingReceipt::channel();
        drop(pending);
        drop(sender);
        assert_eq!(unobserved_publish_failures() - before, 5);

        let (sender, pending) = PendingReceipt::channel();
        sender.send(failed());
        pending.now_or_never().unwrap().unwrap_err();
        assert_eq!(unobserved_publish_failures() - before, 5, "that one was observed");
    }

    #[test]
    fn a_resolved_receipt_may_be_polled_again() {
        for mut pending in [PendingReceipt::ready(failed()), PendingReceipt::from_future(async { failed() })]
        {
            assert!((&mut pending).now_or_never().is_some());
            assert!(pending.is_terminated());
            assert!((&mut pending).now_or_never().is_none());
        }
    }
}
