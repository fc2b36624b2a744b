//! Publishing with a window: [`publish_all`].

use std::collections::VecDeque;
use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, Stream, StreamExt as _};

use super::{PendingReceipt, PublishOptions, Publisher, Receipt};
use crate::Result;
use crate::message::OutboundMessage;

/// Publishes the messages in order, with at most `window` of them unconfirmed. Receipts are looked at in order only, which
/// takes far less than a set of futures that wake each other.
pub(super) fn publish_all<'a, P: Publisher + ?Sized>(
    publisher: &'a P,
    messages: impl Stream<Item = OutboundMessage> + Send + 'a,
    window: usize,
    options: PublishOptions,
) -> BoxStream<'a, Result<Receipt>> {
    let mut pipeline = Pipeline {
        publisher,
        options,
        messages: Some(messages.boxed()),
        accepting: None,
        unconfirmed: VecDeque::new(),
        window,
    };
    stream::poll_fn(move |context| pipeline.poll_next(context)).boxed()
}

struct Pipeline<'a, P: ?Sized> {
    publisher: &'a P,
    options: PublishOptions,
    /// `None` once all were taken.
    messages: Option<BoxStream<'a, OutboundMessage>>,
    /// The one that is being handed over.
    accepting: Option<BoxFuture<'a, Result<PendingReceipt>>>,
    unconfirmed: VecDeque<PendingReceipt>,
    window: usize,
}

impl<P: Publisher + ?Sized> Pipeline<'_, P> {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Receipt>>> {
        while self.poll_accept(context).is_ready() {}
        let Some(oldest) = self.unconfirmed.front_mut() else {
            let is_done = self.messages.is_none() && self.accepting.is_none();
            return if is_done { Poll::Ready(None) } else { Poll::Pending };
        };
        let outcome = ready!(Pin::new(oldest).poll(context));
        self.unconfirmed.pop_front();
        Poll::Ready(Some(outcome))
    }

    /// Hands one more message over, if there is room for it and one to hand over.
    fn poll_accept(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if let Some(accepting) = &mut self.accepting {
            let accepted = ready!(accepting.as_mut().poll(context));
            self.accepting = None;
            self.unconfirmed.push_back(accepted.unwrap_or_else(|error| PendingReceipt::ready(Err(error))));
            return Poll::Ready(());
        }
        let Some(messages) = self.messages.as_mut().filter(|_| self.unconfirmed.len() < self.window) else {
            return Poll::Pending;
        };
        match ready!(messages.as_mut().poll_next(context)) {
            Some(message) => {
                self.accepting = Some(self.publisher.publish_with(message, self.options.clone()));
            }
            None => self.messages = None,
        }
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;
    use futures::FutureExt as _;

    use super::super::ReceiptSender;
    use super::*;
    use crate::{Error, ErrorKind, StreamName};

    /// Confirms what it is told to; refuses empty messages.
    #[derive(Debug, Default)]
    struct ByHand(Mutex<VecDeque<ReceiptSender>>);

    #[async_trait]
    impl Publisher for ByHand {
        async fn publish_with(&self, message: OutboundMessage, _: PublishOptions) -> Result<PendingReceipt> {
            if message.payload.is_empty() {
                return Err(Error::new(ErrorKind::InvalidInput, "it is empty"));
            }
            let (sender, pending) = PendingReceipt::channel();
            self.0.lock().unwrap().push_back(sender);
            Ok(pending)
        }

        async fn flush(&self) -> Result<()> {
            Ok(())
        }
    }

    impl ByHand {
        fn confirm(&self, sequence: u64) {
            let sender = self.0.lock().unwrap().pop_front().unwrap();
            sender.send(Ok(Receipt::new(StreamName::new("S").unwrap(), sequence, false)));
        }

        fn unconfirmed(&self) -> usize {
            self.0.lock().unwrap().len()
        }
    }

    fn messages(payloads: &'static [&'static str]) -> impl Stream<Item = OutboundMessage> + Send {
        stream::iter(payloads.iter().map(|payload| OutboundMessage::new("a", *payload).unwrap()))
    }

    #[test]
    fn the_window_bounds_what_is_unconfirmed() {
        let publisher = ByHand::default();
        let options = PublishOptions::default();
        let mut receipts = publish_all(&publisher, messages(&["1", "2", "3"]), 2, options);
        assert!(receipts.next().now_or_never().is_none());
        assert_eq!(publisher.unconfirmed(), 2);
        publisher.confirm(1);
        assert_eq!(receipts.next().now_or_never().unwrap().unwrap().unwrap().sequence, Some(1));
        assert!(receipts.next().now_or_never().is_none());
        assert_eq!(publisher.unconfirmed(), 2);
        publisher.confirm(2);
        publisher.confirm(3);
        assert_eq!(receipts.next().now_or_never().unwrap().unwrap().unwrap().sequence, Some(2));
        assert_eq!(receipts.next().now_or_never().unwrap().unwrap().unwrap().sequence, Some(3));
        assert!(receipts.next().now_or_never().unwrap().is_none());
        assert!(receipts.next().now_or_never().unwrap().is_none(), "it stays at its end");
    }

    #[test]
    fn a_message_that_is_refused_keeps_its_place_and_stops_no_other() {
        let publisher = ByHand::default();
        let mut receipts = publish_all(&publisher, messages(&["1", "", "3"]), 3, PublishOptions::default());
        assert!(receipts.next().now_or_never().is_none());
        publisher.confirm(1);
        publisher.confirm(2);
        let outcomes: Vec<_> = std::iter::from_fn(|| receipts.next().now_or_never().flatten()).collect();
        assert!(matches!(&outcomes[..], [Ok(_), Err(_), Ok(_)]), "{outcomes:?}");
    }
}
