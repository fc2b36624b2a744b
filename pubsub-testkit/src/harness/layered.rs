//! Any backend with layers over it: [`Layered`].

use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

use async_trait::async_trait;
use pubsub_core::{Broker, Client, Result};

use super::{Clock, Harness, PretendedFaults, StoreFault, StoreFaults};
use crate::expected::Expected;

/// What is put over each connection.
type Layers = Arc<dyn Fn(Client) -> Client + Send + Sync>;

/// A harness whose connections have layers, to prove that a layer keeps every promise of the backend below it.
///
/// ```
/// # #[cfg(feature = "memory")] {
/// use pubsub_core::OnPublish;
/// use pubsub_testkit::{Harness, Layered, MemoryHarness};
///
/// let hook = OnPublish::new(|event| println!("{} took {:?}", event.subject, event.latency));
/// let harness = Layered::new(MemoryHarness::new(), move |client| client.with_layer(hook.clone()));
/// assert_eq!(harness.name(), "memory, layered");
/// # }
/// ```
///
/// Its faults are those of the harness below, and its layers are over the connections that meet them. Those that are only
/// pretended, on virtual time, are over the layers.
pub struct Layered<H> {
    inner: Arc<H>,
    name: String,
    layers: Layers,
    /// `None`: as without the layers.
    expected: Option<Expected>,
    /// Whether faults that are pretended are below the layers, too.
    pretends_below: bool,
}

impl<H: Harness> Layered<H> {
    /// Puts layers over each connection of `inner`.
    pub fn new(inner: H, layers: impl Fn(Client) -> Client + Send + Sync + 'static) -> Self {
        let name = format!("{}, layered", inner.name());
        Self { inner: Arc::new(inner), name, layers: Arc::new(layers), expected: None, pretends_below: false }
    }

    /// Lets the layers meet faults that are pretended.
    pub(crate) fn pretending_below(mut self) -> Self {
        self.pretends_below = true;
        self
    }

    /// Declares which cases are not meant to run, for layers that take a capability away. By default what the harness
    /// below expects.
    #[must_use]
    pub fn expecting(mut self, expected: Expected) -> Self {
        self.expected = Some(expected);
        self
    }
}

impl<H: Debug> Debug for Layered<H> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Layered").field("inner", &self.inner).finish_non_exhaustive()
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<H: Harness> Harness for Layered<H> {
    fn name(&self) -> &str {
        &self.name
    }

    fn clock(&self) -> Clock {
        self.inner.clock()
    }

    async fn connect(&self) -> Result<Arc<dyn Broker>> {
        Ok(Arc::new((self.layers)(Client::new(self.inner.connect().await?))))
    }

    fn server(&self) -> Option<String> {
        self.inner.server()
    }

    fn expected(&self) -> Expected {
        self.expected.clone().unwrap_or_else(|| self.inner.expected())
    }

    async fn open_connections(&self) -> Option<usize> {
        self.inner.open_connections().await
    }

    async fn faults(&self) -> Result<Option<Arc<dyn StoreFaults>>> {
        let faults: Arc<dyn StoreFaults> = match self.inner.faults().await? {
            Some(faults) => faults,
            None if self.pretends_below && self.clock() == Clock::Virtual => {
                Arc::new(PretendedFaults::over(Arc::<H>::clone(&self.inner)))
            }
            None => return Ok(None),
        };
        Ok(Some(Arc::new(LayeredFaults { faults, layers: Arc::clone(&self.layers) })))
    }

    async fn cluster_faults(&self) -> Result<Option<Arc<dyn StoreFaults>>> {
        let Some(faults) = self.inner.cluster_faults().await? else { return Ok(None) };
        Ok(Some(Arc::new(LayeredFaults { faults, layers: Arc::clone(&self.layers) })))
    }
}

/// The same faults, met by connections with layers.
struct LayeredFaults {
    faults: Arc<dyn StoreFaults>,
    layers: Layers,
}

impl Debug for LayeredFaults {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("LayeredFaults").field("faults", &self.faults).finish_non_exhaustive()
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl StoreFaults for LayeredFaults {
    fn can(&self, fault: StoreFault) -> bool {
        self.faults.can(fault)
    }

    async fn connect(&self) -> Result<Arc<dyn Broker>> {
        Ok(Arc::new((self.layers)(Client::new(self.faults.connect().await?))))
    }

    async fn inject(&self, fault: StoreFault) -> Result<()> {
        self.faults.inject(fault).await
    }

    async fn heal(&self) -> Result<()> {
        self.faults.heal().await
    }

    fn is_apart(&self) -> bool {
        self.faults.is_apart()
    }

    fn tried(&self) -> Option<u64> {
        self.faults.tried()
    }
}
