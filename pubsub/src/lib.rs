//! Durable publish/subscribe with one vocabulary, JetStream's, and backends that mean the same by it.
//!
//! Write the application once; choose the backend by cargo feature and URL:
//!
//! | feature | URL | backend |
//! |---|---|---|
//! | `memory` (default) | `memory://` (a new store), `memory://NAME` (one per process) | in process, nothing outlives it: development, tests, edge |
//! | `nats` | `nats://HOST:4222`, `tls://HOST:4222` | NATS JetStream 2.10 and newer |
//!
//! The feature `layers` adds what goes around publishers, consumers and handlers in production, as `layers`; `topology` adds streams and
//! consumers that are declared in a file, as `topology`; `signal` adds `stop_signal`, with which a [`worker`] stops as operating systems tell
//! it to; `garde` adds `worker::Valid`, by which what handlers take is checked.
//!
//! ```
//! use pubsub::{ConsumerConfig, FetchOptions, Provision, StreamConfig};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> pubsub::Result<()> {
//! # #[cfg(feature = "memory")] {
//! let client = pubsub::connect("memory://").await?;
//! client.ensure_stream(StreamConfig::new("RIDE", ["ride.>"])?, Provision::CreateIfMissing).await?;
//! let config = ConsumerConfig::durable("ride_pickup_users")?.with_filter("ride.pickup")?;
//! let consumer = client.ensure_consumer("RIDE", config, Provision::CreateIfMissing).await?;
//!
//! client.publish("ride.pickup", r#"{"ride_id":"r-17"}"#).await?;
//! for delivery in consumer.fetch(FetchOptions::up_to(10)).await? {
//!     println!("{} says {:?}", delivery.subject(), delivery.payload());
//!     delivery.ack().await?;
//! }
//! client.close().await?;
//! # }
//! # Ok(())
//! # }
//! ```
//!
//! What a delivery, a receipt and a settlement promise is said at [`Delivery`], [`Receipt`] and [`Settlement`].

#[cfg(feature = "signal")]
mod stop_signal;

#[cfg(feature = "layers")]
pub use pubsub_layers as layers;
#[cfg(feature = "memory")]
pub use pubsub_memory as memory;
#[cfg(feature = "nats")]
pub use pubsub_nats as nats;
#[cfg(feature = "topology")]
pub use pubsub_topology as topology;

#[doc(inline)]
pub use pubsub_core::*;
#[cfg(feature = "signal")]
pub use stop_signal::stop_signal;

/// What makes `memory://NAME` one store for the whole process, as a server would be.
#[cfg(feature = "memory")]
static NAMED_STORES: std::sync::LazyLock<memory::MemoryConnector> =
    std::sync::LazyLock::new(memory::MemoryConnector::new);

/// The backends of the enabled cargo features, for [`Client::connect`]. Add a third party's with
/// [`Registry::with`].
///
/// A named store in memory (`memory://NAME`) is the same for all registries of the process and lives as long as it;
/// `memory://` is a new store each time.
#[must_use]
pub fn registry() -> Registry {
    let registry = Registry::new();
    #[cfg(feature = "memory")]
    let registry = registry.with(NAMED_STORES.clone());
    #[cfg(not(feature = "memory"))]
    let registry = registry.with_missing("memory", "enable the cargo feature `memory` of pubsub-kit");
    #[cfg(feature = "nats")]
    let registry = registry.with(nats::NatsConnector);
    #[cfg(not(feature = "nats"))]
    let registry = registry
        .with_missing("nats", "enable the cargo feature `nats` of pubsub-kit")
        .with_missing("tls", "enable the cargo feature `nats` of pubsub-kit");
    registry
}

/// Connects to the broker that a URL names: a string, or a [`ConnectUrl`] that was read from a configuration.
///
/// # Errors
/// [`ErrorKind::Config`] for a URL that cannot be read or whose backend is not compiled in (the error names the
/// cargo feature), [`ErrorKind::PermissionDenied`] for refused credentials, [`ErrorKind::Unavailable`] or
/// [`ErrorKind::Timeout`] if nobody answers.
///
/// # Cancel safety
/// Dropped before completion, no connection stays open.
pub async fn connect<U>(url: U) -> Result<Client>
where
    U: TryInto<ConnectUrl, Error: Into<Error>> + Send,
{
    Client::connect(url, &registry()).await
}
