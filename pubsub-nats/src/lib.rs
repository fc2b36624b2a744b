//! The NATS JetStream backend: durable publish/subscribe on a real nats-server, over `async-nats`.
//!
//! Connection, protocol and reconnecting are async-nats'; publish windows, pull loops, settlements and calls to
//! JetStream's interface are this crate's own, because the stock ones stall, hang, lose or leak in corners that
//! were measured on nats-server 2.10 to 2.15. What travels is plain NATS: any other NATS client can read what this
//! publishes, and the reverse.
//!
//! - Connect by [`NatsBroker::connect`] or, through a registry, by URL ([`NatsConnector`]).
//! - nats-server 2.10 or newer with JetStream; an older one is refused at connect.
//! - The escape hatch: [`Broker::native`](pubsub_core::Broker::native) of a [`NatsBroker`] and `native` of its publishers,
//!   consumers and administration is the [`async_nats::Client`], with which all the rest of NATS can be done.
//!
//! # What a receipt, and a confirmed ack, do not promise
//! That the message is on a disk: nats-server writes it out every `sync_interval`, 2 minutes by default. And a server that is killed
//! forgets the last 50 ms of what it has confirmed as settled (measured on nats-server 2.15.1). A message of these that comes
//! back to the process which settled it is settled once more and not handed out; another process gets it again.
//!
//! # Known limits of async-nats 0.51
//! A message whose headers are not UTF-8, or have a name that is not visible ASCII, cannot be read: async-nats takes it
//! for a protocol error and connects again. Such a message comes from other publishers only; it goes when its
//! `max_deliver` is exhausted, and pulls grow from one message after a break so that it does not take others with it.
//!
//! ```no_run
//! use pubsub_core::{Client, Registry, Result};
//! use pubsub_nats::NatsConnector;
//!
//! # async fn example() -> Result<()> {
//! let registry = Registry::new().with(NatsConnector);
//! let client = Client::connect("nats://ride:s3cret@127.0.0.1:4222?name=rides", &registry).await?;
//! let receipt = client.publish("ride.pickup", "r-17").await?;
//! println!("stored in {}", receipt.stream);
//! client.close().await
//! # }
//! ```

mod admin;
mod api;
mod broker;
mod config;
mod connection;
mod connector;
mod consume;
mod core_messaging;
mod features;
mod message;
mod observe;
mod publish;
mod streams;

pub use async_nats;

pub use broker::NatsBroker;
pub use config::{ConfigSources, Credentials, Discovery, NatsConfig, NonceSigner, TlsMode};
pub use connector::NatsConnector;
pub use observe::{ConnectionState, ConnectionStatistics, NatsEvent};
