//! Layers for publishers, consumers and handlers: what a service needs around the broker in production.
//!
//! A [`Layer`](pubsub_core::Layer) wraps what a [`Client`](pubsub_core::Client) gives out; a
//! [`RouteLayer`](pubsub_core::worker::RouteLayer) goes around the handlers of a worker. In the recommended order, from the broker outwards
//! ([`Stack`] puts them so):
//!
//! | layer | publishers | consumers | administration | handlers | feature |
//! |---|---|---|---|---|---|
//! | [`SubjectPrefix`](pubsub_core::SubjectPrefix) | adds | removes | both | | |
//! | [`Timeout`] | until the receipt | fetch, info, settle | each call | [`worker::Timeout`](pubsub_core::worker::Timeout) | |
//! | [`CircuitBreaker`] | refuses, or falls back | refuses a fetch | refuses | postpones | |
//! | [`Retry`] | within a budget | | | [`RetryPolicy`](pubsub_core::worker::RetryPolicy) | |
//! | [`ConcurrencyLimit`] | unconfirmed | unsettled | | [`with_concurrency`](pubsub_core::worker::Binding::with_concurrency) | |
//! | [`RateLimit`] | waits | waits | | [`worker::RateLimit`](pubsub_core::worker::RateLimit) | |
//! | `Compression` | compresses | restores | restores | | `zstd`, `lz4` |
//! | [`MessageIds`] | adds an id | | | | `content-ids` for [hashes](MessageIds) |
//! | [`Audit`] | records | records settlements | | | |
//! | `Metrics` | measures | measures | sampled | measures | `metrics` |
//! | `Tracing` | spans, adds context | spans | | spans | `opentelemetry` |
//! | [`OnPublish`](pubsub_core::OnPublish) | is told | | | | |
//!
//! Each passes the whole conformance suite over the memory backend, alone and in the stack. Time is tokio's, so that tests may pause it.
//!
//! ```
//! use std::time::Duration;
//! use pubsub_core::worker::{Router, Timeout};
//! use pubsub_layers::{CircuitBreaker, Stack};
//!
//! # fn example(client: pubsub_core::Client) -> pubsub_core::Result<()> {
//! let client = Stack::recommended().over(client);
//! let bank = CircuitBreaker::new("bank").with_failures(3);
//! let router: Router = Router::new()
//!     .route("ride.completed", || async {})?
//!     .layer(Timeout(Duration::from_secs(5)))
//!     .layer(bank); // messages wait while the bank is down, and lose no attempt
//! # drop((client, router));
//! # Ok(())
//! # }
//! ```

mod around;
mod audit;
mod circuit_breaker;
#[cfg(any(feature = "zstd", feature = "lz4"))]
mod compression;
mod concurrency_limit;
mod fresh_id;
#[cfg(feature = "metrics")]
mod measuring;
mod message_ids;
mod pace;
mod rate_limit;
mod retry;
#[cfg(feature = "opentelemetry")]
mod spans;
mod stack;
#[cfg(any(feature = "metrics", feature = "opentelemetry"))]
mod subject_class;
mod timeout;

pub use audit::{
    Audit, AuditAction, AuditPhase, AuditRecord, AuditSink, FileSink, StreamSink, TracingSink, redacted_json,
};
pub use circuit_breaker::{CircuitBreaker, CircuitState};
#[cfg(any(feature = "zstd", feature = "lz4"))]
pub use compression::{Compression, Encoding};
pub use concurrency_limit::ConcurrencyLimit;
#[cfg(feature = "metrics")]
pub use measuring::{Metric, MetricKind, Metrics};
pub use message_ids::MessageIds;
pub use rate_limit::RateLimit;
pub use retry::Retry;
#[cfg(feature = "opentelemetry")]
pub use spans::Tracing;
pub use stack::{Stack, Stacked};
pub use timeout::Timeout;
