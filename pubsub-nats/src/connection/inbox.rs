//! Where pulled messages arrive: [`Inbox`].
//!
//! What arrives and is not handed out is given back at once: when an inbox is dropped (a fetch was cancelled, a stream
//! was dropped) and when the connection is closed, even if nobody polls the inbox at that time.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use async_nats::{Message, Subject, Subscriber};
use bytes::Bytes;
use futures::future::join_all;
use futures::{FutureExt as _, StreamExt as _};
use pubsub_core::{Delivery, Error, Result};
use tokio::time::{sleep, timeout};

use super::Connection;
use crate::api;

/// How long what a pull has set off may take to arrive, beyond one round trip.
const AFTERMATH: Duration = Duration::from_millis(20);
/// The longest that an open pull is looked after once nobody waits for it.
const RETIRE: Duration = Duration::from_secs(1);
/// The status by which a server shows that a pull lives.
const HEARTBEAT: u16 = 100;
const NAK: Bytes = Bytes::from_static(b"-NAK");

/// The inboxes of a connection, for its close.
#[derive(Default)]
pub(crate) struct Inboxes(Mutex<Vec<Weak<Shared>>>);

impl Inboxes {
    fn add(&self, inbox: &Arc<Shared>) {
        let mut inboxes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inboxes.retain(|known| known.strong_count() > 0);
        inboxes.push(Arc::downgrade(inbox));
    }

    /// Stops what arrives everywhere, and gives back what was not handed out.
    pub(super) async fn stop(&self) {
        let inboxes = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        join_all(inboxes.iter().filter_map(Weak::upgrade).map(|inbox| async move {
            inbox.retire().await;
        }))
        .await;
    }
}

/// A subscription for pulled messages, and what was received by earlier ones of the same owner.
pub(crate) struct Inbox(Arc<Shared>);

pub(crate) struct Shared {
    connection: Arc<Connection>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Received by an earlier subscription.
    kept: VecDeque<Message>,
    current: Option<Subscriber>,
    /// Whether a pull may be open, so that more may arrive after the end.
    pulling: bool,
    /// Taken from here and not wanted after all.
    returned: Vec<Delivery>,
}

/// A message that arrived.
pub(crate) struct Arrived {
    pub(crate) message: Message,
    /// Whether it answers a pull to the current subject, not to an earlier one.
    pub(crate) current: bool,
}

impl Inbox {
    /// An inbox without a subscription; nothing arrives before [`renew`](Self::renew).
    pub(crate) fn new(connection: &Arc<Connection>) -> Self {
        let shared = Arc::new(Shared {
            connection: Arc::clone(connection),
            state: Mutex::new(State::default()),
        });
        connection.inboxes.add(&shared);
        Self(shared)
    }

    /// Subscribes to a fresh subject and keeps what arrived on the one before. Returns the subject.
    pub(crate) async fn renew(&self) -> Result<Subject> {
        let connection = &self.0.connection;
        let subject = Subject::from(connection.client.new_inbox());
        let subscriber = connection
            .client
            .subscribe(subject.clone())
            .await
            .map_err(|error| Error::closed("connection").with_source(error))?;
        let earlier = {
            let mut state = self.0.lock();
            let mut earlier = state.current.replace(subscriber);
            if let Some(earlier) = &mut earlier {
                state.kept.extend(ready(earlier));
            }
            std::mem::take(&mut state.pulling).then_some(earlier).flatten()
        };
        if let Some(earlier) = earlier {
            self.0.spawn_retire(earlier, Leftovers::default());
        }
        Ok(subject)
    }

    /// Notes that a pull is open, or that none is.
    pub(crate) fn set_pulling(&self, pulling: bool) {
        self.0.lock().pulling = pulling;
    }

    /// Takes deliveries back, to be given back with the rest when the inbox ends: at once, they would come again by a
    /// pull that is still open.
    pub(crate) fn put_back(&self, deliveries: Vec<Delivery>) {
        self.0.lock().returned.extend(deliveries);
    }

