//! One connection to NATS, and all that its publishers, consumers and messages share.

mod auth;
mod breaks;
mod close;
mod confirm;
mod denial;
mod dial;
mod events;
mod inbox;
mod lame_duck;
mod open;
mod outage;
mod ready;
mod refusal;
mod replies;
mod request;
mod retire;
mod tls;
mod version;

use std::fmt;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use async_nats::connection::State;
use async_nats::{Client, Subject, client};
use bytes::Bytes;
use futures::FutureExt as _;
use pubsub_core::{Capabilities, Error, ErrorKind, Result};
use tokio::runtime::Handle;
use tokio::sync::{broadcast, watch};
use tokio::task::{AbortHandle, unconstrained};

pub(crate) use breaks::Breaks;
pub(crate) use inbox::{Arrived, Inbox, Inboxes};
pub(crate) use replies::{Answered, Replies, Unanswered, Waiter, reply_subject};
pub(crate) use version::ServerVersion;

use crate::NatsConfig;
use crate::features;
use crate::observe::{ConnectionState, ConnectionStatistics, Known, NatsEvent};
use crate::publish::{Ids, InFlight, Lanes, Outbox, Window};
use crate::streams::Streams;
use events::Events;
pub(crate) use events::SETTLEMENTS;
use request::Request;
use retire::Retiring;

/// Whether there is still work to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Open,
    /// Nothing new is taken; what is under way is finished.
    Closing,
    Closed,
}

/// Resolves when a close has begun.
pub(crate) async fn closing(phase: &mut watch::Receiver<Phase>) {
    reached(phase, Phase::Closing).await;
}

/// Resolves at this phase or a later one, and when the connection is dropped.
pub(crate) async fn reached(phase: &mut watch::Receiver<Phase>, end: Phase) {
    let _ = phase.wait_for(|phase| *phase >= end).await;
}

pub(crate) struct Connection {
    pub(crate) client: Client,
    pub(crate) config: NatsConfig,
    pub(crate) version: ServerVersion,
    /// What the server can do, once it was asked.
    features: OnceLock<Capabilities>,
    pub(crate) publishes: Arc<Replies<InFlight>>,
    /// What the answers to publishes are addressed to, before the token.
    pub(crate) publish_prefix: String,
    pub(crate) window: Arc<Window>,
    /// What is published while the connection is away, and what is to be sent again.
    pub(crate) outbox: Arc<Outbox>,
    /// What is published to be confirmed together.
    pub(crate) lanes: Lanes,
    pub(crate) ids: Ids,
    pub(crate) streams: Streams,
    requests: Arc<Replies<Request>>,
    request_prefix: String,
    /// Whether this client may not publish to its own inbox.
    echo_is_forbidden: AtomicBool,
    pub(crate) inboxes: Inboxes,
    retiring: Retiring,
    pub(crate) known: Known,
    /// What the subjects of JetStream's interface begin with, without the dot.
    interface_prefix: String,
    events: Arc<Events>,
    phase: watch::Sender<Phase>,
    /// So that what is dropped outside a runtime can still be handed back.
    runtime: Handle,
    routers: [Router; 2],
}

impl Connection {
    pub(crate) fn capabilities(&self) -> Capabilities {
        let features = self.features.get_or_init(|| features::of(&self.version, None));
        features.with_max_payload(self.client.max_payload())
    }

