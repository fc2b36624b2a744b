//! What users call on a publisher: [`PublisherExt`].

use std::num::NonZeroUsize;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{BoxStream, Stream};
use serde::Serialize;

use super::{PublishOptions, Publisher, Receipt, pipeline};
use crate::message::OutboundMessage;
use crate::{Error, Result, Subject};

/// Convenience over [`Publisher`], for every publisher. Do not implement it.
///
/// ```
/// # use pubsub_core::{Publisher, PublisherExt, Result};
/// async fn announce(publisher: &dyn Publisher) -> Result<()> {
///     let receipt = publisher.publish("ride.pickup", "r-17").await?;
///     println!("stored in {} as {:?}", receipt.stream, receipt.sequence);
///     Ok(())
/// }
/// ```
#[async_trait]
pub trait PublisherExt: Publisher {
    /// Publishes and waits for the receipt.
    ///
    /// # Errors
    /// As [`Publisher::publish_with`] and its receipt.
    ///
    /// # Cancel safety
    /// Dropped before completion, the message is unsent, or sent and its outcome unknown.
    async fn publish<S, P>(&self, subject: S, payload: P) -> Result<Receipt>
    where
        S: TryInto<Subject, Error: Into<Error>> + Send,
        P: Into<Bytes> + Send,
    {
        self.publish_message(OutboundMessage::new(subject, payload)?).await
    }

    /// Publishes `value` as JSON and waits for the receipt.
    ///
    /// # Errors
    /// As [`publish`](Self::publish); [`ErrorKind::Codec`](crate::ErrorKind::Codec) if the value cannot be written.
    ///
    /// # Cancel safety
    /// As [`publish`](Self::publish).
    async fn publish_json<S, T>(&self, subject: S, value: &T) -> Result<Receipt>
    where
        S: TryInto<Subject, Error: Into<Error>> + Send,
        T: Serialize + Sync + ?Sized,
    {
        self.publish_message(OutboundMessage::json(subject, value)?).await
    }

    /// Publishes a message with its headers and its id, and waits for the receipt.
    ///
    /// # Errors
    /// As [`publish`](Self::publish).
    ///
    /// # Cancel safety
    /// As [`publish`](Self::publish).
    async fn publish_message(&self, message: OutboundMessage) -> Result<Receipt> {
        self.publish_with(message, PublishOptions::default()).await?.await
    }

    /// Publishes a stream of messages with at most `window` unconfirmed at a time, and gives one outcome for each,
    /// in order. Nothing is published unless the result is polled; a failed message does not stop the others.
    ///
    /// ```
    /// # use std::num::NonZeroUsize;
    /// # use futures::{stream, StreamExt};
    /// # use pubsub_core::{OutboundMessage, PublishOptions, Publisher, PublisherExt, Result};
    /// async fn import(publisher: &dyn Publisher, lines: Vec<String>) -> Result<usize> {
    ///     let messages = lines.into_iter().map(|line| OutboundMessage::new("import.line", line));
    ///     let messages = messages.collect::<Result<Vec<_>>>()?;
    ///     let options = PublishOptions::default();
    ///     let mut receipts = publisher.publish_all(stream::iter(messages), NonZeroUsize::MIN, options);
    ///     let mut stored = 0;
    ///     while let Some(receipt) = receipts.next().await {
    ///         stored += usize::from(!receipt?.is_duplicate());
    ///     }
    ///     Ok(stored)
    /// }
    /// ```
    fn publish_all<'a, M>(
        &'a self,
        messages: M,
        window: NonZeroUsize,
        options: PublishOptions,
    ) -> BoxStream<'a, Result<Receipt>>
    where
        M: Stream<Item = OutboundMessage> + Send + 'a,
    {
        pipeline::publish_all(self, messages, window.get(), options)
    }
}

impl<P: Publisher + ?Sized> PublisherExt for P {}
