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
use futures::future::join_all;
use futures::{FutureExt as _, StreamExt as _};
use pubsub_core::{Delivery, Error, Result};
use tokio::time::Instant;

use super::Connection;
use super::retire::{self, Leftovers, Open, OpenPull};

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
    /// The pull that may be open.
    open: Option<Open>,
    /// Taken by a fetch that goes on. Here, so that a close gives them back even if nobody polls it.
    collected: Vec<Delivery>,
    /// Taken from here and not wanted after all.
    returned: Vec<Delivery>,
    /// A close has taken all.
    stopped: bool,
}

/// A message that arrived.
pub(crate) struct Arrived {
    pub(crate) message: Message,
    /// Whether it answers a pull to the current subject, not to an earlier one.
    pub(crate) current: bool,
    /// When it was taken.
    pub(crate) at: Instant,
}

impl Inbox {
    /// An inbox without a subscription; nothing arrives before [`renew`](Self::renew).
    pub(crate) fn new(connection: &Arc<Connection>) -> Self {
        let shared =
            Arc::new(Shared { connection: Arc::clone(connection), state: Mutex::new(State::default()) });
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
            if state.stopped {
                return Err(Error::closed("connection"));
            }
            let mut earlier = state.current.replace(subscriber);
            if let Some(earlier) = &mut earlier {
                state.kept.extend(ready(earlier));
            }
            state.open_pull(earlier)
        };
        if let Some(earlier) = earlier {
            earlier.spawn_retire(connection, Leftovers::default());
        }
        Ok(subject)
    }

    /// Notes that a pull is open. After so long without a word it has nothing in flight.
    pub(crate) fn opens(&self, quiet: Duration) {
        self.0.lock().open = Some(Open { quiet, active: Instant::now() });
    }

    /// Notes that no pull is open.
    pub(crate) fn closes(&self) {
        self.0.lock().open = None;
    }

    /// Ends a pull that may be open, before anything else is said to the server, and gives what came until then.
    pub(crate) async fn finish(&self) -> Vec<Message> {
        let subscriber = {
            let mut state = self.0.lock();
            state.open = None;
            state.current.take()
        };
        match subscriber {
            Some(subscriber) => retire::finish(subscriber).await,
            None => Vec::new(),
        }
    }

    /// Keeps a delivery for its fetch; says how many it has then.
    pub(crate) fn collect(&self, delivery: Delivery) -> usize {
        let mut state = self.0.lock();
        state.collected.push(delivery);
        state.collected.len()
    }

    /// How many deliveries were collected.
    pub(crate) fn collected(&self) -> usize {
        self.0.lock().collected.len()
    }

    /// Hands out what was collected, up to so many. More are given back with the rest when the inbox ends: at once, they
    /// would come again by a pull that is still open. `Closed` if a close has given back all.
    pub(crate) fn take_collected(&self, most: usize) -> Result<Vec<Delivery>> {
        let mut state = self.0.lock();
        if state.stopped {
            return Err(Error::closed("connection"));
        }
        let mut collected = std::mem::take(&mut state.collected);
        let surplus = collected.split_off(most.min(collected.len()));
        state.returned.extend(surplus);
        Ok(collected)
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
            return Poll::Ready(Some(Arrived { message, current: false, at: Instant::now() }));
        }
        let Some(subscriber) = &mut self.current else {
            return Poll::Ready(None);
        };
        let Poll::Ready(message) = subscriber.poll_next_unpin(context) else {
            return Poll::Pending;
        };
        let Some(message) = message else { return Poll::Ready(None) };
        let at = Instant::now();
        if let Some(open) = &mut self.open {
            open.active = at;
        }
        Poll::Ready(Some(Arrived { message, current: true, at }))
    }

    /// The subscription, if a pull may be open to it.
    fn open_pull(&mut self, subscriber: Option<Subscriber>) -> Option<OpenPull> {
        let open = self.open.take()?;
        Some(OpenPull { subscriber: subscriber?, open })
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what is there, and what the server may still send.
    fn end(&self) -> (Leftovers, Option<OpenPull>) {
        let mut state = self.lock();
        state.stopped = true;
        let mut messages = Vec::from(std::mem::take(&mut state.kept));
        let mut current = state.current.take();
        if let Some(subscriber) = &mut current {
            messages.extend(ready(subscriber));
        }
        if !messages.is_empty() {
            // There may be more.
            state.open = Some(Open { active: Instant::now(), quiet: Duration::MAX });
        }
        let mut deliveries = std::mem::take(&mut state.collected);
        deliveries.append(&mut state.returned);
        let leftovers = Leftovers { messages, deliveries };
        (leftovers, state.open_pull(current))
    }

    async fn retire(&self) {
        let (leftovers, open) = self.end();
        match open {
            Some(pull) => pull.retire(&self.connection, leftovers, false).await,
            None => leftovers.give_back(&self.connection),
        }
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        let connection = &self.0.connection;
        let (leftovers, open) = self.0.end();
        match open {
            Some(pull) => pull.spawn_retire(connection, leftovers),
            None => leftovers.give_back(connection),
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
