//! tokio's channels: a hand-over without acks, log or second reader. Shown for scale; nothing is claimed against them.

use tokio::sync::mpsc;

use crate::Result;
use crate::sample::{Sample, Stopwatch};

/// A bounded channel, one message at a time.
pub(crate) async fn bounded(bytes: usize, messages: u64) -> Result<Sample> {
    let (sender, mut receiver) = mpsc::channel(1024);
    let watch = Stopwatch::start();
    let consumed = tokio::spawn(async move {
        let mut received = 0;
        while received < messages && receiver.recv().await.is_some() {
            received += 1;
        }
    });
    let payload = super::payload(bytes);
    for _ in 0..messages {
        sender.send(payload.clone()).await?;
    }
    consumed.await?;
    Ok(watch.stop(messages))
}

/// An unbounded channel, one message at a time.
pub(crate) async fn unbounded(bytes: usize, messages: u64) -> Result<Sample> {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let watch = Stopwatch::start();
    let consumed = tokio::spawn(async move {
        let mut received = 0;
        while received < messages && receiver.recv().await.is_some() {
            received += 1;
        }
    });
    let payload = super::payload(bytes);
    for _ in 0..messages {
        sender.send(payload.clone())?;
    }
    consumed.await?;
    Ok(watch.stop(messages))
}
