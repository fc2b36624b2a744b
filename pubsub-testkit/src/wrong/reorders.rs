use async_trait::async_trait;
use pubsub_core::Delivery;

use super::Tamper;

/// The likely cause: a list that is read from its end.
#[derive(Debug)]
pub(super) struct Reorders;

#[async_trait]
impl Tamper for Reorders {
    async fn batch(&self, mut deliveries: Vec<Delivery>) -> Vec<Delivery> {
        deliveries.reverse();
        deliveries
    }
}
