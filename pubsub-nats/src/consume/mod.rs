//! Consuming: [`NatsConsumer`], a handle on a pull consumer.
//!
//! The pull loops are this crate's own. Measured with async-nats 0.51 on nats-server 2.10 to 2.15: its stream stalls for
//! 35 s after a reconnect where a durable is shared, its `fetch` hangs for ever at `max_ack_pending`, and its batches with
//! a heartbeat lose their wake-up.

mod credit;
mod deliveries;
mod fetch;
mod limits;
mod members;
mod pace;
mod pull;
mod ramp;
mod settled;
mod settled_again;
mod subscribe;

use std::any::Any;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use async_nats::Subject;
use async_trait::async_trait;
use futures::future::join;
use futures::poll;
use futures::stream::{self, BoxStream, StreamExt as _};
use pubsub_core::{
    Capabilities, Consumer, ConsumerInfo, ConsumerName, Delivery, Error, ErrorKind, FetchOptions,
    PullPriority, Result, Settlement, StreamName, SubscribeOptions,
};
use tokio::sync::watch;

use crate::api::{self, wire};
use crate::connection::{Connection, Phase, closing, send_failed};
use crate::observe::Activity;
use limits::PullLimits;
use members::Members;
pub(crate) use members::PIN_ID;
use pull::Pull;
use ramp::Ramp;
pub(crate) use settled::Settled;

/// How long a look at the consumer may hold up what else there is to do: one without a leader does not answer.
const LOOK: Duration = Duration::from_secs(1);
/// How many settlements of one call wait for their answer at a time.
const SETTLE_WINDOW: usize = 256;

pub(crate) struct NatsConsumer {
    connection: Arc<Connection>,
    stream: StreamName,
    name: ConsumerName,
    /// Where pulls go.
    pull_subject: Subject,
    /// As the server told them last; they change when someone updates the consumer.
    limits: Mutex<PullLimits>,
    members: Members,
    /// Whether it wants settlements, so that what is lost on its way comes again.
    acknowledges: bool,
    /// Whether a settlement is of one message, not of all before it too.
    settles_each: bool,
    ramp: Ramp,
    /// Nothing came any more over the connection when a fetch ended.
    mute: AtomicBool,
    activity: Arc<Activity>,
}

impl NatsConsumer {
    pub(crate) async fn open(
        connection: Arc<Connection>,
        stream: &StreamName,
        name: &ConsumerName,
    ) -> Result<Self> {
        connection.check_open()?;
        let info = api::consumer_info(&connection, stream, name).await?;
        if info.config.deliver_subject.is_some() {
            return Err(Error::new(ErrorKind::Config, "it is a push consumer, and this library pulls")
                .with_remedy("create a pull consumer, one without a deliver subject"));
        }
        let activity = connection.known.consumer(stream, name);
        activity.settled.told(&info.created, info.deliveries(), connection.breaks());
        Ok(Self {
            pull_subject: connection.interface(&format!("CONSUMER.MSG.NEXT.{stream}.{name}")),
            activity,
            connection,
            stream: stream.clone(),
            name: name.clone(),
            limits: Mutex::new(PullLimits::of(&info.config)),
            members: Members::new(info.config.priority()?),
            acknowledges: info.config.acknowledges(),
            settles_each: info.config.settles_each(),
            ramp: Ramp::new(),
            mute: AtomicBool::new(false),
        })
    }

    /// How many messages to ask for, of those that are wanted.
    fn batch(&self, wanted: usize) -> usize {
        self.ramp.bound(self.limits().batch(wanted))
    }

    /// Asks for the limits again if old ones bind.
    async fn refresh_limits(&self, wanted: usize) -> Result<()> {
        if !self.limits().are_stale(wanted) {
            return Ok(());
        }
        match self.look().await {
            Err(error) if error.kind() == ErrorKind::NotFound => Err(error),
            // The old ones will do.
            _ => Ok(()),
        }
    }

