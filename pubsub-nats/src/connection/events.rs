//! What async-nats tells about the connection.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use async_nats::{ClientError, ConnectErrorKind, Event, ServerError};
use pubsub_core::{Error, ErrorKind};
use tokio::runtime::Handle;
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, sleep};

use super::breaks::Breaks;
use super::denial::{Denials, Violation};
use super::dial::Dialer;
use super::outage::{self, Outage};
use super::refusal;
use super::replies::{Replies, Unanswered};
use super::request::Request;
use crate::NatsConfig;
use crate::observe::NatsEvent;
use crate::publish::InFlight;

/// How many events are kept for a listener that is slow.
const KEPT: usize = 128;
/// How long answers to those who are allowed may take to arrive after the refusal of one who is not.
const DOUBT: Duration = Duration::from_millis(300);
/// How long a look for the cause of an outage may take.
const LOOK: Duration = Duration::from_millis(1_500);
/// What the subjects of settlements begin with.
pub(crate) const SETTLEMENTS: &str = "$JS.ACK.";
/// How often a connection that may not receive answers is made anew: permissions may have changed.
const HEAL: Duration = Duration::from_secs(2);

/// Follows the events of one connection. Events can be lost (async-nats queues 128 and drops the rest), so nothing
/// depends on one: each only makes something happen sooner.
#[derive(Debug)]
pub(crate) struct Events {
    /// How often the connection was made; a change means that what the server knew of us is gone.
    connected: watch::Sender<u64>,
    /// How often the server refused a subject, or to let this client connect again.
    denied: watch::Sender<u64>,
    denials: Denials,
    /// Grows with each connection and each settlement that was refused.
    settling: AtomicU64,
    outage: Outage,
    breaks: Breaks,
    publishes: Arc<Replies<InFlight>>,
    requests: Arc<Replies<Request>>,
    /// Where answers come in, and since when the server refuses that.
    answers: Mutex<Answers>,
    /// Whether it does: asked for with each publish.
    deaf: AtomicBool,
    given_up: AtomicBool,
    listeners: broadcast::Sender<NatsEvent>,
    config: NatsConfig,
    dialer: OnceLock<Dialer>,
    runtime: Handle,
}

#[derive(Debug, Default)]
struct Answers {
    subjects: Vec<String>,
    refused: Option<(String, Instant)>,
}

impl Events {
    pub(super) fn new(
        config: NatsConfig,
        publishes: Arc<Replies<InFlight>>,
        requests: Arc<Replies<Request>>,
        runtime: Handle,
    ) -> Self {
        Self {
            connected: watch::Sender::new(0),
            denied: watch::Sender::new(0),
            denials: Denials::default(),
            settling: AtomicU64::new(0),
            outage: Outage::default(),
            breaks: Breaks::default(),
            publishes,
            requests,
            answers: Mutex::default(),
            deaf: AtomicBool::new(false),
            given_up: AtomicBool::new(false),
            listeners: broadcast::Sender::new(KEPT),
            config,
            dialer: OnceLock::new(),
            runtime,
        }
    }

    /// Sets how the cause of an outage is looked for.
    pub(super) fn look_with(&self, dialer: Dialer) {
        // Set once, when the connection is opened.
        let _ = self.dialer.set(dialer);
    }

    /// Counts how often the connection was made, the first time included.
    pub(crate) fn connections(&self) -> watch::Receiver<u64> {
        self.connected.subscribe()
    }

    /// Counts how often the server refused a subject, or to let this client connect again.
    pub(super) fn refusals(&self) -> watch::Receiver<u64> {
        self.denied.subscribe()
    }

    pub(super) fn listen(&self) -> broadcast::Receiver<NatsEvent> {
        self.listeners.subscribe()
    }

    pub(super) fn tell(&self, event: NatsEvent) {
        // Nobody may listen.
        let _ = self.listeners.send(event);
    }

    pub(super) fn breaks(&self) -> &Breaks {
        &self.breaks
    }

    pub(super) fn settling_epoch(&self) -> u64 {
        self.settling.load(Ordering::Relaxed)
    }

    pub(super) fn denials(&self) -> &Denials {
        &self.denials
    }

    /// Why the server keeps refusing to connect again, if it does.
    pub(super) fn outage_refusal(&self) -> Option<Error> {
        self.outage.refusal()
    }

    /// Notes a subject on which answers come in.
    pub(super) fn answers_on(&self, subject: String) {
        self.answers().subjects.push(subject);
    }

    /// The subject of the answers that the server refuses to this client.
    pub(super) fn refused_answers(&self) -> Option<String> {
        if !self.deaf.load(Ordering::Relaxed) {
            return None;
        }
        self.answers().refused.as_ref().map(|(subject, _)| subject.clone())
    }

    /// Whether it is time to make a connection anew that may not receive answers.
    pub(super) fn wants_healing(&self) -> bool {
        match &mut self.answers().refused {
            Some((_, since)) if since.elapsed() >= HEAL => {
                *since = Instant::now();
                true
            }
            _ => false,
        }
    }

