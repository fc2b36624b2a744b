//! The control plane's entry: a connection to a broker ([`Broker`]), how it does ([`Health`]), how it is reached by
//! URL ([`Registry`], [`Connector`]), and what applications hold ([`Client`], and [`Tenants`] of several).

mod client;
mod health;
mod registry;
mod tenants;

use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;

pub use client::Client;
pub use health::{Health, HealthState};
pub use registry::{Connector, Registry};
pub use tenants::Tenants;

use crate::admin::StreamAdmin;
use crate::consume::Consumer;
use crate::core_messaging::CoreMessaging;
use crate::name::{ConsumerName, StreamName};
use crate::publish::Publisher;
use crate::{Capabilities, Result};

/// A connection to a broker: gives publishers, consumers and, where the backend has it, administration.
///
/// Applications hold a [`Client`], which adds layers and shorter calls.
///
/// # Contract
/// - `close` ends everything made from this broker; it may be called twice.
/// - Dropping the broker without `close` settles nothing and loses nothing that was confirmed.
#[async_trait]
pub trait Broker: Debug + Send + Sync + 'static {
    /// What this backend can do. On a server it depends on the server's version.
    fn capabilities(&self) -> Capabilities;

    /// A publisher. Cheap; all publishers of a broker share its connection.
    fn publisher(&self) -> Arc<dyn Publisher>;

    /// A handle on an existing consumer.
    ///
    /// # Errors
    /// `NotFound` if the stream or the consumer does not exist, `Closed`, `Unavailable` or `Timeout`.
    ///
    /// # Cancel safety
    /// Dropped before completion, nothing changes.
    async fn consumer(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<Arc<dyn Consumer>>;

    /// Administration of streams and consumers; `None` if the backend has none.
    fn admin(&self) -> Option<Arc<dyn StreamAdmin>>;

    /// Plain messaging, without a stream; `None` if the backend has none. Capability `core_messaging`.
    fn core(&self) -> Option<Arc<dyn CoreMessaging>> {
        None
    }

    /// How the connection does, with the reasons. Changes nothing on the broker.
    ///
    /// # Cancel safety
    /// Dropped before completion, nothing changes.
    async fn health(&self) -> Health;

    /// Closes in this order: stop intake, hand back what was not handed out, wait for settlements and receipts,
    /// disconnect. Each step is bounded in time. A second call returns `Ok` at once.
    ///
    /// # Errors
    /// `Timeout` if a step did not finish in its time; the connection is closed all the same.
    ///
    /// # Cancel safety
    /// Dropped before completion, the close goes on or can be called again; nothing confirmed is lost.
    async fn close(&self) -> Result<()>;

    /// The backend's own object, for what this vocabulary does not have.
    fn native(&self) -> Option<&dyn Any> {
        None
    }
}
