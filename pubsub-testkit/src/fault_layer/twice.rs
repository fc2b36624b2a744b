//! One message that is delivered twice: [`in_two`].

use std::sync::{Arc, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use pubsub_core::{DeliveryInfo, Headers, Message, Result, Settlement};

/// The message that both halves stand for, until one of them settles it.
type Shared = Arc<Inner>;

#[derive(Debug)]
struct Inner {
    message: tokio::sync::Mutex<Option<Box<dyn Message>>>,
    /// How many halves may still settle it.
    open: std::sync::Mutex<u8>,
}

/// Two deliveries of one message. The first settlement counts; it is given up only when both are.
pub(super) fn in_two(message: Box<dyn Message>) -> [Box<dyn Message>; 2] {
    let seen = Seen {
        subject: message.subject().to_owned(),
        payload: message.payload().clone(),
        headers: message.headers().clone(),
        info: message.info().clone(),
    };
    let shared =
        Arc::new(Inner { message: tokio::sync::Mutex::new(Some(message)), open: std::sync::Mutex::new(2) });
    let half = |seen: Seen| -> Box<dyn Message> { Box::new(Half { seen, shared: Arc::clone(&shared) }) };
    [half(seen.clone()), half(seen)]
}

#[derive(Debug, Clone)]
struct Seen {
    subject: String,
    payload: Bytes,
    headers: Headers,
    info: DeliveryInfo,
}

#[derive(Debug)]
struct Half {
    seen: Seen,
    shared: Shared,
}

impl Half {
    /// The message, if this was the last half of an unsettled one.
    fn last(self) -> Option<Box<dyn Message>> {
        let mut open = self.shared.open.lock().unwrap_or_else(PoisonError::into_inner);
        *open = open.saturating_sub(1);
        // The lock is only held while the other half settles or extends, and then that one has it.
        if *open == 0 { self.shared.message.try_lock().ok()?.take() } else { None }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Message for Half {
    fn subject(&self) -> &str {
        &self.seen.subject
    }

    fn payload(&self) -> &Bytes {
        &self.seen.payload
    }

    fn headers(&self) -> &Headers {
        &self.seen.headers
    }

    fn info(&self) -> &DeliveryInfo {
        &self.seen.info
    }

    async fn settle(self: Box<Self>, settlement: Settlement) -> Result<()> {
        let message = self.shared.message.lock().await.take();
        match message {
            Some(message) => message.settle(settlement).await,
            // As with JetStream, where the second settlement of a message says nothing.
            None => Ok(()),
        }
    }

    /// Every settlement takes the way of `settle`.
    fn settle_now(&self, _settlement: &Settlement) -> Option<Result<()>> {
        None
    }

    async fn extend(&self) -> Result<()> {
        match self.shared.message.lock().await.as_ref() {
            Some(message) => message.extend().await,
            None => Ok(()),
        }
    }

    fn abandon(self: Box<Self>) {
        if let Some(message) = self.last() {
            message.abandon();
        }
    }

    fn hand_back(self: Box<Self>) {
        if let Some(message) = self.last() {
            message.hand_back();
        }
    }
}
