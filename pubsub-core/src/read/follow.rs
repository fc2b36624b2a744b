//! One ephemeral consumer after the other, each beginning where the one before was left: [`Follower`].

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use futures::stream::{BoxStream, StreamExt as _};
use tokio::time::{sleep, timeout};

use super::ReadOptions;
use super::missing::Missing;
use crate::admin::{AckPolicy, ConsumerConfig, DeliverPolicy, MessageSelector, StoredMessage, StreamAdmin};
use crate::broker::Broker;
use crate::consume::{Consumer, SubscribeOptions};
use crate::message::{Delivery, Message};
use crate::name::{ConsumerName, StreamName};
use crate::{Error, ErrorKind, Limit, Result, Retry};

/// After so long without a message the consumer is asked whether it has sent one that did not arrive.
const QUIET: Duration = Duration::from_secs(5);
/// How long a consumer without a reader stays.
const UNUSED: Duration = Duration::from_secs(30);
/// The first pause between two attempts to make a consumer; it doubles up to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LAST_PAUSE: Duration = Duration::from_secs(2);
/// The most time for the removal of a consumer that is of no use any more. It would go by itself.
const REMOVAL: Duration = Duration::from_secs(1);

pub(super) struct Follower {
    broker: Arc<dyn Broker>,
    admin: Arc<dyn StreamAdmin>,
    stream: StreamName,
    options: ReadOptions,
    /// When the stream was made that is read: sequences of another one of that name mean something else.
    created: SystemTime,
    /// Where the next consumer begins.
    from: DeliverPolicy,
    current: Option<Current>,
    missing: Missing,
    /// What is to be got by itself.
    apart: Option<u64>,
    pause: Duration,
    /// How many messages were to come when that was last heard.
    pending: Arc<AtomicU64>,
    ended: bool,
}

/// A consumer, and how many of its deliveries came.
struct Current {
    consumer: Arc<dyn Consumer>,
    name: ConsumerName,
    deliveries: BoxStream<'static, Result<Delivery>>,
    came: u64,
    pending: Arc<AtomicU64>,
}

/// What became of the wait for a message.
enum Step {
    Message(Box<dyn Message>),
    /// A delivery is missing, or may be.
    Lost,
    /// The broker is closed.
    Over,
    Failed(Error),
}

impl Follower {
    pub(super) async fn begin(
        broker: Arc<dyn Broker>,
        stream: &StreamName,
        options: ReadOptions,
        pending: Arc<AtomicU64>,
    ) -> Result<Self> {
        let admin = broker.admin().ok_or_else(|| Error::unsupported("stream_admin"))?;
        let info = admin.stream_info(stream).await?;
        let from = match options.from {
            // Made exact, so that a consumer that is lost before its first delivery costs nothing.
            DeliverPolicy::New => DeliverPolicy::FromSequence(info.last_sequence + 1),
            from => from,
        };
        let mut follower = Self {
            broker,
            admin,
            stream: stream.clone(),
            options,
            created: info.created,
            from,
            current: None,
            missing: Missing::default(),
            apart: None,
            pause: FIRST_PAUSE,
            pending,
            ended: false,
        };
        follower.current = Some(follower.open().await?);
        Ok(follower)
    }

    /// The next message; `None` after the end.
    pub(super) async fn next(&mut self) -> Option<Result<StoredMessage>> {
        while !self.ended {
            if let Some(sequence) = self.apart {
                match self.get_apart(sequence).await {
                    Ok(None) => continue,
                    Ok(Some(message)) => return Some(Ok(message)),
                    Err(error) => return self.end(error),
                }
            }
            let Some(current) = &mut self.current else {
                if let Err(error) = self.renew().await {
                    return self.end(error);
                }
                continue;
            };
            match current.step().await {
                Step::Message(message) => {
                    let sequence = message.info().stream_sequence;
                    self.from = DeliverPolicy::FromSequence(sequence + 1);
                    self.pause = FIRST_PAUSE;
                    self.missing.came();
                    return Some(Ok(stored(&*message)));
                }
                Step::Lost => self.drop_current().await,
                Step::Over => self.ended = true,
                Step::Failed(error) => return self.end(error),
            }
        }
        None
    }

    fn end(&mut self, error: Error) -> Option<Result<StoredMessage>> {
        self.ended = true;
        let told = error.kind() != ErrorKind::Closed;
        told.then(|| Err(error.with_operation("read").with_context("stream", &self.stream)))
    }

    /// Makes the next consumer, after a pause if the one before failed too. It may take until a connection is there again.
    async fn renew(&mut self) -> Result<()> {
        match self.reopen().await {
            Ok(current) => self.current = Some(current),
            Err(error) => self.wait(error).await?,
        }
        Ok(())
    }

    /// Waits after an error that passes by itself; the caller can do nothing about it.
    async fn wait(&mut self, error: Error) -> Result<()> {
        if error.retry() == Retry::Never {
            return Err(error);
        }
        tracing::warn!(stream = %self.stream, %error, "a stream cannot be read now");
        let pause = self.pause;
        self.pause = (pause * 2).min(LAST_PAUSE);
        sleep(pause).await;
        Ok(())
    }

