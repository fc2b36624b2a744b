//! Publishing in a case.

use bytes::Bytes;
use futures::future::try_join_all;
use pubsub_core::{OutboundMessage, PublisherExt as _, Receipt};

use super::Trial;
use crate::check::CaseResult;

impl Trial {
    /// A message to the subject of this label.
    pub(crate) fn message(&self, label: &str, payload: impl Into<Bytes>) -> CaseResult<OutboundMessage> {
        Ok(OutboundMessage::new(self.subject(label)?, payload)?)
    }

    /// Publishes to the subject of this label and waits for the receipt.
    pub(crate) async fn publish(&self, label: &str, payload: impl Into<Bytes> + Send) -> CaseResult<Receipt> {
        Ok(self
            .publisher()
            .publish_message(self.message(label, payload)?)
            .await?)
    }

    /// Publishes with a message id and waits for the receipt.
    pub(crate) async fn publish_with_id(&self, label: &str, id: &str) -> CaseResult<Receipt> {
        let message = self.message(label, id.to_owned())?.with_id(id)?;
        Ok(self.publisher().publish_message(message).await?)
    }

    /// Publishes so many messages to one subject, with the payloads `0`, `1`, ..., and waits for all receipts.
    pub(crate) async fn publish_many(&self, label: &str, count: usize) -> CaseResult<Vec<Receipt>> {
        let mut pending = Vec::with_capacity(count);
        for number in 0..count {
            let message = self.message(label, number.to_string())?;
            pending.push(self.publisher().publish_with(message, Default::default()).await?);
        }
        Ok(try_join_all(pending).await?)
    }
}
