//! Sending again what was not confirmed: [`Courier`].

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use pubsub_core::{Error, ErrorKind, OutboundMessage, Result, StreamName};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::ack::nobody_there;
use super::doubt::{Compared, compare};
use super::outbox::Job;
use super::{InFlight, dispatch, wire_headers, wire_subject};
use crate::NatsEvent;
use crate::api;
use crate::connection::{Connection, Phase, reached, reply_subject};

/// The pause before what was refused for a moment is sent again, for the first time; then twice as long, up to the longest.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_millis(800);
/// For how long the answer is believed whether a subject has a stream.
const BELIEVED: Duration = Duration::from_millis(100);
/// For how long nothing is asked after the server did not answer.
const NOT_ASKED: Duration = Duration::from_millis(250);
/// How often what nobody took is sent again where this user may not ask whether a stream takes it (as ADR-22).
const BLIND_TRIES: u32 = 3;
/// The longest that a look at a stream may hold up what waits.
const LOOK: Duration = Duration::from_millis(500);
/// What a stream's duplicate window must have left for another try.
const MARGIN: Duration = Duration::from_millis(50);
/// How often the state of a lost connection is looked at, should its event be lost.
const CHECK: Duration = Duration::from_millis(250);

/// One for each connection. It ends with it.
pub(crate) struct Courier {
    connection: Weak<Connection>,
    jobs: mpsc::UnboundedReceiver<Job>,
    connections: watch::Receiver<u64>,
    told: broadcast::Receiver<NatsEvent>,
    phase: watch::Receiver<Phase>,
    /// What is to be sent again, the soonest first.
    pauses: BinaryHeap<Reverse<(Instant, u64)>>,
    /// Whether a look at a subject just now found a stream for it.
    looked: Option<(String, bool, Instant)>,
    /// When the server did not answer such a question.
    unanswered: Option<Instant>,
}

impl Courier {
    pub(crate) fn new(connection: &Arc<Connection>, jobs: mpsc::UnboundedReceiver<Job>) -> Self {
        Self {
            connection: Arc::downgrade(connection),
            jobs,
            connections: connection.connections(),
            told: connection.listen(),
            phase: connection.phase(),
            pauses: BinaryHeap::new(),
            looked: None,
            unanswered: None,
        }
    }

