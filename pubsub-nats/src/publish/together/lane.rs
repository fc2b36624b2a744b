//! Who waits for the next batch of a stream: [`Lane`].

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::yield_now;
use tokio::time::Instant;

use super::super::InFlight;
use super::super::dispatch::dispatch;
use super::batch::{Batch, End};
use crate::connection::Connection;

/// The most messages that are confirmed at once. More gain nothing (measured on nats-server 2.15.1).
const MOST: usize = 4_096;
/// What a stream's duplicate window must have left to send a message again.
const MARGIN: Duration = Duration::from_millis(50);

/// A publish on its way through a lane.
pub(in super::super) struct Queued {
    pub(in super::super) publish: InFlight,
    /// The time it has, from the beginning.
    pub(in super::super) timeout: Duration,
    pub(in super::super) began: Instant,
    /// Whether it may be confirmed with others.
    pub(in super::super) together: bool,
}

#[expect(clippy::large_enum_variant, reason = "a flush is rare, and a box for each publish is not free")]
enum Entry {
    Publish(Queued),
    /// Someone who waits until all before have gone.
    Flush(oneshot::Sender<()>),
}

/// The publishes of one stream that are confirmed together, and those that have to keep their place among them.
pub(in super::super) struct Lane {
    queue: Mutex<Queue>,
    waiting: Arc<AtomicUsize>,
}

#[derive(Default)]
struct Queue {
    entries: VecDeque<Entry>,
    /// Whether somebody takes them out.
    is_served: bool,
}

impl Lane {
    pub(super) fn new(waiting: Arc<AtomicUsize>) -> Self {
        Self { queue: Mutex::default(), waiting }
    }

    pub(super) fn is_busy(&self) -> bool {
        self.lock().is_served
    }

    /// Adds publishes behind all that are there.
    pub(in super::super) fn add(
        self: &Arc<Self>,
        connection: &Arc<Connection>,
        publishes: impl Iterator<Item = Queued>,
    ) {
        let mut queue = self.lock();
        let before = queue.entries.len();
        queue.entries.extend(publishes.map(Entry::Publish));
        let added = queue.entries.len() - before;
        self.waiting.fetch_add(added, Ordering::AcqRel);
        self.serve(connection, queue);
    }

    pub(super) async fn flushed(&self) {
        let (done, flushed) = oneshot::channel();
        {
            let mut queue = self.lock();
            if !queue.is_served {
                return;
            }
            queue.entries.push_back(Entry::Flush(done));
        }
        // An error says that the one who served it has ended, with all that was there.
        let _ = flushed.await;
    }

    fn serve(self: &Arc<Self>, connection: &Arc<Connection>, mut queue: MutexGuard<'_, Queue>) {
        if std::mem::replace(&mut queue.is_served, true) {
            return;
        }
        drop(queue);
        let (lane, connection_) = (Arc::clone(self), Arc::clone(connection));
        connection.spawn(async move { lane.run(&connection_).await });
    }

    async fn run(self: Arc<Self>, connection: &Arc<Connection>) {
        let mut batch = Batch::new(connection);
        loop {
            // Whoever was told an outcome just now may have more to publish.
            yield_now().await;
            let Some(entries) = self.take() else { return };
            let mut together = Vec::new();
            for entry in entries {
                match entry {
                    Entry::Publish(queued) if queued.together => together.push(queued),
                    Entry::Publish(queued) => {
                        self.publish(connection, &mut batch, std::mem::take(&mut together)).await;
                        self.waiting.fetch_sub(1, Ordering::AcqRel);
                        alone(connection, queued, false).await;
                    }
                    Entry::Flush(done) => {
                        self.publish(connection, &mut batch, std::mem::take(&mut together)).await;
                        // Whoever waited may have given up.
                        let _ = done.send(());
                    }
                }
            }
            self.publish(connection, &mut batch, together).await;
        }
    }

    /// What is there now; `None`, and nobody serves it any more, if nothing is.
    fn take(&self) -> Option<Vec<Entry>> {
        let mut queue = self.lock();
        let most = queue.entries.len().min(MOST);
        queue.is_served = most > 0;
        (most > 0).then(|| queue.entries.drain(..most).collect())
    }

    async fn publish(&self, connection: &Arc<Connection>, batch: &mut Batch<'_>, publishes: Vec<Queued>) {
        let count = publishes.len();
        let end = if count > 1 { batch.send(&publishes).await } else { End::Nothing };
        let (stored, is_certain) = match &end {
            End::Stored { count, .. } => (*count, true),
            End::Nothing => (0, true),
            End::Unknown => (0, false),
        };
        let mut publishes = publishes.into_iter();
        if let End::Stored { stream, .. } = &end {
            publishes.by_ref().take(stored).for_each(|queued| queued.publish.stored_in(stream));
        }
        for queued in publishes {
            if is_certain || may_be_repeated(connection, &queued) {
                alone(connection, queued, !is_certain).await;
            } else {
                queued.publish.end_unknown();
            }
        }
        self.waiting.fetch_sub(count, Ordering::AcqRel);
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the stream would notice that it has stored it already.
fn may_be_repeated(connection: &Connection, queued: &Queued) -> bool {
    let stream = connection.streams.known(queued.publish.message.subject.as_str());
    let window = stream.map(|stream| stream.duplicate_window);
    queued.publish.again.is_some() && window.is_none_or(|window| queued.began.elapsed() + MARGIN < window)
}

/// Sends a publish the usual way.
async fn alone(connection: &Connection, queued: Queued, in_doubt: bool) {
    let Queued { mut publish, timeout, .. } = queued;
    if let Some(again) = &mut publish.again {
        again.in_doubt = in_doubt;
    }
    if !in_doubt && Instant::now() >= publish.deadline {
        return publish.finish(Err(connection.unreachable_or_late(timeout)));
    }
    if let Err(failed) = dispatch(connection, publish, timeout).await
        && let Some(publish) = failed.publish
    {
        let error = failed.error;
        publish.finish(Err(if in_doubt { error.with_effect_unknown() } else { error }));
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lane").field("waiting", &self.lock().entries.len()).finish_non_exhaustive()
    }
}