    pub(crate) fn phase(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    /// Counts how often the connection was made.
    pub(crate) fn connections(&self) -> watch::Receiver<u64> {
        self.events.connections()
    }

    /// When the connection broke.
    pub(crate) fn breaks(&self) -> &Breaks {
        self.events.breaks()
    }

    /// A subject of JetStream's interface.
    pub(crate) fn interface(&self, subject: &str) -> Subject {
        Subject::from(format!("{}.{subject}", self.interface_prefix))
    }

    /// Changes with all that may change whether settlements are allowed: another connection, a settlement that was refused.
    pub(crate) fn settling_epoch(&self) -> u64 {
        self.events.settling_epoch()
    }

    /// Counts how often the server refused a subject to this client, or to let it connect again.
    pub(crate) fn refusals(&self) -> watch::Receiver<u64> {
        self.events.refusals()
    }

    /// Refuses what the server said lately that this client may not publish.
    pub(crate) fn check_publish(&self, subject: &str) -> Result<()> {
        if self.events.denials().forbids_publish(subject) {
            return Err(Unanswered::Denied.into_error(subject));
        }
        Ok(())
    }

    /// Refuses to wait where the server said lately that this client may not subscribe.
    pub(crate) fn check_subscribe(&self, subject: &str) -> Result<()> {
        if self.events.denials().forbids_subscribe(subject) {
            return Err(events::deaf(subject));
        }
        Ok(())
    }

    /// Whether the server lets this client receive answers.
    pub(crate) fn can_be_answered(&self) -> bool {
        self.events.refused_answers().is_none()
    }

    /// Why the server keeps refusing to let this client connect again, if it does.
    pub(crate) fn outage_refusal(&self) -> Option<Error> {
        if self.is_connected() { None } else { self.events.outage_refusal() }
    }

    /// Refuses a call that cannot succeed: the server does not let this client connect, or not receive answers.
    pub(crate) fn check_answerable(&self) -> Result<()> {
        if let Some(refusal) = self.outage_refusal() {
            return Err(refusal);
        }
        let Some(subject) = self.events.refused_answers() else { return Ok(()) };
        if self.events.wants_healing() {
            // A server asks for no subscription again that it refused; a new connection makes them all anew. Where the
            // connection takes nothing now, the next call will try.
            let _ = self.client.force_reconnect().now_or_never();
        }
        Err(events::deaf(&subject))
    }

    pub(crate) fn state(&self) -> ConnectionState {
        match *self.phase.borrow() {
            Phase::Closed => ConnectionState::Closed,
            Phase::Closing => ConnectionState::Closing,
            Phase::Open if self.is_connected() => ConnectionState::Connected,
            Phase::Open if self.outage_refusal().is_some() => ConnectionState::Refused,
            Phase::Open => ConnectionState::Disconnected,
        }
    }

    pub(crate) fn statistics(&self) -> ConnectionStatistics {
        let counted = self.client.statistics();
        ConnectionStatistics {
            in_messages: counted.in_messages.load(Ordering::Relaxed),
            in_bytes: counted.in_bytes.load(Ordering::Relaxed),
            out_messages: counted.out_messages.load(Ordering::Relaxed),
            out_bytes: counted.out_bytes.load(Ordering::Relaxed),
            connects: counted.connects.load(Ordering::Relaxed),
            publishes_in_flight: self.publishes.waiting(),
            requests_in_flight: self.requests.waiting(),
        }
    }

    pub(crate) fn listen(&self) -> broadcast::Receiver<NatsEvent> {
        self.events.listen()
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.client.connection_state() == State::Connected
    }

    /// Refuses new work after a close has begun.
    pub(crate) fn check_open(&self) -> Result<()> {
        if *self.phase.borrow() == Phase::Open { Ok(()) } else { Err(Error::closed("connection")) }
    }

    /// Refuses even the rest of old work after a close has ended.
    pub(crate) fn check_not_closed(&self) -> Result<()> {
        if *self.phase.borrow() == Phase::Closed { Err(Error::closed("connection")) } else { Ok(()) }
    }

    /// Hands a message to the connection, within the time for requests, and waits for nothing else.
    pub(crate) async fn tell(&self, subject: Subject, payload: Bytes) -> Result<()> {
        self.check_not_closed()?;
        let timeout = self.config.request_timeout;
        let telling = async {
            self.ready(Phase::Closed).await?;
            self.client.publish(subject, payload).await.map_err(send_failed)
        };
        let mut telling = pin!(telling);
        // As a rule there is room, and no timer is needed. A task that has had its turn waits for room all the same: what is
        // not in the queue makes a timer and a place in a line, and the queue is bounded.
        if let Some(told) = unconstrained(telling.as_mut()).now_or_never() {
            return told;
        }
        match tokio::time::timeout(timeout, telling).await {
            Ok(told) => told,
            Err(_) => Err(self.unreachable_or_late(timeout)),
        }
    }

    /// Runs a task beside the caller.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        self.runtime.spawn(task).abort_handle()
    }

    /// Hands a message to the connection without ever blocking, from inside or outside a runtime. Best effort.
    pub(crate) fn post(&self, subject: Subject, payload: Bytes) {
        if *self.phase.borrow() == Phase::Closed {
            return;
        }
        if self.is_connected() {
            let posting = self.client.publish(subject.clone(), payload.clone());
            if posting.now_or_never().is_some() {
                return;
            }
        }
        let (client, readiness) = (self.client.clone(), self.readiness());
        let timeout = self.config.request_timeout;
        self.runtime.spawn(async move {
            let posting = async {
                readiness.wait(Phase::Closed).await?;
                client.publish(subject, payload).await.map_err(send_failed)
            };
            // A message that cannot be handed back comes again after its ack wait.
            let _ = tokio::time::timeout(timeout, posting).await;
        });
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.events.give_up();
    }
}

/// The task that brings answers to who waits for them. It holds a sender of the connection's own channel, so the connection
/// lasts as long as it; dropped, it ends.
struct Router(AbortHandle);

impl Router {
    fn end(&self) {
        self.0.abort();
    }
}

impl Drop for Router {
    fn drop(&mut self) {
        self.end();
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("servers", &self.config.servers)
            .field("name", &self.config.name)
            .field("server_version", &self.version)
            .field("phase", &*self.phase.borrow())
            .finish_non_exhaustive()
    }
}

/// Why async-nats did not take a message.
pub(crate) fn send_failed(error: client::PublishError) -> Error {
    match error.kind() {
        client::PublishErrorKind::MaxPayloadExceeded => {
            Error::new(ErrorKind::PayloadTooLarge, "the message is larger than the server takes")
                .with_remedy("store the payload elsewhere and publish a reference to it")
                .with_source(error)
        }
        client::PublishErrorKind::InvalidSubject => {
            Error::invalid_input("subject", "the subject cannot be sent").with_source(error)
        }
        client::PublishErrorKind::Send => Error::closed("connection"),
    }
}
