//! Faults for a store in the same process, which has no wire: a layer pretends that there is one.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use pubsub_core::{
    Broker, Capabilities, Client, Consumer, ConsumerName, CoreMessaging, Error, ErrorKind, Health, Publisher,
    Result, StreamAdmin, StreamName,
};

use super::Harness;
use super::store_faults::{StoreFault, StoreFaults, not_here};
use crate::fault_layer::{FaultLayer, FetchFault, PublishFault, SettleFault, When};

/// Longer than any case, unless it is healed.
const FOR_GOOD: Duration = Duration::from_secs(365 * 24 * 3600);

/// Faults of a [`FaultLayer`] over the connections of any harness.
#[derive(Debug)]
pub(crate) struct PretendedFaults {
    harness: Arc<dyn Harness>,
    layer: FaultLayer,
    injected: Mutex<Option<StoreFault>>,
}

impl PretendedFaults {
    pub(crate) fn over(harness: Arc<dyn Harness>) -> Self {
        Self { harness, layer: FaultLayer::from_seed(0), injected: Mutex::default() }
    }

    fn set(&self, fault: Option<StoreFault>) {
        *self.injected.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl StoreFaults for PretendedFaults {
    fn can(&self, fault: StoreFault) -> bool {
        match fault {
            StoreFault::Crash
            | StoreFault::Cut
            | StoreFault::Reset
            | StoreFault::AnswersLost
            | StoreFault::Slow(_) => true,
            StoreFault::Refuse | StoreFault::LeaderLost => false,
        }
    }

    async fn connect(&self) -> Result<Arc<dyn Broker>> {
        if *self.injected.lock().unwrap_or_else(PoisonError::into_inner) == Some(StoreFault::Crash) {
            return Err(Error::new(ErrorKind::Unavailable, "the store has crashed"));
        }
        self.layer.connected("connect").await?;
        let inner = self.harness.connect().await?;
        let client = Client::new(inner).with_layer(self.layer.clone());
        Ok(Arc::new(PretendedBroker { client, layer: self.layer.clone() }))
    }

    async fn inject(&self, fault: StoreFault) -> Result<()> {
        let layer = self.layer.clone();
        match fault {
            // What is stored stays, as on a disk.
            StoreFault::Cut | StoreFault::Crash => layer.disconnect(FOR_GOOD),
            StoreFault::AnswersLost => drop(
                layer
                    .on_publish(When::always(), PublishFault::UnknownStored)
                    .on_settle(When::always(), SettleFault::LoseAnswer),
            ),
            StoreFault::Slow(delay) => drop(
                layer
                    .on_publish(When::always(), PublishFault::Delay(delay))
                    .on_fetch(When::always(), FetchFault::Delay(delay))
                    .on_settle(When::always(), SettleFault::Delay(delay)),
            ),
            StoreFault::Reset => layer.disconnect(Duration::ZERO),
            StoreFault::Refuse | StoreFault::LeaderLost => return Err(not_here(fault)),
        }
        self.set(Some(fault));
        Ok(())
    }

    async fn heal(&self) -> Result<()> {
        // Not for good: there may be another one.
        self.layer.forget();
        self.set(None);
        Ok(())
    }

    /// Its layer is its own.
    fn is_apart(&self) -> bool {
        true
    }

    fn tried(&self) -> Option<u64> {
        None
    }
}

/// What the layer does not reach: opening a consumer, and how the connection does.
#[derive(Debug)]
struct PretendedBroker {
    client: Client,
    layer: FaultLayer,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Broker for PretendedBroker {
    fn capabilities(&self) -> Capabilities {
        Broker::capabilities(&self.client)
    }

    fn publisher(&self) -> Arc<dyn Publisher> {
        Broker::publisher(&self.client)
    }

    async fn consumer(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<Arc<dyn Consumer>> {
        self.layer.connected("consumer").await?;
        Broker::consumer(&self.client, stream, consumer).await
    }

    fn admin(&self) -> Option<Arc<dyn StreamAdmin>> {
        Broker::admin(&self.client)
    }

    fn core(&self) -> Option<Arc<dyn CoreMessaging>> {
        Broker::core(&self.client)
    }

    async fn health(&self) -> Health {
        if !self.layer.is_connected() {
            return Health::unhealthy("there is no connection");
        }
        Broker::health(&self.client).await
    }

    async fn close(&self) -> Result<()> {
        Broker::close(&self.client).await
    }

    fn native(&self) -> Option<&dyn Any> {
        Broker::native(&self.client)
    }
}

#[cfg(all(test, feature = "memory"))]
mod tests {
    use pubsub_core::{PublisherExt as _, StreamConfig};
    use tokio::time::Instant;

    use super::*;
    use crate::harness::MemoryHarness;

    const DELAY: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn what_was_healed_can_be_injected_again() -> Result<()> {
        let faults = PretendedFaults::over(Arc::new(MemoryHarness::new()));
        let broker = faults.connect().await?;
        let admin = broker.admin().unwrap();
        admin.create_stream(StreamConfig::new("RIDE", ["ride"])?).await?;
        for _ in 0..2 {
            faults.inject(StoreFault::Slow(DELAY)).await?;
            let began = Instant::now();
            broker.publisher().publish("ride", "x").await?;
            assert_eq!(began.elapsed(), DELAY);
            faults.heal().await?;
            let began = Instant::now();
            broker.publisher().publish("ride", "x").await?;
            assert_eq!(began.elapsed(), Duration::ZERO);
        }
        Ok(())
    }

    #[tokio::test(start_paused = true)]
    async fn a_cut_stops_everything_and_shows() -> Result<()> {
        let faults = PretendedFaults::over(Arc::new(MemoryHarness::new()));
        let broker = faults.connect().await?;
        faults.inject(StoreFault::Cut).await?;
        assert!(!broker.health().await.is_usable());
        let refused = broker.consumer(&"RIDE".try_into()?, &"users".try_into()?).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unavailable);
        assert_eq!(faults.connect().await.unwrap_err().kind(), ErrorKind::Unavailable);
        faults.heal().await?;
        assert!(broker.health().await.is_usable());
        Ok(())
    }

    #[tokio::test(start_paused = true)]
    async fn a_fault_that_cannot_be_had_is_refused() {
        let faults = PretendedFaults::over(Arc::new(MemoryHarness::new()));
        for fault in [StoreFault::Refuse, StoreFault::LeaderLost] {
            assert!(!faults.can(fault));
            assert_eq!(faults.inject(fault).await.unwrap_err().kind(), ErrorKind::Unsupported);
        }
    }
}