    /// Gets a message that never arrives, by its sequence; `None` if it has to be tried again, or is gone.
    async fn get_apart(&mut self, sequence: u64) -> Result<Option<StoredMessage>> {
        let got = match self.admin.get_message(&self.stream, MessageSelector::Sequence(sequence)).await {
            Ok(message) => Some(if self.options.headers_only { without_payload(message) } else { message }),
            // If it is the stream that is gone, the next consumer will tell.
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => {
                self.wait(error.with_context("sequence", sequence)).await?;
                return Ok(None);
            }
        };
        (self.apart, self.from, self.pause) = (None, DeliverPolicy::FromSequence(sequence + 1), FIRST_PAUSE);
        Ok(got)
    }

    async fn reopen(&mut self) -> Result<Current> {
        let info = self.admin.stream_info(&self.stream).await?;
        if info.created != self.created {
            return Err(Error::new(ErrorKind::NotFound, "the stream was deleted, and made anew since")
                .with_remedy("begin to read anew, with what was read before forgotten"));
        }
        match self.open().await {
            // Gone again between its creation and its first use.
            Err(error) if error.kind() == ErrorKind::NotFound && error.context("consumer").is_some() => {
                Err(error.with_retry(Retry::Later))
            }
            opened => opened,
        }
    }

    async fn open(&mut self) -> Result<Current> {
        let mut config = ConsumerConfig::ephemeral()
            .with_ack(AckPolicy::None)
            .with_max_deliver(Limit::Unlimited)
            .with_deliver(self.from)
            .with_replay(self.options.replay)
            .with_inactive_threshold(UNUSED);
        config.filters.clone_from(&self.options.filters);
        config.headers_only = self.options.headers_only;
        let info = self.admin.create_consumer(&self.stream, config).await?;
        let name = info.name;
        let consumer = self.broker.consumer(&self.stream, &name).await?;
        self.pending.store(info.pending, Ordering::Relaxed);
        let options = SubscribeOptions::default().with_buffer(self.missing.buffer(self.options.buffer));
        let deliveries = Arc::clone(&consumer).subscribe(options);
        Ok(Current { consumer, name, deliveries, came: 0, pending: Arc::clone(&self.pending) })
    }

    /// Leaves a consumer that has missed something, and removes it if that is quickly done.
    async fn drop_current(&mut self) {
        let Some(Current { name, deliveries, consumer, came, .. }) = self.current.take() else {
            return;
        };
        drop(deliveries);
        if came == 0 {
            let info = timeout(REMOVAL, consumer.info()).await;
            let sent = info.ok().and_then(Result::ok).map(|info| info.delivered);
            self.apart = self.missing.lost(sent.filter(|sent| sent.consumer > 0).map(|sent| sent.stream));
        }
        let _ = timeout(REMOVAL, self.admin.delete_consumer(&self.stream, &name)).await;
    }
}

impl Current {
    async fn step(&mut self) -> Step {
        loop {
            let Ok(next) = timeout(QUIET, self.deliveries.next()).await else {
                if self.has_lost().await {
                    return Step::Lost;
                }
                continue;
            };
            return match next {
                // Nothing is to be settled.
                Some(Ok(delivery)) => self.take(delivery.into_message()),
                None => Step::Over,
                Some(Err(error)) if error.kind() == ErrorKind::NotFound => Step::Lost,
                Some(Err(error)) if error.retry() == Retry::Never => Step::Failed(error),
                Some(Err(error)) => {
                    tracing::debug!(consumer = %self.name, %error, "reading on with a new consumer");
                    Step::Lost
                }
            };
        }
    }

    fn take(&mut self, message: Box<dyn Message>) -> Step {
        if message.info().consumer_sequence != self.came + 1 {
            return Step::Lost;
        }
        self.came += 1;
        self.pending.store(message.info().pending, Ordering::Relaxed);
        Step::Message(message)
    }

    /// Whether the consumer is gone, or has delivered what did not arrive.
    async fn has_lost(&mut self) -> bool {
        match self.consumer.info().await {
            Ok(info) if info.delivered.consumer > self.came => true,
            Ok(info) => {
                self.pending.store(info.pending, Ordering::Relaxed);
                false
            }
            Err(error) => error.kind() == ErrorKind::NotFound,
        }
    }
}

fn stored(message: &dyn Message) -> StoredMessage {
    let info = message.info();
    StoredMessage::new(
        message.subject().into(),
        info.stream_sequence,
        info.published_at,
        message.headers().clone(),
        message.payload().clone(),
    )
}

/// The message as a consumer of headers only would have delivered it.
fn without_payload(mut message: StoredMessage) -> StoredMessage {
    let payload = std::mem::take(&mut message.payload);
    // The name and a number: neither is ever refused.
    let _ = message.headers.append_received("Nats-Msg-Size", &payload.len().to_string());
    message
}
