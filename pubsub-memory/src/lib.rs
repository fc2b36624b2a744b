//! The in-process backend: nothing survives the process, but what is [saved](MemoryServer::save) to a file.
//!
//! It does what a nats-server with JetStream does (streams, durable consumers, ack wait, max deliver, retention,
//! deduplication, limits), measured on nats-server 2.15.1, so that what passes here passes there. Use it for
//! development, for tests, and inside one process.
//!
//! ```
//! use pubsub_core::{ConsumerConfig, FetchOptions, Broker, PublisherExt, StreamConfig};
//! use pubsub_memory::{MemoryConfig, MemoryServer};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> pubsub_core::Result<()> {
//! let server = MemoryServer::new(MemoryConfig::default())?;
//! let broker = server.connect();
//! # let Some(admin) = broker.admin() else { return Ok(()) };
//! let stream = admin.create_stream(StreamConfig::new("RIDE", ["ride.>"])?).await?.config.name;
//! let consumer = admin.create_consumer(&stream, ConsumerConfig::durable("users")?).await?.name;
//!
//! broker.publisher().publish("ride.pickup", "r-17").await?;
//! for delivery in broker.consumer(&stream, &consumer).await?.fetch(FetchOptions::up_to(10)).await? {
//!     assert_eq!(delivery.subject(), "ride.pickup");
//!     delivery.ack().await?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Time
//! All time is tokio's: under `tokio::time::pause()` a retention of seven days passes in an instant. The wall clock is
//! read once per [`MemoryServer`] and moves with tokio's time after that. What is due (redeliveries, ages, consumers
//! without use) is done by the next call, and a fetch that waits wakes up by itself. A fetch, subscription or request that
//! has to wait needs a tokio runtime with time enabled; everything else runs on any executor.
//!
//! Nothing runs in the background, with one exception: a stream for whose next own message somebody may wait has one task
//! that sleeps until then. That is a stream with schedules or with markers of deletion, and, while somebody listens to
//! advisories or another stream keeps them, one with an advisory to come. Where there is no tokio runtime, these come with
//! the next call.
//!
//! # Subscriptions
//! As on a server, up to `buffer` messages are delivered ahead, also while nobody polls the stream: their ack wait runs,
//! they count against `max_ack_pending`, and [`info`](pubsub_core::Consumer::info) shows them. More are asked for when
//! half of the buffer has been taken; a stream that nobody polls stops asking after 30 s. A message whose ack wait has
//! passed in the buffer is handed out all the same, and is delivered again. Dropping the stream or closing the broker
//! hands back at once what was not taken, which has used up an attempt.
//!
//! # Keeping it in a file
//! [`MemoryServer::save`] writes everything to a file, [`MemoryServer::restore`] reads it, and
//! [`MemoryConfig::snapshot`] (`memory://?snapshot=FILE`) does both at the start and at each close. What was published after
//! the last save is lost when the process ends otherwise. All times are kept by the wall clock, so that they go on while
//! nothing runs.
//!
//! # Bounds
//! [`MemoryConfig`] bounds the store as a whole; each stream has its own limits below that. A reader that stalls costs what
//! its stream keeps, and a plain listener that does not keep up loses messages, is told how many, and costs its buffer.
//!
//! # Differences from a server
//! - `replicas` above 1 is refused with `Unsupported`; both kinds of storage mean this process's memory.
//! - What is due while nobody calls is done by the next call, so that the log line of a last attempt may come late.
//! - A handle stays with the consumer that it was opened on: one that is deleted and created again is opened again.
//! - Streams that republish to each other in a ring do so 16 times at most for one message.
//! - A purge that makes room at `max_ack_pending` wakes who waits for it; a server does so at the next publish or settlement.
//! - With `ReplayPolicy::Original`, a fetch that ends while the time of the next message runs leaves that message to the next
//!   fetch; a server delivers it to the request that is over, and again after its ack wait.
//! - A publish to a stream's subject that only plain listeners take is refused at once; a server lets it run into its timeout.
//! - Advisories tell of exhausted and of terminated messages, and of pins. Those about a stream that keeps advisories are told to
//!   listeners and not stored.
//! - Ephemeral consumers get counted names (`ephemeral-1`), so that a program runs the same each time.
//! - Bytes are counted as by the server's memory storage: subject, headers, payload and 16 bytes for each message.

mod advisories;
mod block_deque;
mod broker;
mod clock;
mod config;
mod connection;
mod connector;
mod consumer;
mod core_messaging;
mod error;
mod features;
mod handle;
mod known;
mod publisher;
mod server;
mod server_version;
mod snapshot;
mod store;
mod stream;
mod stream_admin;
mod subject_memo;
mod subject_trie;

pub use broker::MemoryBroker;
pub use config::MemoryConfig;
pub use connector::MemoryConnector;
pub use server::MemoryServer;
pub use server_version::ServerVersion;
