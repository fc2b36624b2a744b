//! The broker's confirmation of a publish: [`Receipt`], and the wait for it: [`PendingReceipt`].

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::channel::oneshot;
use futures::future::BoxFuture;

use crate::counters::count_unobserved_publish_failure;
use crate::name::StreamName;
use crate::{Error, ErrorKind, Result};

/// The broker's confirmation that it stores a message.
///
/// It means that the broker took the message, not that it is on a disk: that depends on the broker's own
/// settings (for nats-server `sync_interval`, 2 minutes by default, and the number of replicas).
#[derive(Debug, Clone, PartialEq, Eq)]
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
        Self {
            stream,
            sequence: Some(sequence),
            duplicate: Some(duplicate),
        }
    }

    /// Whether the broker said that it had stored this message id before.
    #[must_use]
    pub fn is_duplicate(&self) -> bool {
        self.duplicate == Some(true)
    }
}

/// The wait for a [`Receipt`]. Dropping it does not cancel the publish; a failure that nobody waited for is
/// counted ([`counters::unobserved_publish_failures`](crate::counters::unobserved_publish_failures)) and logged.
#[must_use = "a publish is confirmed only when its receipt resolves"]
pub struct PendingReceipt(Pending);

enum Pending {
    Ready(Option<Result<Receipt>>),
    Channel(oneshot::Receiver<Result<Receipt>>),
    Future(BoxFuture<'static, Result<Receipt>>),
}

impl PendingReceipt {
    /// An outcome that is known already.
    pub fn ready(outcome: Result<Receipt>) -> Self {
        Self(Pending::Ready(Some(outcome)))
    }

    /// An outcome that another task sends. A failure sent after the receipt was dropped is counted and logged.
    pub fn channel() -> (ReceiptSender, Self) {
        let (sender, receiver) = oneshot::channel();
        (ReceiptSender(sender), Self(Pending::Channel(receiver)))
    }

    /// An outcome that a future computes. The future runs only while the receipt is awaited, so it suits layers
    /// that look at an outcome, not work that must go on.
    pub fn from_future(outcome: impl Future<Output = Result<Receipt>> + Send + 'static) -> Self {
        Self(Pending::Future(Box::pin(outcome)))
    }
}

impl Future for PendingReceipt {
    type Output = Result<Receipt>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Pending::Ready(outcome) => Poll::Ready(outcome.take().unwrap_or_else(|| {
                Err(Error::new(
                    ErrorKind::Unexpected,
                    "a receipt was polled after it had resolved",
                ))
            })),
            Pending::Channel(receiver) => Pin::new(receiver).poll(context).map(|sent| {
                sent.unwrap_or_else(|oneshot::Canceled| {
                    Err(Error::closed("publisher")
                        .with_operation("publish")
                        .with_effect_unknown())
                })
            }),
            Pending::Future(outcome) => outcome.as_mut().poll(context),
        }
    }
}

impl Drop for PendingReceipt {
    fn drop(&mut self) {
        let failure = match &mut self.0 {
            Pending::Ready(outcome) => outcome.take().and_then(Result::err),
            Pending::Channel(receiver) => receiver.try_recv().ok().flatten().and_then(Result::err),
            Pending::Future(_) => None,
        };
        if let Some(error) = failure {
            count_unobserved_publish_failure(&error);
        }
    }
}

impl std::fmt::Debug for PendingReceipt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PendingReceipt").finish_non_exhaustive()
    }
}

/// The other end of [`PendingReceipt::channel`]. Dropped without an outcome, it makes the publish *unknown*.
#[derive(Debug)]
pub struct ReceiptSender(oneshot::Sender<Result<Receipt>>);

impl ReceiptSender {
    /// Resolves the receipt. A failure is counted and logged if nobody waits for it any more.
    pub fn send(self, outcome: Result<Receipt>) {
        if let Err(Err(error)) = self.0.send(outcome) {
            count_unobserved_publish_failure(&error);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counters::unobserved_publish_failures;

    fn failed() -> Result<Receipt> {
        Err(Error::new(ErrorKind::Timeout, "no confirmation"))
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
        assert_eq!(unobserved_publish_failures() - before, 3);
    }
}