    pub(crate) async fn run(mut self) {
        let _ = self.connections.borrow_and_update();
        loop {
            let due = self.pauses.peek().map(|Reverse((due, _))| *due);
            let closed = self.connection.upgrade().is_some_and(|connection| connection.outbox.is_closed());
            tokio::select! {
                biased;
                () = reached(&mut self.phase, Phase::Closed) => return,
                event = self.told.recv() => match event {
                    Ok(NatsEvent::Disconnected) => {
                        if let Some(connection) = self.connection.upgrade() {
                            connection.outbox.close_gate();
                        }
                    }
                    Err(broadcast::error::RecvError::Closed) => return,
                    _ => {}
                },
                changed = self.connections.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    self.catch_up().await;
                }
                job = self.jobs.recv() => match job {
                    Some(job) => self.attend(job).await,
                    None => return,
                },
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    if let (Some(Reverse((_, token))), Some(connection)) =
                        (self.pauses.pop(), self.connection.upgrade())
                        // After a break everything is sent again anyway.
                        && connection.is_connected()
                    {
                        self.send(&connection, token).await;
                    }
                }
                () = sleep(CHECK), if closed => self.catch_up().await,
            }
        }
    }

    async fn attend(&mut self, job: Job) {
        let Some(connection) = self.connection.upgrade() else { return };
        match job {
            Job::Overdue(token) => {
                // After a break everything is sent again anyway.
                if connection.is_connected() && !connection.outbox.is_closed() {
                    self.send(&connection, token).await;
                }
            }
            Job::Later(token) => self.pause(&connection, token),
            Job::NobodyThere(token) => self.nobody_there(&connection, token).await,
            Job::Compare(token, found) => compare_and_finish(&connection, token, *found).await,
            // The gate may have opened since somebody saw it closed.
            Job::Held if !connection.outbox.is_closed() => self.send_held(&connection).await,
            // It may have been closed after the connection had come back.
            Job::Held if connection.is_connected() => self.catch_up().await,
            Job::Held => {}
        }
    }

    /// Sends what was in flight when the connection broke, in the order in which it was published, and then what was
    /// published since.
    async fn catch_up(&mut self) {
        let Some(connection) = self.connection.upgrade() else { return };
        if !connection.is_connected() {
            return;
        }
        connection.outbox.close_gate();
        let _ = self.connections.borrow_and_update();
        for token in connection.publishes.select(InFlight::survives_break) {
            if !connection.is_connected() {
                return;
            }
            self.send(&connection, token).await;
        }
        self.send_held(&connection).await;
    }

    /// Sends what waits behind the gate, and opens it.
    async fn send_held(&mut self, connection: &Arc<Connection>) {
        loop {
            let mut tokens = connection.outbox.take_or_open();
            if tokens.is_empty() {
                return;
            }
            while connection.is_connected()
                && let Some(token) = tokens.pop_front()
            {
                self.send(connection, token).await;
            }
            if !tokens.is_empty() {
                return connection.outbox.put_back(tokens.into_iter());
            }
        }
    }

    fn pause(&mut self, connection: &Connection, token: u64) {
        let refusals = connection.publishes.look_at(token, InFlight::refusals);
        let doublings = refusals.unwrap_or(1).saturating_sub(1).min(3);
        let pause = (PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE);
        self.pauses.push(Reverse((Instant::now() + pause, token)));
    }

    /// No stream takes the subject, or the one that does has no leader now.
    async fn nobody_there(&mut self, connection: &Arc<Connection>, token: u64) {
        let looked = |publish: &InFlight| (publish.message.subject.to_string(), publish.refusals());
        let Some((subject, refusals)) = connection.publishes.look_at(token, looked) else { return };
        if self.has_stream(connection, &subject, refusals).await {
            self.pause(connection, token);
        } else {
            connection.publishes.end_one(token, |publish| {
                let in_doubt = publish.again.as_ref().is_some_and(|again| again.in_doubt);
                let refusal = nobody_there();
                publish.finish(Err(if in_doubt { refusal.with_effect_unknown() } else { refusal }));
            });
        }
    }

    /// Whether a stream takes the subject, as far as can be told: one without a leader may come back.
    async fn has_stream(&mut self, connection: &Connection, subject: &str, refusals: u32) -> bool {
        if let Some((known, has, when)) = &self.looked
            && known == subject
            && when.elapsed() < BELIEVED
        {
            return *has;
        }
        let has = match self.ask(connection.streams.ask(connection, subject)).await {
            // A cluster that elects says nothing of its streams.
            None => return true,
            Some(Err(_)) => return refusals < BLIND_TRIES,
            Some(Ok(stream)) => stream.is_some(),
        };
        self.looked = Some((subject.to_owned(), has, Instant::now()));
        has
    }

    /// Asks the server something, unless it did not answer lately: what is to be sent must not wait for it.
    async fn ask<T>(&mut self, asking: impl Future<Output = Result<T>>) -> Option<Result<T>> {
        if self.unanswered.is_some_and(|since| since.elapsed() < NOT_ASKED) {
            return None;
        }
        let answer = timeout(LOOK, asking).await.ok().filter(|answer| !is_silence(answer));
        self.unanswered = answer.is_none().then(Instant::now);
        answer
    }

    /// Whether the stream still remembers the id of a message that it may have stored since; `None` if it does not say now.
    /// Where this user may not ask for its duplicate window, that is taken to be longer than the time of a publish.
    async fn is_remembered(
        &mut self,
        connection: &Connection,
        message: &OutboundMessage,
        since: Instant,
    ) -> Option<bool> {
        // No window is shorter.
        const SHORTEST: Duration = Duration::from_millis(100);
        if since.elapsed() + MARGIN < SHORTEST {
            return Some(true);
        }
        let asked = self.ask(connection.streams.find(connection, message.subject.as_str())).await?;
        let stream = asked.ok().flatten();
        Some(stream.is_none_or(|stream| since.elapsed() + MARGIN < stream.duplicate_window))
    }

    async fn send(&mut self, connection: &Arc<Connection>, token: u64) {
        let looked = connection.publishes.look_at(token, |publish| {
            let doubtful = publish.again.as_ref().filter(|again| again.in_doubt);
            (publish.message.clone(), doubtful.map(|again| again.first_try))
        });
        // It may have been confirmed meanwhile.
        let Some((message, doubtful_since)) = looked else { return };
        if let Some(since) = doubtful_since {
            match self.is_remembered(connection, &message, since).await {
                Some(true) => {}
                // Stored twice would be worse than not known.
                Some(false) => return,
                None => return self.pauses.push(Reverse((Instant::now() + PAUSE, token))),
            }
        }
        let (Ok(to), Ok(headers)) = (wire_subject(&message.subject), wire_headers(&message)) else { return };
        connection.publishes.postpone(token, InFlight::sent_again);
        let reply = reply_subject(&connection.publish_prefix, token);
        let sending = dispatch::send(connection, to, reply, headers, message.payload);
        // What cannot be sent now ends at its deadline, or is sent after the next break.
        let _ = timeout(connection.config.request_timeout, sending).await;
    }
}

fn is_silence<T>(answer: &Result<T>) -> bool {
    let Err(error) = answer else { return false };
    matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Unavailable | ErrorKind::Closed)
        && !error.broker_code().is_some_and(api::is_without_jetstream)
}

async fn compare_and_finish(connection: &Arc<Connection>, token: u64, (stream, error): (StreamName, Error)) {
    let message = connection.publishes.look_at(token, |publish| publish.message.clone());
    let Some(message) = message else { return };
    let compared = compare(connection, &stream, &message, &error).await;
    connection.publishes.end_one(token, |publish| {
        let made_id = publish.again.as_ref().is_some_and(|again| again.made_id);
        publish.finish(match compared {
            Compared::Stored(mut receipt) => {
                receipt.duplicate = Some(!made_id);
                Ok(receipt)
            }
            Compared::Refused => Err(error),
            Compared::Unknown => Err(error.with_effect_unknown()),
        });
    });
}