    fn limits(&self) -> PullLimits {
        *self.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands something to the connection within a time, and until a close begins: while a server stands still there may be
    /// no room for it.
    async fn hand_over<T>(
        &self,
        timeout: Duration,
        phase: &mut watch::Receiver<Phase>,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        tokio::select! {
            biased;
            () = closing(phase) => Err(Error::closed("connection")),
            done = tokio::time::timeout(timeout, work) => {
                done.unwrap_or_else(|_| Err(self.connection.unreachable_or_late(timeout)))
            }
        }
    }

    fn set_mute(&self, mute: bool) {
        self.mute.store(mute, Ordering::Relaxed);
    }

    /// After a fetch at whose end nothing passed any more: waits until something does. Requests that are made meanwhile would
    /// all reach the server later, and take messages that nobody waits for.
    async fn wait_for_a_sign(&self, timeout: Duration, phase: &mut watch::Receiver<Phase>) -> Result<()> {
        if !self.mute.load(Ordering::Relaxed) {
            return Ok(());
        }
        let timeout = if timeout.is_zero() { LOOK } else { timeout };
        match self.hand_over(timeout, phase, self.connection.round_trip()).await {
            Err(error) if is_silence(&error) || error.kind() == ErrorKind::Closed => Err(error),
            // Any other error is told by what comes next.
            _ => {
                self.set_mute(false);
                Ok(())
            }
        }
    }

    /// Asks for messages; they come to `inbox`.
    async fn pull(&self, pull: Pull, inbox: &Subject) -> Result<()> {
        let body = serde_json::to_vec(&pull).map_err(|error| {
            Error::new(ErrorKind::Unexpected, "the pull cannot be written as JSON").with_source(error)
        })?;
        let client = &self.connection.client;
        let pulled = client.publish_with_reply(self.pull_subject.clone(), inbox.clone(), body.into());
        pulled.await.map_err(send_failed)
    }

    /// The consumer as the server has it now. `NotFound` if it is gone.
    async fn look(&self) -> Result<wire::ConsumerInfo> {
        let info = api::consumer_info(&self.connection, &self.stream, &self.name).await?;
        *self.limits.lock().unwrap_or_else(PoisonError::into_inner) = PullLimits::of(&info.config);
        self.activity.settled.told(&info.created, info.deliveries(), self.connection.breaks());
        self.members.told(info.config.priority()?);
        Ok(info)
    }

    /// Looks for a moment whether the consumer is gone: then `NotFound`. Where nobody tells, it is taken to be there.
    async fn check_there(&self) -> Result<()> {
        match tokio::time::timeout(LOOK, self.look()).await {
            Ok(Ok(_)) | Err(_) => Ok(()),
            Ok(Err(error)) if matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Unavailable) => {
                tracing::debug!(%error, "a consumer cannot be looked at");
                Ok(())
            }
            Ok(Err(error)) => Err(error),
        }
    }

    /// Refuses what the consumer does not take into account.
    async fn check_priority(&self, priority: &PullPriority) -> Result<()> {
        if priority.check(self.members.group().as_ref()).is_ok() {
            return Ok(());
        }
        // Someone may have changed it.
        self.look().await?;
        priority.check(self.members.group().as_ref())
    }

    /// Whether someone has changed the group since it was looked at, so that a pull was wrong.
    async fn has_another_group(&self) -> Result<bool> {
        let known = self.members.group();
        self.look().await?;
        Ok(known != self.members.group())
    }

    /// How long a pull may live.
    fn expires(&self, wanted: Duration) -> Duration {
        self.members.expires(self.limits().expires(wanted))
    }

    /// Refuses to go on where the server does not allow pulls, or their answers, or this client: it says so, but not in
    /// answer to a pull.
    fn check_allowed(&self, inbox: &Subject) -> Result<()> {
        if let Some(refusal) = self.connection.outage_refusal() {
            return Err(refusal);
        }
        self.connection.check_publish(&self.pull_subject)?;
        self.connection.check_subscribe(inbox)
    }

    fn explain(&self, error: Error, operation: &'static str) -> Error {
        error
            .with_operation(operation)
            .with_context("stream", &self.stream)
            .with_context("consumer", &self.name)
    }
}

/// Whether nothing came back, for whatever reason.
fn is_silence(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Unavailable)
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Consumer for NatsConsumer {
    async fn fetch(&self, options: FetchOptions) -> Result<Vec<Delivery>> {
        fetch::fetch(self, &options).await.map_err(|error| self.explain(error, "fetch"))
    }

    fn capabilities(&self) -> Capabilities {
        self.connection.capabilities()
    }

    async fn info(&self) -> Result<ConsumerInfo> {
        let info = async {
            self.connection.check_open()?;
            self.look().await?.try_into()
        };
        info.await.map_err(|error: Error| self.explain(error, "consumer info"))
    }

    fn subscribe(self: Arc<Self>, options: SubscribeOptions) -> BoxStream<'static, Result<Delivery>> {
        subscribe::subscribe(self, options)
    }

    async fn settle_many(&self, deliveries: Vec<Delivery>, settlement: Settlement) -> Vec<Result<()>> {
        let (mut results, mut deliveries) = (Vec::with_capacity(deliveries.len()), deliveries.into_iter());
        if settlement.is_confirmed() {
            let settling = deliveries.map(|delivery| delivery.settle(settlement.clone()));
            return stream::iter(settling).buffered(SETTLE_WINDOW).collect().await;
        }
        // Handed over without waiting, as long as there is a connection and room: one after the other takes no bookkeeping.
        while let Some(delivery) = deliveries.next() {
            let mut settling = pin!(delivery.settle(settlement.clone()));
            match poll!(settling.as_mut()) {
                Poll::Ready(result) => results.push(result),
                Poll::Pending => {
                    let rest = deliveries.map(|delivery| delivery.settle(settlement.clone()));
                    let rest = stream::iter(rest).buffered(SETTLE_WINDOW).collect::<Vec<_>>();
                    let (first, rest) = join(settling, rest).await;
                    results.push(first);
                    results.extend(rest);
                    break;
                }
            }
        }
        results
    }

    fn native(&self) -> Option<&dyn Any> {
        Some(&self.connection.client)
    }
}

impl std::fmt::Debug for NatsConsumer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NatsConsumer")
            .field("stream", &self.stream.as_str())
            .field("name", &self.name.as_str())
            .finish_non_exhaustive()
    }
}
