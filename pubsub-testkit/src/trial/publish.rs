//! Publishing in a case.

use bytes::Bytes;
use futures::future::try_join_all;
use pubsub_core::{OutboundMessage, PublishOptions, PublisherExt as _, Receipt};

use super::Trial;
use crate::check::{CaseResult, placed};

impl Trial {
    /// A message to the subject of this label.
    pub(crate) fn message(&self, label: &str, payload: impl Into<Bytes>) -> CaseResult<OutboundMessage> {
        Ok(OutboundMessage::new(self.subject(label)?, payload)?)
    }

    /// Publishes to the subject of this label and waits for the receipt.
    #[track_caller]
    pub(crate) fn publish(
        &self,
        label: &str,
        payload: impl Into<Bytes> + Send,
    ) -> impl Future<Output = CaseResult<Receipt>> + Send {
        placed(async move {
            let message = self.message(label, payload)?;
            Ok(self.publisher().publish_message(message).await?)
        })
    }

    /// Publishes with a message id and waits for the receipt.
    #[track_caller]
    pub(crate) fn publish_with_id(
        &self,
        label: &str,
        id: &str,
    ) -> impl Future<Output = CaseResult<Receipt>> + Send {
        placed(async move {
            let message = self.message(label, id.to_owned())?.with_id(id)?;
            Ok(self.publisher().publish_message(message).await?)
        })
    }

    /// Publishes so many messages to one subject, with the payloads `0`, `1`, ..., and waits for all receipts.
    #[track_caller]
    pub(crate) fn publish_many(
        &self,
        label: &str,
        count: usize,
    ) -> impl Future<Output = CaseResult<Vec<Receipt>>> + Send {
        placed(async move {
            let mut pending = Vec::with_capacity(count);
            for number in 0..count {
                let message = self.message(label, number.to_string())?;
                pending.push(self.publisher().publish_with(message, PublishOptions::default()).await?);
            }
            Ok(try_join_all(pending).await?)
        })
    }
}
