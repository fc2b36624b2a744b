//! Faults for a store in the same process, which has no wire: a layer pretends that there is one.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use pubsub_core::{Broker, Client, Error, ErrorKind, Result};

use super::Harness;
use super::store_faults::{StoreFault, StoreFaults};
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
}

#[async_trait]
impl StoreFaults for PretendedFaults {
    fn can(&self, fault: StoreFault) -> bool {
        !matches!(fault, StoreFault::Refuse | StoreFault::LeaderLost)
    }

    async fn connect(&self) -> Result<Arc<dyn Broker>> {
        if *self.injected.lock().unwrap_or_else(PoisonError::into_inner) == Some(StoreFault::Crash) {
            return Err(Error::new(ErrorKind::Unavailable, "the store has crashed"));
        }
        let inner = self.harness.connect().await?;
        Ok(Arc::new(Client::new(inner).with_layer(self.layer.clone())))
    }

    async fn inject(&self, fault: StoreFault) -> Result<()> {
        *self.injected.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
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
            _ => layer.disconnect(Duration::ZERO),
        }
        Ok(())
    }

    async fn heal(&self) -> Result<()> {
        match self.injected.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // So that it can be cut again.
            Some(StoreFault::Cut | StoreFault::Crash) => self.layer.disconnect(Duration::ZERO),
            Some(_) => self.layer.heal(),
            None => {}
        }
        Ok(())
    }
}
