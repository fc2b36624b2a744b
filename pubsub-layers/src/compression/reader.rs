//! What consumers get: payload and headers as they were.

use std::sync::Arc;

use bytes::Bytes;
use futures::stream::BoxStream;
use pubsub_core::{Consumer, Delivery, FetchOptions, Headers, Message, Result, SubscribeOptions};

use super::Decoder;
use crate::around::{AroundConsumer, AroundMessage, around_delivery, deliveries};

/// What the message was before it was compressed.
#[derive(Debug)]
struct Decoded {
    headers: Headers,
    payload: Bytes,
}

impl AroundMessage for Decoded {
    fn payload<'a>(&'a self, _: &'a dyn Message) -> &'a Bytes {
        &self.payload
    }

    fn headers<'a>(&'a self, _: &'a dyn Message) -> &'a Headers {
        &self.headers
    }
}

impl Decoder {
    fn delivered(self, delivery: Delivery) -> Delivery {
        match self.decode(delivery.subject(), delivery.headers(), delivery.payload()) {
            Some((headers, payload)) => around_delivery(delivery, Decoded { headers, payload }),
            None => delivery,
        }
    }
}

impl AroundConsumer for Decoder {
    async fn fetch(&self, inner: &Arc<dyn Consumer>, options: FetchOptions) -> Result<Vec<Delivery>> {
        let batch = inner.fetch(options).await?;
        Ok(batch.into_iter().map(|delivery| self.delivered(delivery)).collect())
    }

    fn subscribe(
        &self,
        inner: Arc<dyn Consumer>,
        options: SubscribeOptions,
    ) -> BoxStream<'static, Result<Delivery>> {
        let decoder = *self;
        deliveries(inner, options, move |delivery| decoder.delivered(delivery))
    }
}