    /// Says that nobody needs the connection any more.
    pub(super) fn give_up(&self) {
        self.given_up.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_given_up(&self) -> bool {
        self.given_up.load(Ordering::Relaxed)
    }

    pub(super) fn on(self: &Arc<Self>, event: &Event) {
        match event {
            Event::Connected => {
                self.outage.end();
                self.denials.forget();
                self.answers().refused = None;
                self.deaf.store(false, Ordering::Relaxed);
                self.settling.fetch_add(1, Ordering::Relaxed);
                self.connected.send_modify(|times| *times += 1);
                self.tell(NatsEvent::Connected);
            }
            Event::Disconnected => {
                self.outage.begin();
                self.breaks.note();
                self.tell(NatsEvent::Disconnected);
            }
            Event::ClientError(ClientError::Other(kind)) => self.on_failed_attempt(kind),
            Event::ServerError(ServerError::Other(text)) => self.on_error(text),
            Event::LameDuckMode => self.tell(NatsEvent::LameDuck),
            Event::SlowConsumer(_) => {
                tracing::warn!("async-nats dropped a message: a subscription is not read fast enough");
                self.tell(NatsEvent::MessageDropped);
            }
            Event::Closed => self.tell(NatsEvent::Closed),
            _ => {}
        }
    }

    /// An attempt to connect again failed. async-nats gives the kind of it, printed.
    fn on_failed_attempt(self: &Arc<Self>, kind: &str) {
        if self.is_given_up() {
            return;
        }
        if kind == ConnectErrorKind::AuthorizationViolation.to_string() {
            return self.on_refusal(refusal::credentials_refused(&self.config));
        }
        if let Some(dialer) = self.dialer.get()
            && self.outage.wants_look()
        {
            let (events, dialer) = (Arc::clone(self), dialer.clone());
            self.runtime.spawn(async move {
                if let Err(error) = Box::pin(dialer.attempt(LOOK)).await
                    && outage::is_refusal(&error)
                {
                    events.on_refusal(error);
                }
            });
        }
    }

    fn on_refusal(&self, error: Error) {
        let reason = error.message().to_owned();
        let refused = self.outage.refused(error);
        // Told once: the next attempts bring the same.
        if refused.is_new {
            tracing::warn!(reason, "the server refuses to let this client connect again; it is tried on");
            self.tell(NatsEvent::Refused { reason });
        }
        if refused.is_certain {
            self.publishes.end_all(Unanswered::Refused);
            self.requests.end_all(Unanswered::Refused);
            self.denied.send_modify(|times| *times += 1);
        }
    }

    fn on_error(self: &Arc<Self>, text: &str) {
        let Some(violation) = Violation::read(text) else {
            tracing::warn!(server_says = text, "the server tells an error");
            return self.tell(NatsEvent::ServerError { message: text.to_owned() });
        };
        // Logged once while it goes on: a loop that publishes must not fill the log.
        let is_new = self.denials.remember(&violation);
        match violation {
            Violation::Publish(subject) => {
                if is_new {
                    tracing::warn!(subject, "the server does not allow this client to publish there");
                }
                if subject.starts_with(SETTLEMENTS) {
                    self.settling.fetch_add(1, Ordering::Relaxed);
                }
                self.deny(&subject);
                self.tell(NatsEvent::PublishDenied { subject });
            }
            Violation::Subscribe(subject) => {
                if is_new {
                    tracing::warn!(subject, "the server does not allow this client to subscribe there");
                }
                if self.answers().refuse(&subject) {
                    self.deaf.store(true, Ordering::Relaxed);
                    self.publishes.end_all(Unanswered::Deaf);
                    self.requests.end_all(Unanswered::Deaf);
                }
                self.tell(NatsEvent::SubscribeDenied { subject });
            }
        }
        self.denied.send_modify(|times| *times += 1);
    }

    /// Tells the one who waits on a refused subject. Where several wait, permissions may have changed between them, so
    /// those who are allowed get the time to be answered first.
    fn deny(self: &Arc<Self>, subject: &str) {
        let waiting = self.publishes.waiting_for(subject) + self.requests.waiting_for(subject);
        if waiting == 1 {
            return self.end(subject, Unanswered::Denied);
        }
        if self.denials.doubt(subject) {
            let (events, subject) = (Arc::clone(self), subject.to_owned());
            self.runtime.spawn(async move {
                sleep(DOUBT).await;
                events.judge(&subject);
            });
        }
    }

    /// As many waiters as refusals: all of them are meant. More: nobody can tell which.
    fn judge(&self, subject: &str) {
        let refusals = self.denials.judge(subject);
        let waiting = self.publishes.waiting_for(subject) + self.requests.waiting_for(subject);
        let why = if waiting <= refusals { Unanswered::Denied } else { Unanswered::PerhapsDenied };
        self.end(subject, why);
    }

    fn end(&self, subject: &str, why: Unanswered) {
        self.publishes.end_for(subject, why);
        self.requests.end_for(subject, why);
    }

    fn answers(&self) -> std::sync::MutexGuard<'_, Answers> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answers {
    fn refuse(&mut self, subject: &str) -> bool {
        let ours = self.subjects.iter().any(|known| known == subject);
        if ours {
            self.refused = Some((subject.to_owned(), Instant::now()));
        }
        ours
    }
}

/// What a call gets that cannot be answered.
pub(super) fn deaf(subject: &str) -> Error {
    Error::new(ErrorKind::PermissionDenied, "this client may not receive any answer")
        .with_context("subject", subject)
        .with_remedy("let this user subscribe to `_INBOX.>`, or set `inbox_prefix` to what it may")
}