    /// What has arrived already.
    pub(crate) fn try_next(&self) -> Option<Arrived> {
        self.next().now_or_never().flatten()
    }

    /// What arrives next. `None` once the inbox was stopped, and before it was renewed.
    pub(crate) async fn next(&self) -> Option<Arrived> {
        poll_fn(|context| self.0.lock().poll_next(context)).await
    }
}

impl State {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Arrived>> {
        if let Some(message) = self.kept.pop_front() {
            return Poll::Ready(Some(Arrived {
                message,
                current: false,
            }));
        }
        match &mut self.current {
            Some(subscriber) => subscriber.poll_next_unpin(context).map(|message| {
                message.map(|message| Arrived {
                    message,
                    current: true,
                })
            }),
            None => Poll::Ready(None),
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what is there and what the server may still send.
    fn end(&self) -> (Leftovers, Option<Subscriber>) {
        let mut state = self.lock();
        let mut messages = Vec::from(std::mem::take(&mut state.kept));
        let mut current = state.current.take();
        if let Some(subscriber) = &mut current {
            messages.extend(ready(subscriber));
        }
        let deliveries = std::mem::take(&mut state.returned);
        (
            Leftovers { messages, deliveries },
            current.filter(|_| state.pulling),
        )
    }

    async fn retire(&self) {
        let (leftovers, current) = self.end();
        match current {
            Some(subscriber) => retire(&self.connection, subscriber, leftovers).await,
            None => leftovers.give_back(&self.connection),
        }
    }

    fn spawn_retire(&self, subscriber: Subscriber, leftovers: Leftovers) {
        let connection = Arc::clone(&self.connection);
        let runtime = self.connection.runtime.clone();
        runtime.spawn(async move { retire(&connection, subscriber, leftovers).await });
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        let (leftovers, current) = self.0.end();
        match current {
            Some(subscriber) => self.0.spawn_retire(subscriber, leftovers),
            None => leftovers.give_back(&self.0.connection),
        }
    }
}

/// Ends a pull that may be open, and gives back what it brings.
///
/// The server has no way to cancel a pull but that the interest in its subject ends, and async-nats forgets a subject as
/// soon as it says so to the server. So first what is on its way is let in; then the interest ends; and only then is
/// anything given back, or it would come to this very pull again and use up its attempts. What the server sends while the
/// interest ends comes again after its ack wait.
async fn retire(connection: &Connection, mut subscriber: Subscriber, mut leftovers: Leftovers) {
    let on_its_way = async {
        if connection.is_connected() {
            // Any answer will do.
            let _ = api::account_info(connection).await;
            sleep(AFTERMATH).await;
        }
    };
    let collect = async {
        tokio::pin!(on_its_way);
        loop {
            tokio::select! {
                biased;
                message = subscriber.next() => match message {
                    Some(message) if message.status.is_some_and(|status| status.as_u16() != HEARTBEAT) => break,
                    Some(message) => leftovers.messages.push(message),
                    None => break,
                },
                () = &mut on_its_way => break,
            }
        }
        if subscriber.drain().await.is_ok() {
            while let Some(message) = subscriber.next().await {
                leftovers.messages.push(message);
            }
        }
    };
    // While disconnected nothing comes, and the drain does not end.
    let _ = timeout(RETIRE, collect).await;
    drop(subscriber);
    leftovers.give_back(connection);
}

/// What arrived and nobody wants any more.
#[derive(Default)]
struct Leftovers {
    messages: Vec<Message>,
    deliveries: Vec<Delivery>,
}

impl Leftovers {
    fn give_back(self, connection: &Connection) {
        self.deliveries.into_iter().for_each(Delivery::hand_back);
        for message in self.messages {
            if let Some(reply) = message.reply.filter(|_| message.status.is_none()) {
                connection.post(reply, NAK);
            }
        }
    }
}

fn ready(subscriber: &mut Subscriber) -> Vec<Message> {
    std::iter::from_fn(|| subscriber.next().now_or_never().flatten()).collect()
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox").finish_non_exhaustive()
    }
}
