//! This library, through its public traits and with its defaults.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use pubsub_core::{Client, Delivery, OutboundMessage, PublishOptions, SubscribeOptions};
use pubsub_nats::{Discovery, NatsBroker, NatsConfig};
use tokio::sync::watch;

use super::{Ack, CONFIRMING, Id, Outcome, Party, Record, stopped};
use crate::Result;
use crate::site::{Site, stream};

pub(super) struct Ours {
    client: Client,
}

impl Ours {
    pub(super) async fn connect(site: &Site) -> Result<Self> {
        let mut config = NatsConfig::new(&site.url())?;
        if site.hides_addresses() {
            config = config.with_discovered_servers(Discovery::Ignore);
        }
        Ok(Self { client: Client::new(Arc::new(NatsBroker::connect(config).await?)) })
    }

    async fn try_publish(&self, id: Id) -> pubsub_core::Result<()> {
        let message = OutboundMessage::new(id.subject(), id.text())?.with_id(id.text())?;
        self.client.publish_message(message).await.map(drop)
    }
}

#[async_trait]
impl Party for Ours {
    async fn publish(&self, id: Id) -> Outcome {
        match self.try_publish(id).await {
            Ok(()) => Outcome::Stored,
            Err(error) if error.is_effect_unknown() => Outcome::Unknown,
            Err(_) => Outcome::Failed,
        }
    }

    async fn hand_over(&self, payload: Bytes) {
        let publisher = self.client.publisher();
        if let Ok(message) = OutboundMessage::new("faults.flood", payload) {
            // The receipt is not waited for: whoever floods does not look back.
            let _ = publisher.publish_with(message, PublishOptions::default()).await;
        }
    }

    async fn consume(&self, ack: Ack, record: Arc<Record>, mut stop: watch::Receiver<bool>) {
        let Ok(consumer) = self.client.consumer(stream(), ack.consumer()).await else {
            return record.told(ack);
        };
        let mut deliveries = consumer.subscribe(SubscribeOptions::default());
        let mut confirming = FuturesUnordered::new();
        loop {
            tokio::select! {
                biased;
                () = stopped(&mut stop) => return,
                Some(()) = confirming.next(), if !confirming.is_empty() => {}
                next = deliveries.next(), if confirming.len() < CONFIRMING => match next {
                    Some(Ok(delivery)) => {
                        let place = record.delivered(ack, delivery.payload());
                        match ack {
                            Ack::Plain => settle(delivery.ack(), &record, ack, place).await,
                            Ack::Confirmed => confirming.push(settle(confirmed(delivery), &record, ack, place)),
                        }
                    }
                    Some(Err(_)) => record.told(ack),
                    None => return,
                }
            }
        }
    }

    async fn close(&self) {
        // What is left of a run that was broken on purpose is of no interest.
        let _ = self.client.close().await;
    }
}

async fn confirmed(delivery: Delivery) -> pubsub_core::Result<()> {
    delivery.ack_confirmed().await
}

async fn settle(
    settling: impl Future<Output = pubsub_core::Result<()>>,
    record: &Record,
    ack: Ack,
    place: Option<usize>,
) {
    if settling.await.is_ok() {
        record.settled(ack, place);
    }
}
