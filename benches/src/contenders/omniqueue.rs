//! omniqueue's in-memory backend, called as its documentation does.

use omniqueue::backends::InMemoryBackend;

use crate::Result;
use crate::sample::{Sample, Stopwatch};

/// How rows call it.
pub(crate) const NAME: &str = "omniqueue 0.3";

/// One producer and one consumer, one message at a time.
pub(crate) async fn ack_each(bytes: usize, messages: u64) -> Result<Sample> {
    let (producer, mut consumer) = InMemoryBackend::builder().build_pair().await?;
    let watch = Stopwatch::start();
    let consumed = tokio::spawn(async move {
        for _ in 0..messages {
            let delivery = consumer.receive().await?;
            delivery.ack().await.map_err(|(error, _)| error)?;
        }
        Ok::<_, omniqueue::QueueError>(())
    });
    let payload = super::payload(bytes);
    for _ in 0..messages {
        producer.send_raw(&payload).await?;
    }
    consumed.await??;
    Ok(watch.stop(messages))
}
