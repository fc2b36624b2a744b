//! async-nats, as its own examples use it: `publish(..).await?.await?`, `messages()`, `ack()` and `double_ack()`.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use pubsub_nats::async_nats::jetstream::consumer::PullConsumer;
use pubsub_nats::async_nats::jetstream::context::{PublishError, PublishErrorKind};
use pubsub_nats::async_nats::jetstream::{self, Context, Message};
use pubsub_nats::async_nats::{ConnectOptions, Error};
use tokio::sync::watch;
use tokio::time::sleep;

use super::{Ack, CONFIRMING, Id, Outcome, Party, Record, stopped};
use crate::Result;
use crate::site::{Site, stream};

/// Before a stream of messages that has ended is opened again, which the examples do not even do.
const PAUSE: Duration = Duration::from_millis(100);

pub(super) struct Raw {
    context: Context,
}

impl Raw {
    pub(super) async fn connect(site: &Site) -> Result<Self> {
        let mut options = ConnectOptions::new();
        if site.hides_addresses() {
            options = options.ignore_discovered_servers();
        }
        let client = options.connect(site.url().split(',').map(address).collect::<Vec<_>>()).await?;
        Ok(Self { context: jetstream::new(client) })
    }

    async fn try_publish(&self, id: Id) -> Result<(), PublishError> {
        self.context.publish(id.subject(), id.text().into()).await?.await.map(drop)
    }

    async fn open(&self, ack: Ack) -> Result<jetstream::consumer::pull::Stream> {
        let consumer: PullConsumer =
            self.context.get_consumer_from_stream(ack.consumer(), stream().as_str()).await?;
        Ok(consumer.messages().await?)
    }
}

/// Each address on its own, as async-nats wants them.
fn address(part: &str) -> String {
    if part.starts_with("nats://") { part.to_owned() } else { format!("nats://{part}") }
}

#[async_trait]
impl Party for Raw {
    async fn publish(&self, id: Id) -> Outcome {
        match self.try_publish(id).await.map_err(|error| error.kind()) {
            Ok(()) => Outcome::Stored,
            Err(PublishErrorKind::TimedOut | PublishErrorKind::BrokenPipe) => Outcome::Unknown,
            Err(_) => Outcome::Failed,
        }
    }

    async fn hand_over(&self, payload: Bytes) {
        // The confirmation is not waited for: whoever floods does not look back.
        let _ = self.context.publish("faults.flood", payload).await;
    }

    async fn consume(&self, ack: Ack, record: Arc<Record>, mut stop: watch::Receiver<bool>) {
        loop {
            let messages = tokio::select! {
                biased;
                () = stopped(&mut stop) => return,
                opened = self.open(ack) => opened,
            };
            if let Ok(messages) = messages {
                take(messages, ack, &record, &mut stop).await;
            }
            tokio::select! {
                biased;
                () = stopped(&mut stop) => return,
                () = sleep(PAUSE) => {}
            }
        }
    }

    async fn close(&self) {}
}

async fn take(
    mut messages: jetstream::consumer::pull::Stream,
    ack: Ack,
    record: &Record,
    stop: &mut watch::Receiver<bool>,
) {
    let mut confirming = FuturesUnordered::new();
    loop {
        tokio::select! {
            biased;
            () = stopped(stop) => return,
            Some(()) = confirming.next(), if !confirming.is_empty() => {}
            next = messages.next(), if confirming.len() < CONFIRMING => match next {
                Some(Ok(message)) => {
                    let place = record.delivered(ack, &message.payload);
                    match ack {
                        Ack::Plain => {
                            if message.ack().await.is_ok() {
                                record.settled(ack, place);
                            }
                        }
                        Ack::Confirmed => confirming.push(async move {
                            if double_ack(message).await.is_ok() {
                                record.settled(ack, place);
                            }
                        }),
                    }
                }
                Some(Err(_)) => record.told(ack),
                None => return,
            }
        }
    }
}

async fn double_ack(message: Message) -> Result<(), Error> {
    message.double_ack().await
}
