//! A harness that is one function: [`Connecting`].

use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

use async_trait::async_trait;
use pubsub_core::{Broker, Result};

use super::{Clock, Harness, StoreFaults};
use crate::expected::Expected;

/// A harness made of a name, a clock and a function that connects to one store. What a backend needs that starts
/// nothing for its tests.
///
/// ```
/// # #[cfg(feature = "memory")] {
/// use pubsub_memory::{MemoryConfig, MemoryServer};
/// use pubsub_testkit::{Clock, Connecting, Harness};
///
/// let store = MemoryServer::new(MemoryConfig::default())?;
/// let harness = Connecting::new("mine", Clock::Virtual, move || Ok(store.connect()));
/// assert_eq!(harness.name(), "mine");
/// # }
/// # Ok::<(), pubsub_core::Error>(())
/// ```
pub struct Connecting<F> {
    name: &'static str,
    clock: Clock,
    connect: F,
    expected: Expected,
}

impl<F, B> Connecting<F>
where
    F: Fn() -> Result<B> + Send + Sync + 'static,
    B: Broker,
{
    /// `connect` is called for each connection, inside the runtime of the case, and must reach the same store each
    /// time. A backend whose connecting is asynchronous implements [`Harness`] itself.
    pub fn new(name: &'static str, clock: Clock, connect: F) -> Self {
        Self { name, clock, connect, expected: Expected::all() }
    }

    /// Declares which cases are not meant to run. By default all are.
    #[must_use]
    pub fn expecting(mut self, expected: Expected) -> Self {
        self.expected = expected;
        self
    }
}

impl<F> Debug for Connecting<F> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connecting")
            .field("name", &self.name)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<F, B> Harness for Connecting<F>
where
    F: Fn() -> Result<B> + Send + Sync + 'static,
    B: Broker,
{
    fn name(&self) -> &str {
        self.name
    }

    fn clock(&self) -> Clock {
        self.clock
    }

    async fn connect(&self) -> Result<Arc<dyn Broker>> {
        Ok(Arc::new((self.connect)()?))
    }

    fn expected(&self) -> Expected {
        self.expected.clone()
    }

    fn server(&self) -> Option<String> {
        None
    }

    /// It knows nothing of the store but how to connect to it.
    async fn open_connections(&self) -> Option<usize> {
        None
    }

    async fn faults(&self) -> Result<Option<Arc<dyn StoreFaults>>> {
        Ok(None)
    }

    async fn cluster_faults(&self) -> Result<Option<Arc<dyn StoreFaults>>> {
        Ok(None)
    }
}
