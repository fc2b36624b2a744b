//! Deliveries of messages that this process has settled: no handler gets them, and the server is told once more.

use pubsub_core::{Delivery, ErrorKind};
use tokio::time::timeout;

use super::{LOOK, NatsConsumer};

impl NatsConsumer {
    /// Whether the message of a delivery seems to be settled.
    pub(super) fn seems_settled(&self, delivery: &Delivery) -> bool {
        self.settles_each && self.activity.settled.remembers(delivery.info(), self.connection.breaks())
    }

    /// Settles the message once more. Gives it back where the consumer is meant to deliver it again: it is another one of
    /// the same name, or it was reset.
    pub(super) async fn settle_again(&self, delivery: Delivery) -> Option<Delivery> {
        if !self.activity.settled.is_clear() {
            match timeout(LOOK, self.look()).await {
                Ok(Ok(_)) => {}
                // Where nobody may ask, what is remembered has to do.
                Ok(Err(error)) if error.kind() == ErrorKind::PermissionDenied => {}
                _ => {
                    // It comes again after its ack wait, or it is gone. Not abandoned: whoever had it has settled it.
                    drop(delivery.into_message());
                    return None;
                }
            }
            self.activity.settled.clear();
        }
        if !self.seems_settled(&delivery) {
            return Some(delivery);
        }
        tracing::debug!(
            consumer = %self.name,
            sequence = delivery.info().stream_sequence,
            "a settled message came again, and is settled again"
        );
        self.connection.spawn(async move {
            // If it cannot be told now, the message comes again, to here.
            let _ = delivery.ack().await;
        });
        None
    }
}
