//! The memory backend as a harness: [`MemoryHarness`].

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use pubsub_core::{Broker, Capability, Result};
use pubsub_memory::{MemoryConfig, MemoryServer};

use super::{Clock, Harness, StoreFaults};
use crate::expected::Expected;

/// A fresh memory store, on virtual time.
///
/// ```
/// use pubsub_testkit::{Clock, Harness, MemoryHarness};
///
/// assert_eq!(MemoryHarness::new().clock(), Clock::Virtual);
/// ```
#[derive(Debug, Default)]
pub struct MemoryHarness {
    config: MemoryConfig,
    /// Made at the first connection, inside the runtime whose time it is to follow.
    server: OnceLock<MemoryServer>,
}

impl MemoryHarness {
    /// A store of its own.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A store of its own with this configuration, such as that of an older server. By default that of
    /// [`MemoryConfig::default`].
    #[must_use]
    pub fn with_config(mut self, config: MemoryConfig) -> Self {
        self.config = config;
        self
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Harness for MemoryHarness {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn clock(&self) -> Clock {
        Clock::Virtual
    }

    async fn connect(&self) -> Result<Arc<dyn Broker>> {
        let server = match self.server.get() {
            Some(server) => server,
            None => {
                let made = MemoryServer::new(self.config.clone())?;
                self.server.get_or_init(|| made)
            }
        };
        Ok(Arc::new(server.connect()))
    }

    fn expected(&self) -> Expected {
        let version = self.config.server_version;
        let expected = Expected::without(Capability::ALL.iter().copied().filter(|has| !version.has(*has)));
        // Without a wire and a process of its own there are faults that it cannot have.
        expected.with_faults().skipping(["H3", "H4", "H8"]).skipping_without_features()
    }

    fn server(&self) -> Option<String> {
        None
    }

    /// Its connections are in this process, and hold nothing that could stay open.
    async fn open_connections(&self) -> Option<usize> {
        None
    }

    /// Those that can be pretended are.
    async fn faults(&self) -> Result<Option<Arc<dyn StoreFaults>>> {
        Ok(None)
    }

    async fn cluster_faults(&self) -> Result<Option<Arc<dyn StoreFaults>>> {
        Ok(None)
    }
}
