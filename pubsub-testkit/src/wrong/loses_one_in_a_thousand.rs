use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use pubsub_core::Delivery;

use super::Tamper;

/// The likely cause: a buffer that overflows, with auto-ack.
#[derive(Debug, Default)]
pub(super) struct LosesOneInAThousand {
    seen: AtomicU64,
}

#[async_trait]
impl Tamper for LosesOneInAThousand {
    async fn batch(&self, deliveries: Vec<Delivery>) -> Vec<Delivery> {
        let mut kept = Vec::with_capacity(deliveries.len());
        for delivery in deliveries {
            if (self.seen.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(1000) {
                // Whether this works makes no difference: the message is not handed out.
                let _ = delivery.ack().await;
            } else {
                kept.push(delivery);
            }
        }
        kept
    }
}
