//! Ending a pull that nobody waits for any more.
//!
//! The server has no way to cancel a pull but that the interest in its subject ends, and async-nats forgets a subject
//! about when it tells the server so. What is in flight at that moment comes again after its ack wait; so where something
//! is likely to be in flight, it is let in first. Messages are given back last, or they would come to this very pull again
//! and use up their attempts.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_nats::{Message, Subscriber};
use bytes::Bytes;
use futures::{FutureExt as _, StreamExt as _};
use pubsub_core::Delivery;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::Connection;
use crate::api;
use crate::message::NatsMessage;

/// The pulls that are being ended in the background.
#[derive(Debug, Default)]
pub(super) struct Retiring(watch::Sender<Pulls>);

#[derive(Debug, Default)]
struct Pulls {
    next: u64,
    open: BTreeSet<u64>,
}

impl Retiring {
    fn begin(&self) -> u64 {
        let mut ticket = 0;
        self.0.send_modify(|pulls| {
            ticket = pulls.next;
            pulls.next += 1;
            pulls.open.insert(ticket);
        });
        ticket
    }

    fn end(&self, ticket: u64) {
        self.0.send_modify(|pulls| {
            pulls.open.remove(&ticket);
        });
    }

    /// Resolves when those have ended that were being ended before.
    async fn settled(&self) {
        let limit = self.0.borrow().next;
        let are_over = |pulls: &Pulls| pulls.open.first().is_none_or(|first| *first >= limit);
        // The sender is in `self`.
        let _ = self.0.subscribe().wait_for(are_over).await;
    }
}

/// A pull that is being ended, until its task is over, however that ends.
struct Ending {
    ticket: u64,
    connection: Arc<Connection>,
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.connection.retiring.end(self.ticket);
    }
}

impl Connection {
    /// Resolves when no pull is open any more that was given up here before; what it has brought was given back.
    pub(crate) async fn retired(&self) {
        // Each has its own limit.
        let _ = timeout(2 * RETIRE, self.retiring.settled()).await;
    }
}

/// How long what a pull has set off may take to arrive, beyond one round trip.
const AFTERMATH: Duration = Duration::from_millis(20);
/// The longest that an open pull is looked after.
const RETIRE: Duration = Duration::from_secs(1);
/// The status by which a server shows that a pull lives.
const HEARTBEAT: u16 = 100;
const NAK: Bytes = Bytes::from_static(b"-NAK");

/// A subscription to which a pull may still be open.
pub(super) struct OpenPull {
    pub(super) subscriber: Subscriber,
    pub(super) open: Open,
}

/// A pull that may be open.
#[derive(Debug, Clone, Copy)]
pub(super) struct Open {
    /// When it was made, or a message came.
    pub(super) active: Instant,
    /// After so long without a word it has nothing in flight.
    pub(super) quiet: Duration,
}

/// What arrived and nobody wants.
#[derive(Default)]
pub(super) struct Leftovers {
    pub(super) messages: Vec<Message>,
    pub(super) deliveries: Vec<Delivery>,
}

impl OpenPull {
    /// Ends the pull in the background.
    pub(super) fn spawn_retire(mut self, connection: &Arc<Connection>, leftovers: Leftovers) {
        // A quiet pull ends before its owner's next message to the server, so that it takes nothing from the next pull.
        let ended = self.is_quiet() && self.subscriber.drain().now_or_never().is_some();
        let ending = Ending { ticket: connection.retiring.begin(), connection: Arc::clone(connection) };
        connection.runtime.spawn(async move { self.retire(&ending.connection, leftovers, ended).await });
    }

    /// Ends the pull and gives back what it brings.
    pub(super) async fn retire(mut self, connection: &Connection, mut leftovers: Leftovers, ended: bool) {
        let collect = async {
            if !ended {
                if !self.is_quiet() {
                    self.let_in(connection, &mut leftovers.messages).await;
                }
                let _ = self.subscriber.drain().await;
            }
            leftovers.messages.extend(rest(&mut self.subscriber).await);
        };
        // While disconnected nothing comes, and the drain does not end.
        let _ = timeout(RETIRE, collect).await;
        drop(self);
        leftovers.give_back(connection);
    }

    fn is_quiet(&self) -> bool {
        self.open.active.elapsed() >= self.open.quiet
    }

    /// Takes what is on its way: until the pull says that it has ended, or a round trip and a little more have passed.
    async fn let_in(&mut self, connection: &Connection, messages: &mut Vec<Message>) {
        let round_trip = async {
            if connection.is_connected() {
                // Any answer will do.
                let _ = api::account_info(connection).await;
                sleep(AFTERMATH).await;
            }
        };
        tokio::pin!(round_trip);
        loop {
            tokio::select! {
                biased;
                message = self.subscriber.next() => match message {
                    Some(message) if message.status.is_none_or(|status| status.as_u16() == HEARTBEAT) => {
                        messages.push(message);
                    }
                    _ => return,
                },
                () = &mut round_trip => return,
            }
        }
    }
}

/// Ends the interest in a subject at once, and gives what came until the end.
pub(super) async fn finish(mut subscriber: Subscriber) -> Vec<Message> {
    let finishing = async {
        match subscriber.drain().await {
            Ok(()) => rest(&mut subscriber).await,
            Err(_) => Vec::new(),
        }
    };
    timeout(RETIRE, finishing).await.unwrap_or_default()
}

async fn rest(subscriber: &mut Subscriber) -> Vec<Message> {
    subscriber.collect().await
}

impl Leftovers {
    pub(super) fn give_back(self, connection: &Connection) {
        self.deliveries.into_iter().for_each(Delivery::hand_back);
        for message in self.messages {
            let Some(reply) = message.reply.filter(|_| message.status.is_none()) else { continue };
            if NatsMessage::is_settled_by(&reply) {
                connection.post(reply, NAK);
            }
        }
    }
}
