//! A real nats-server on loopback, and its users: ours through the public traits, and async-nats as its own examples use it.

pub(crate) mod ours;
pub(crate) mod raw;

use std::sync::Arc;
use std::time::{Duration, Instant};

use pubsub_core::{
    AckPolicy, Broker, Consumer, ConsumerConfig, ConsumerName, Limit, Storage, StreamAdmin, StreamConfig,
    StreamName,
};
use pubsub_nats::{NatsBroker, NatsConfig, async_nats};
use pubsub_testkit::nats_server::NatsServer;

use super::memory::unlimited;
use crate::Result;
use crate::sample::{Sample, Stopwatch};

/// The one subject of every row.
pub(crate) const SUBJECT: &str = "bench.one";
/// The size of every payload.
pub(crate) const BYTES: usize = 128;
/// The longest that a row may wait for the server to have done what was asked of it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whether each message has an id, so that it can be sent again: ours makes one by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ids {
    On,
    Off,
}

/// A server of one's own with one stream in memory, without limits.
pub(crate) struct Site {
    server: NatsServer,
    pub(crate) broker: Arc<dyn Broker>,
    admin: Arc<dyn StreamAdmin>,
    stream: StreamName,
}

impl Site {
    pub(crate) async fn new() -> Result<Self> {
        Self::with(|stream| stream).await
    }

    pub(crate) async fn with(change: impl FnOnce(StreamConfig) -> StreamConfig) -> Result<Self> {
        let server = NatsServer::start()?;
        let broker: Arc<dyn Broker> = Arc::new(NatsBroker::connect(NatsConfig::new(server.url())?).await?);
        let admin = broker.admin().ok_or("the NATS backend has streams")?;
        let config = unlimited("BENCH", "bench.>")?.with_storage(Storage::Memory);
        let stream = admin.create_stream(change(config)).await?.config.name;
        Ok(Self { server, broker, admin, stream })
    }

    /// async-nats with its own defaults, over a connection of its own.
    pub(crate) async fn raw(&self) -> Result<async_nats::jetstream::Context> {
        Ok(async_nats::jetstream::new(async_nats::connect(self.server.url()).await?))
    }

    /// A durable consumer, whose unsettled deliveries only the reader bounds.
    pub(crate) async fn consumer(&self, policy: AckPolicy) -> Result<ConsumerName> {
        let config = ConsumerConfig::durable("reader")?
            .with_ack(policy)
            .with_max_ack_pending(Limit::Unlimited)
            .with_max_deliver(Limit::Unlimited);
        Ok(self.admin.create_consumer(&self.stream, config).await?.name)
    }

    /// A consumer of one's own making.
    pub(crate) async fn consumer_of(&self, config: ConsumerConfig) -> Result<()> {
        self.admin.create_consumer(&self.stream, config).await?;
        Ok(())
    }

    /// A handle on a consumer that is there.
    pub(crate) async fn open(&self, consumer: &ConsumerName) -> Result<Arc<dyn Consumer>> {
        Ok(self.broker.consumer(&self.stream, consumer).await?)
    }

    /// Stores so many messages by the fastest way there is.
    pub(crate) async fn fill(&self, messages: u64) -> Result<()> {
        let client = self.raw().await?.client();
        for _ in 0..messages {
            client.publish(SUBJECT, super::payload(BYTES)).await?;
        }
        client.flush().await?;
        self.holds(messages).await
    }

    /// From now on, time counts.
    pub(crate) fn watch(&self) -> Stopwatch {
        Stopwatch::start_beside(self.server.pid())
    }

    /// Ends once the stream has exactly so many messages; a message too many is an error.
    pub(crate) async fn holds(&self, messages: u64) -> Result<()> {
        let begun = Instant::now();
        loop {
            let held = self.admin.stream_info(&self.stream).await?.messages;
            if held == messages {
                return Ok(());
            }
            if held > messages || begun.elapsed() > PATIENCE {
                return Err(format!("the stream holds {held} messages instead of {messages}").into());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Ends once the server knows all messages as settled.
    pub(crate) async fn settled(&self, consumer: &ConsumerName, messages: u64) -> Result<()> {
        let begun = Instant::now();
        loop {
            let info = self.admin.consumer_info(&self.stream, consumer).await?;
            if info.ack_floor.stream >= messages {
                return Ok(());
            }
            if begun.elapsed() > PATIENCE {
                return Err(format!("{} of {messages} are settled", info.ack_floor.stream).into());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// The sample of a publishing row: it is over when every publish is confirmed and stored.
    pub(crate) async fn published(&self, watch: Stopwatch, messages: u64) -> Result<Sample> {
        let sample = watch.stop(messages);
        self.holds(messages).await?;
        Ok(sample)
    }
}
