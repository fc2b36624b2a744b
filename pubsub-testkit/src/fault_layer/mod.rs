//! Faults between a user's code and any backend: [`FaultLayer`].

mod admin;
mod consumer;
mod core;
mod delivered;
mod fault;
mod link;
mod message;
mod plan;
mod publisher;
mod subscription;
mod twice;
mod when;

use std::sync::Arc;
use std::time::Duration;

use pubsub_core::{Consumer, CoreMessaging, Layer, Publisher, Result, StreamAdmin};

pub use fault::{DeliveryFault, ExtendFault, Fault, FetchFault, PublishFault, SettleFault};
pub use plan::Injected;
pub use when::When;

use admin::FaultyAdmin;
use consumer::FaultyConsumer;
use core::FaultyCore;
use link::PATIENCE;
use plan::Plan;
use publisher::FaultyPublisher;

/// A layer that injects faults into publishing and consuming, so that an application's handlers can be tested against
/// them: on the memory backend, in virtual time, the same way for the same seed. Administration and plain messages meet
/// one fault, a lost connection.
///
/// A rule names a point (publish, fetch, delivery, settle, extend), says [`When`] and what. Of several rules for one point
/// the first one that says yes is followed. Deliveries, settlements and extensions are judged by stream, consumer, sequence
/// and attempt, so that the same message meets the same fate in whatever order tasks run; publishes and fetches are judged
/// by their count. Without rules the layer changes nothing.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use pubsub_core::{Client, ConsumerConfig, FetchOptions, Provision, StreamConfig};
/// use pubsub_memory::{MemoryConfig, MemoryServer};
/// use pubsub_testkit::fault_layer::{FaultLayer, SettleFault, When};
///
/// # #[cfg(feature = "memory")]
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> pubsub_core::Result<()> {
/// let faults = FaultLayer::from_seed(7).on_settle(When::nth(1), SettleFault::Lose);
/// let memory = MemoryServer::new(MemoryConfig::default())?.connect();
/// let client = Client::new(Arc::new(memory)).with_layer(faults.clone());
/// client.ensure_stream(StreamConfig::new("RIDE", ["ride.>"])?, Provision::CreateIfMissing).await?;
/// let users = ConsumerConfig::durable("users")?.with_ack_wait(Duration::from_secs(30));
/// let users = client.ensure_consumer("RIDE", users, Provision::CreateIfMissing).await?;
///
/// client.publish("ride.pickup", "r-17").await?;
/// let mut handled = 0;
/// for delivery in users.fetch(FetchOptions::up_to(1)).await? {
///     handled += 1;
///     delivery.ack().await?; // says Ok, and is lost on its way
/// }
/// for delivery in users.fetch(FetchOptions::up_to(1).with_expires(Duration::from_secs(60))).await? {
///     handled += 1; // so the handler has to cope with the same message again
///     delivery.ack().await?;
/// }
/// assert_eq!(handled, 2);
/// assert_eq!(faults.injected().len(), 1);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "memory"))]
/// # fn main() {}
/// ```
///
/// Cloning shares the rules' counts and what was injected. Rules are given before the layer is put over a client.
#[derive(Debug, Clone)]
pub struct FaultLayer {
    plan: Arc<Plan>,
}

impl FaultLayer {
    /// A layer without rules. The seed decides what [`When::one_in`] picks.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        Self { plan: Arc::new(Plan::new(seed)) }
    }

    /// Injects a fault into publishes.
    #[must_use]
    pub fn on_publish(self, when: When, fault: PublishFault) -> Self {
        self.with(when, Fault::Publish(fault))
    }

    /// Injects a fault into fetches.
    #[must_use]
    pub fn on_fetch(self, when: When, fault: FetchFault) -> Self {
        self.with(when, Fault::Fetch(fault))
    }

    /// Injects a fault into deliveries, fetched or subscribed.
    #[must_use]
    pub fn on_delivery(self, when: When, fault: DeliveryFault) -> Self {
        self.with(when, Fault::Delivery(fault))
    }

    /// Injects a fault into settlements.
    #[must_use]
    pub fn on_settle(self, when: When, fault: SettleFault) -> Self {
        self.with(when, Fault::Settle(fault))
    }

    /// Injects a fault into extensions of the ack wait.
    #[must_use]
    pub fn on_extend(self, when: When, fault: ExtendFault) -> Self {
        self.with(when, Fault::Extend(fault))
    }

    /// Injects this fault at the point that it belongs to: for rules that come from a table.
    #[must_use]
    pub fn with(self, when: When, fault: Fault) -> Self {
        self.plan.add(when, fault);
        self
    }

    /// Cuts the connection for so long, from now, as [`PublishFault::Disconnect`] and [`FetchFault::Disconnect`] do.
    pub fn disconnect(&self, lasts: Duration) {
        self.plan.link().cut(lasts);
    }

    /// Ends every fault for good: the connection is back and no rule is followed any more. What is to be true in the end
    /// can be checked from here on.
    pub fn heal(&self) {
        self.plan.heal();
    }

    /// Ends every fault and forgets the rules; those that are given afterwards are followed.
    pub(crate) fn forget(&self) {
        self.plan.forget();
    }

    /// Whether there is a connection.
    pub(crate) fn is_connected(&self) -> bool {
        self.plan.link().is_up()
    }

    /// Waits for a connection, as long as calls do that say nothing of it.
    pub(crate) async fn connected(&self, operation: &'static str) -> Result<()> {
        self.plan.connected(operation, PATIENCE).await
    }

    /// What was injected until now, in order.
    #[must_use]
    pub fn injected(&self) -> Vec<Injected> {
        self.plan.injected()
    }
}

impl Layer for FaultLayer {
    fn publisher(&self, inner: Arc<dyn Publisher>) -> Arc<dyn Publisher> {
        Arc::new(FaultyPublisher::new(inner, Arc::clone(&self.plan)))
    }

    fn consumer(&self, inner: Arc<dyn Consumer>) -> Arc<dyn Consumer> {
        Arc::new(FaultyConsumer::new(inner, Arc::clone(&self.plan)))
    }

    fn admin(&self, inner: Arc<dyn StreamAdmin>) -> Arc<dyn StreamAdmin> {
        Arc::new(FaultyAdmin::new(inner, Arc::clone(&self.plan)))
    }

    fn core(&self, inner: Arc<dyn CoreMessaging>) -> Arc<dyn CoreMessaging> {
        Arc::new(FaultyCore::new(inner, Arc::clone(&self.plan)))
    }
}
