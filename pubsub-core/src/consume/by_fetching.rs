//! The default subscription: one fetch after the other.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, BoxStream, StreamExt as _};
use tokio::time::Instant;

use super::{Consumer, FetchOptions, SubscribeOptions};
use crate::message::Delivery;
use crate::{ErrorKind, Result, Retry};

/// How long one fetch waits before the next is made; it bounds how late a closed broker is noticed by a backend
/// whose fetch does not notice by itself.
const EXPIRES: Duration = Duration::from_secs(30);
/// The pause after an error that may pass and after an empty answer that came at once, so that nothing is asked in a
/// hot loop.
const PAUSE: Duration = Duration::from_millis(200);

/// What was fetched and not taken yet. Dropped, it hands everything back.
#[derive(Default)]
struct Ready(VecDeque<Delivery>);

impl Drop for Ready {
    fn drop(&mut self) {
        self.0.drain(..).for_each(Delivery::hand_back);
    }
}

struct Subscription<C: ?Sized> {
    consumer: Arc<C>,
    options: SubscribeOptions,
    ready: Ready,
    ended: bool,
    pausing: bool,
}

pub(super) fn subscribe<C: Consumer + ?Sized>(
    consumer: Arc<C>,
    options: SubscribeOptions,
) -> BoxStream<'static, Result<Delivery>> {
    let subscription =
        Subscription { consumer, options, ready: Ready::default(), ended: false, pausing: false };
    stream::unfold(subscription, |mut subscription| async move {
        let item = subscription.next().await?;
        Some((item, subscription))
    })
    // Polled again after its end it has still ended.
    .fuse()
    .boxed()
}

impl<C: Consumer + ?Sized> Subscription<C> {
    async fn next(&mut self) -> Option<Result<Delivery>> {
        if self.ended {
            return None;
        }
        if let Err(error) = self.options.validate() {
            self.ended = true;
            return Some(Err(error));
        }
        loop {
            if let Some(delivery) = self.ready.0.pop_front() {
                return Some(Ok(delivery));
            }
            if std::mem::take(&mut self.pausing) {
                tokio::time::sleep(PAUSE).await;
            }
            let fetch = FetchOptions::up_to(self.options.first_buffer())
                .with_expires(EXPIRES)
                .with_max_bytes(self.options.max_bytes)
                .with_on_drop(self.options.on_drop)
                .with_priority(self.options.priority);
            let asked = Instant::now();
            match self.consumer.fetch(fetch).await {
                Ok(batch) => {
                    // A backend that does not wait must not be asked in a hot loop.
                    self.pausing = batch.is_empty() && asked.elapsed() < PAUSE;
                    self.ready.0.extend(batch);
                }
                Err(error) if error.kind() == ErrorKind::Closed => return None,
                Err(error) => {
                    self.ended = error.retry() == Retry::Never;
                    self.pausing = true;
                    return Some(Err(error.with_operation("subscribe")));
                }
            }
        }
    }
}
