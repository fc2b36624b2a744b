//! Where a scenario acts: [`Stage`].

use std::sync::Arc;
use std::time::Duration;

use pubsub_core::StreamAdmin;
use pubsub_testkit::fault_proxy::FaultProxy;
use pubsub_testkit::nats_cluster::NatsCluster;
use pubsub_testkit::nats_server::NatsServer;
use tokio::time::{Instant, sleep};

use crate::Result;
use crate::load::{Ack, consumer_config};
use crate::site::{Site, stream};

/// How long all is well before the first fault, and again before the next one.
pub(crate) const CALM: Duration = Duration::from_secs(2);

/// The servers under load, and the time that is left.
pub(crate) struct Stage {
    pub(crate) site: Site,
    /// Of whoever prepares and judges: its connection passes all proxies by.
    pub(crate) admin: Arc<dyn StreamAdmin>,
    pub(crate) quick: bool,
    began: Instant,
    length: Duration,
    faults: Vec<Fault>,
}

/// When something was broken, and when all was well again, from the beginning of the load.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fault {
    pub(crate) from: Duration,
    pub(crate) healed: Option<Duration>,
}

impl Stage {
    pub(crate) fn new(
        site: Site,
        admin: Arc<dyn StreamAdmin>,
        began: Instant,
        length: Duration,
        quick: bool,
    ) -> Self {
        Self { site, admin, quick, began, length, faults: Vec::new() }
    }

    /// Lets all be well for a while.
    pub(crate) async fn calm(&self) {
        sleep(CALM).await;
    }

    /// Whether a fault of this length can be followed by calm.
    pub(crate) fn has_time_for(&self, fault: Duration) -> bool {
        self.began.elapsed() + fault + CALM <= self.length
    }

    /// The full time of a fault, or less where it has to be quick.
    pub(crate) fn lasting(&self, full: Duration) -> Duration {
        if self.quick { full.min(Duration::from_secs(2)) } else { full }
    }

    /// Notes that something breaks now.
    pub(crate) fn breaks(&mut self) {
        self.faults.push(Fault { from: self.began.elapsed(), healed: None });
    }

    /// Notes that all is well from now on.
    pub(crate) fn is_well(&mut self) {
        let now = self.began.elapsed();
        if let Some(fault) = self.faults.last_mut() {
            fault.healed = Some(now);
        }
    }

    pub(crate) fn server(&mut self) -> Result<&mut NatsServer> {
        self.site.server()
    }

    pub(crate) fn cluster(&self) -> Result<&NatsCluster> {
        self.site.cluster()
    }

    pub(crate) fn wire(&self) -> Result<&FaultProxy> {
        self.site.wires().first().ok_or_else(|| "this scenario has no proxy".into())
    }

    /// Until the load ends.
    pub(crate) async fn rest(&self) {
        sleep(self.length.saturating_sub(self.began.elapsed())).await;
    }

    /// When all was well the last time after a fault.
    pub(crate) fn last_healed(&self) -> Option<Duration> {
        self.faults.iter().filter_map(|fault| fault.healed).max()
    }

    /// What was broken when.
    pub(crate) fn faults(&self) -> Vec<Fault> {
        self.faults.clone()
    }

    /// Makes a consumer anew, as somebody else would.
    pub(crate) async fn create_consumer(&self, ack: Ack) -> Result<()> {
        self.admin.create_consumer(&stream(), consumer_config(ack, self.quick)?).await?;
        Ok(())
    }
}
