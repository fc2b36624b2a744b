//! From a URL to a broker: [`Registry`], [`Connector`].

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;

use super::Broker;
use crate::config::ConnectUrl;
use crate::{Error, ErrorKind, Result};

/// Connects to the brokers of one backend. Implemented by each backend.
#[async_trait]
pub trait Connector: Debug + Send + Sync + 'static {
    /// The URL schemes that it serves, such as `nats` and `tls`.
    fn schemes(&self) -> &'static [&'static str];

    /// Connects.
    ///
    /// # Errors
    /// `Config` for a URL or an option that this backend does not take, `PermissionDenied` for refused
    /// credentials, `Unavailable` or `Timeout` if nobody answers.
    ///
    /// # Cancel safety
    /// Dropped before completion, no connection stays open.
    async fn connect(&self, url: &ConnectUrl) -> Result<Arc<dyn Broker>>;
}

/// So that a list of backends chosen at run time can be registered.
#[async_trait]
impl Connector for Arc<dyn Connector> {
    fn schemes(&self) -> &'static [&'static str] {
        (**self).schemes()
    }

    async fn connect(&self, url: &ConnectUrl) -> Result<Arc<dyn Broker>> {
        (**self).connect(url).await
    }
}

/// The backends that a program knows, by URL scheme. An explicit value: nothing registers itself.
///
/// The facade crate builds one from its cargo features; a third party's backend is added with
/// [`with`](Self::with).
#[derive(Debug, Clone, Default)]
pub struct Registry {
    connectors: Vec<Arc<dyn Connector>>,
    missing: Vec<(&'static str, &'static str)>,
}

impl Registry {
    /// A registry without backends.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a backend. Of two that serve one scheme, the later wins.
    #[must_use]
    pub fn with(mut self, connector: impl Connector) -> Self {
        self.connectors.insert(0, Arc::new(connector));
        self
    }

    /// Names what would serve a scheme, for the error that a user sees who forgot it.
    #[must_use]
    pub fn with_missing(mut self, scheme: &'static str, remedy: &'static str) -> Self {
        self.missing.push((scheme, remedy));
        self
    }

    /// The schemes that are served.
    pub fn schemes(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.connectors.iter().flat_map(|connector| connector.schemes().iter().copied())
    }

    /// Connects to the broker that a URL names: a string, or a [`ConnectUrl`] that was read from a configuration.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for a URL that cannot be read or a scheme that nobody serves (the error lists those
    /// that are served), and what the backend's connector says.
    ///
    /// # Cancel safety
    /// Dropped before completion, no connection stays open.
    pub async fn connect<U>(&self, url: U) -> Result<Arc<dyn Broker>>
    where
        U: TryInto<ConnectUrl, Error: Into<Error>> + Send,
    {
        let url = url.try_into().map_err(|error| error.into().with_operation("connect"))?;
        let connector = self.connectors.iter().find(|connector| connector.schemes().contains(&url.scheme()));
        match connector {
            Some(connector) => connector.connect(&url).await.map_err(|error| error.with_operation("connect")),
            None => Err(self.unknown_scheme(url.scheme())),
        }
    }

    fn unknown_scheme(&self, scheme: &str) -> Error {
        let served = self.schemes().collect::<Vec<_>>().join("`, `");
        let error = Error::new(ErrorKind::Config, format!("no backend serves the URL scheme `{scheme}`"))
            .with_operation("connect")
            .with_context("field", "url");
        match self.missing.iter().find(|(known, _)| *known == scheme) {
            Some((_, remedy)) => error.with_remedy(*remedy),
            None if served.is_empty() => error.with_remedy("add a backend to the registry"),
            None => error.with_remedy(format!("use one of `{served}`, or add a backend to the registry")),
        }
    }
}
