//! A delivery made of parts: what a backend that keeps its messages itself hands out.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use super::{Delivery, DeliveryInfo, Message, Settlement};
use crate::Result;
use crate::admin::StoredMessage;
use crate::headers::Headers;

struct StoredDelivery<F> {
    stored: Arc<StoredMessage>,
    info: DeliveryInfo,
    settle: F,
}

impl Delivery {
    /// For backends that keep their messages themselves and settle without waiting: a delivery of a stored message, so
    /// that they need no [`Message`] of their own.
    ///
    /// `settle` is called at most once: with the user's settlement, or with a nak for a delivery that was prefetched
    /// and never handed out. It refuses what it cannot do ([`Settlement::check`]). A delivery that is dropped settles
    /// nothing: its ack wait goes on. `extend` is refused; a backend that can do that, or
    /// [`OnDrop::NakAfter`](crate::OnDrop::NakAfter), implements [`Message`].
    ///
    /// ```
    /// use std::sync::{Arc, mpsc::channel};
    /// use std::time::SystemTime;
    ///
    /// use pubsub_core::{
    ///     Capabilities, ConsumerName, Delivery, DeliveryInfo, Headers, SettlementKind, StoredMessage, StreamName,
    /// };
    ///
    /// # futures::executor::block_on(async {
    /// let at = SystemTime::UNIX_EPOCH;
    /// let stored = StoredMessage::new("ride.pickup".into(), 1, at, Headers::new(), "r-17".into());
    /// let info = DeliveryInfo::new(StreamName::new("RIDE")?, ConsumerName::new("users")?, 1, 1, 1, 0, at);
    ///
    /// let (settle, settled) = channel();
    /// let delivery = Delivery::from_stored(Arc::new(stored), info, move |info, settlement| {
    ///     settlement.check(Capabilities::minimum())?;
    ///     settle.send((info.stream_sequence, settlement.kind().clone())).ok();
    ///     Ok(())
    /// });
    /// delivery.ack().await?;
    /// assert_eq!(settled.recv(), Ok((1, SettlementKind::Ack)));
    /// # Ok::<(), pubsub_core::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn from_stored(
        stored: Arc<StoredMessage>,
        info: DeliveryInfo,
        settle: impl Fn(&DeliveryInfo, &Settlement) -> Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self::new(Box::new(StoredDelivery { stored, info, settle }))
    }
}

#[async_trait]
impl<F> Message for StoredDelivery<F>
where
    F: Fn(&DeliveryInfo, &Settlement) -> Result<()> + Send + Sync + 'static,
{
    fn subject(&self) -> &str {
        &self.stored.subject
    }

    fn payload(&self) -> &Bytes {
        &self.stored.payload
    }

    fn headers(&self) -> &Headers {
        &self.stored.headers
    }

    fn info(&self) -> &DeliveryInfo {
        &self.info
    }

    async fn settle(self: Box<Self>, settlement: Settlement) -> Result<()> {
        (self.settle)(&self.info, &settlement)
    }

    fn abandon(self: Box<Self>) {}

    fn hand_back(self: Box<Self>) {
        // A failure only means that it comes later.
        let _ = (self.settle)(&self.info, &Settlement::nak());
    }
}

impl<F> fmt::Debug for StoredDelivery<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredDelivery")
            .field("stored", &self.stored)
            .field("info", &self.info)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::SystemTime;

    use super::*;
    use crate::{ConsumerName, ErrorKind, StreamName};

    type Settled = Arc<Mutex<Vec<(u64, Settlement)>>>;

    fn delivery() -> (Delivery, Settled) {
        let at = SystemTime::UNIX_EPOCH;
        let stored =
            StoredMessage::new("ride.pickup".into(), 7, at, Headers::new(), Bytes::from_static(b"r-17"));
        let (stream, consumer) = (StreamName::new("RIDE").unwrap(), ConsumerName::new("users").unwrap());
        let info = DeliveryInfo::new(stream, consumer, 7, 1, 1, 0, at);
        let settled = Settled::default();
        let log = Arc::clone(&settled);
        let delivery = Delivery::from_stored(Arc::new(stored), info, move |info, settlement| {
            log.lock().unwrap().push((info.stream_sequence, settlement.clone()));
            Ok(())
        });
        (delivery, settled)
    }

    #[test]
    fn it_shows_what_is_stored() {
        let (delivery, _) = delivery();
        assert_eq!(delivery.subject(), "ride.pickup");
        assert_eq!(delivery.payload(), "r-17");
        assert_eq!(delivery.info().stream_sequence, 7);
    }

    #[tokio::test]
    async fn a_settlement_reaches_the_backend() {
        let (delivery, settled) = delivery();
        delivery.term("broken").await.unwrap();
        assert_eq!(*settled.lock().unwrap(), [(7, Settlement::term_because("broken"))]);
    }

    #[test]
    fn a_drop_settles_nothing() {
        let (delivery, settled) = delivery();
        drop(delivery);
        assert!(settled.lock().unwrap().is_empty());
    }

    #[test]
    fn handed_back_it_is_nakked() {
        let (delivery, settled) = delivery();
        delivery.hand_back();
        assert_eq!(*settled.lock().unwrap(), [(7, Settlement::nak())]);
    }

    #[tokio::test]
    async fn to_extend_is_refused() {
        let (delivery, _settled) = delivery();
        assert_eq!(delivery.extend().await.unwrap_err().kind(), ErrorKind::Unsupported);
    }
}
