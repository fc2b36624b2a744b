//! The broker's time: [`BrokerClock`].

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::Result;
use crate::admin::{ConsumerConfig, StreamAdmin};
use crate::name::StreamName;
use crate::subject::{Subject, SubjectFilter};

/// The broker's time, as it was when a consumer was made, and tokio's since. It is not behind, and ahead by no more
/// than that took.
#[derive(Debug)]
pub(super) struct BrokerClock {
    admin: Arc<dyn StreamAdmin>,
    stream: StreamName,
    /// What that consumer is to see: nothing.
    filter: SubjectFilter,
    known: Mutex<Option<Reading>>,
}

#[derive(Debug, Clone, Copy)]
struct Reading {
    wall: SystemTime,
    since: Instant,
}

impl BrokerClock {
    /// For how long a reading is good. Clocks drift by less than a tenth of a second in it.
    const GOOD: Duration = Duration::from_secs(600);

    pub(super) fn new(admin: Arc<dyn StreamAdmin>, stream: StreamName, plans: &Subject) -> Result<Self> {
        let filter = SubjectFilter::new(format!("{plans}.of-the-clock"))?;
        Ok(Self { admin, stream, filter, known: Mutex::default() })
    }

    pub(super) async fn now(&self) -> SystemTime {
        let known = *self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let reading = match known.filter(|known| known.since.elapsed() < Self::GOOD) {
            Some(known) => known,
            None => self.read().await,
        };
        reading.wall + reading.since.elapsed()
    }

    async fn read(&self) -> Reading {
        let since = Instant::now();
        let mut config = ConsumerConfig::ephemeral();
        config.filters = vec![self.filter.clone()];
        let reading = match self.admin.create_consumer(&self.stream, config).await {
            Ok(info) => {
                // If it cannot be removed it goes by itself.
                let _ = self.admin.delete_consumer(&self.stream, &info.name).await;
                Reading { wall: info.created, since }
            }
            Err(error) => {
                tracing::warn!(%error, "the broker's time cannot be told; delays are by this machine's clock");
                Reading { wall: SystemTime::now(), since: Instant::now() }
            }
        };
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(reading);
        reading
    }
}
