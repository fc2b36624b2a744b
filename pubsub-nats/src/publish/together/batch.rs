//! One batch on the wire: [`Batch`].

use std::sync::Arc;
use std::time::Duration;

use async_nats::Subscriber;
use futures::StreamExt as _;
use pubsub_core::{Result, StreamName};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::super::dispatch::send;
use super::super::{wire_headers, wire_subject};
use super::answer::{Answer, read};
use super::lane::Queued;
use crate::connection::Connection;

/// The operations of the protocol: begin, go on, and commit with the last message.
const BEGIN: u8 = 0;
const NEXT: u8 = 1;
const COMMIT: u8 = 2;

/// How long a batch may take whose messages can be sent again one by one.
const PATIENCE: Duration = Duration::from_secs(2);

/// How a batch ended.
pub(super) enum End {
    /// The first so many are stored, and the rest is not.
    Stored { count: usize, stream: StreamName },
    /// None is stored.
    Nothing,
    /// It is not known what is stored.
    Unknown,
}

/// Sends batches, one after the other.
pub(super) struct Batch<'a> {
    connection: &'a Arc<Connection>,
    connections: watch::Receiver<u64>,
    /// Of subjects, by the server.
    refusals: watch::Receiver<u64>,
    /// What the answers are addressed to, and where they come in.
    inbox: Option<(String, Subscriber)>,
}

impl<'a> Batch<'a> {
    pub(super) fn new(connection: &'a Arc<Connection>) -> Self {
        let (connections, refusals) = (connection.connections(), connection.refusals());
        Self { connection, connections, refusals, inbox: None }
    }

    pub(super) async fn send(&mut self, publishes: &[Queued]) -> End {
        let connection = self.connection;
        let Some((last, others)) = publishes.split_last() else { return End::Nothing };
        // By itself a message that is not allowed is told so, and holds up no other.
        let is_allowed =
            |queued: &Queued| connection.check_publish(queued.publish.message.subject.as_str()).is_ok();
        if !connection.is_connected()
            || connection.check_answerable().is_err()
            || !publishes.iter().all(is_allowed)
        {
            return End::Nothing;
        }
        // A new connection has lost what was sent over the one before.
        let _ = (self.connections.borrow_and_update(), self.refusals.borrow_and_update());
        let deadline = deadline(publishes);
        let Some((inbox, answers)) = inbox(connection, &mut self.inbox, deadline).await else {
            return End::Nothing;
        };
        let prefix = format!("{inbox}.{}.", connection.ids.next());
        let reply = |number: usize, operation: u8| {
            format!("{prefix}{}.fail.{number}.{operation}.$FI", publishes.len())
        };
        let sending = async {
            for (number, queued) in (1..).zip(others) {
                let operation = if number == 1 { BEGIN } else { NEXT };
                send_one(connection, queued, reply(number, operation)).await?;
            }
            send_one(connection, last, reply(publishes.len(), COMMIT)).await
        };
        if !matches!(timeout_at(deadline, sending).await, Ok(Ok(()))) {
            return End::Unknown;
        }
        let refusals = &mut self.refusals;
        let refused = async { while refusals.changed().await.is_ok() && publishes.iter().all(is_allowed) {} };
        tokio::select! {
            biased;
            end = wait(answers, &prefix, deadline) => end,
            _ = self.connections.changed() => End::Unknown,
            // Of a batch that is not complete the server says nothing; what was allowed before may have been stored.
            () = refused => End::Unknown,
        }
    }
}

/// Until when to wait for the confirmation: for as long as every message may, or can be sent again.
fn deadline(publishes: &[Queued]) -> Instant {
    let now = Instant::now();
    let each = publishes.iter().map(|Queued { publish, timeout, .. }| match publish.again {
        Some(_) => publish.deadline.min(now + PATIENCE.min(*timeout / 2)),
        None => publish.deadline,
    });
    each.min().unwrap_or(now)
}

async fn inbox<'a>(
    connection: &Connection,
    inbox: &'a mut Option<(String, Subscriber)>,
    deadline: Instant,
) -> Option<(&'a str, &'a mut Subscriber)> {
    if inbox.is_none() {
        let name = connection.client.new_inbox();
        let subscribing = connection.client.subscribe(format!("{name}.>"));
        let answers = timeout_at(deadline, subscribing).await.ok()?.ok()?;
        *inbox = Some((name, answers));
    }
    inbox.as_mut().map(|(name, answers)| (name.as_str(), answers))
}

async fn send_one(connection: &Connection, queued: &Queued, reply: String) -> Result<()> {
    let message = &queued.publish.message;
    let (to, headers) = (wire_subject(&message.subject)?, wire_headers(message)?);
    send(connection, to, reply.into(), headers, message.payload.clone()).await
}

async fn wait(answers: &mut Subscriber, prefix: &str, deadline: Instant) -> End {
    loop {
        let Ok(Some(message)) = timeout_at(deadline, answers.next()).await else { return End::Unknown };
        if !message.subject.starts_with(prefix) {
            // It is about an earlier batch, whose end nobody waits for any more.
            continue;
        }
        match read(&message) {
            Answer::GoesOn => {}
            Answer::Ended { stream, count } => return End::Stored { count, stream },
            Answer::Refused => return End::Nothing,
            Answer::Unknown => return End::Unknown,
        }
    }
}
