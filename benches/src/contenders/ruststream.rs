//! ruststream's in-memory broker, called as its documentation does.

use std::pin::pin;

use futures::StreamExt as _;
use ruststream_core::{IncomingMessage as _, OutgoingMessage, Publisher as _, Subscriber as _};
use ruststream_memory::MemoryBroker;

use crate::Result;
use crate::sample::{Sample, Stopwatch};

/// How rows call it.
pub(crate) const NAME: &str = "ruststream-memory 0.7";

/// One producer and one consumer, one message at a time.
pub(crate) async fn ack_each(bytes: usize, messages: u64) -> Result<Sample> {
    let broker = MemoryBroker::new();
    let publisher = broker.publisher();
    let mut subscriber = broker.subscribe("bench.one");
    let watch = Stopwatch::start();
    let consumed = tokio::spawn(async move {
        let mut received = pin!(subscriber.stream());
        for _ in 0..messages {
            received.next().await.ok_or("the subscription has ended")??.ack().await?;
        }
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
    });
    let payload = super::payload(bytes);
    for _ in 0..messages {
        publisher.publish(OutgoingMessage::new("bench.one", &payload), None).await?;
    }
    consumed.await??;
    Ok(watch.stop(messages))
}
