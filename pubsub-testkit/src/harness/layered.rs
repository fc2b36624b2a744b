//! Any backend with layers over it: [`Layered`].

use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

use async_trait::async_trait;
use pubsub_core::{Broker, Client, Result};

use super::{Clock, Harness};
use crate::expected::Expected;

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
pub struct Layered<H> {
    inner: H,
    name: String,
    layers: Box<dyn Fn(Client) -> Client + Send + Sync>,
    /// `None`: as without the layers.
    expected: Option<Expected>,
}

impl<H: Harness> Layered<H> {
    /// Puts layers over each connection of `inner`.
    pub fn new(inner: H, layers: impl Fn(Client) -> Client + Send + Sync + 'static) -> Self {
        let name = format!("{}, layered", inner.name());
        Self { inner, name, layers: Box::new(layers), expected: None }
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
}
