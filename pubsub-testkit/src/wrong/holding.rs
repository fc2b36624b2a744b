//! Subscriptions that hold something as long as they live.

use futures::stream::{BoxStream, StreamExt as _};
use pubsub_core::{Delivery, Result};

/// The same deliveries. What they hold is dropped with them.
pub(super) fn holding<G: Send + 'static>(
    deliveries: impl futures::Stream<Item = Result<Delivery>> + Send + Unpin + 'static,
    guard: G,
) -> BoxStream<'static, Result<Delivery>> {
    futures::stream::unfold((deliveries, guard), |(mut deliveries, guard)| async move {
        let next = deliveries.next().await?;
        Some((next, (deliveries, guard)))
    })
    .boxed()
}
