//! Closing in the order in which nothing is lost.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use pubsub_core::{Error, ErrorKind, Result};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::{Connection, Phase, Router};
use crate::observe::NatsEvent;

/// How long the end of the connection's task is waited for.
const DISCONNECT: Duration = Duration::from_secs(1);
/// How often it is looked whether a connection has come up that nobody needs any more.
const LOOK: Duration = Duration::from_millis(10);

impl Connection {
    /// Closes, once. A later call waits for the first, and is `Ok`; a caller who goes away leaves the close going on.
    pub(crate) async fn close(self: &Arc<Self>) -> Result<()> {
        let first = self.phase.send_if_modified(|phase| {
            let first = *phase == Phase::Open;
            if first {
                *phase = Phase::Closing;
            }
            first
        });
        if first {
            let connection = Arc::clone(self);
            return match self.runtime.spawn(async move { connection.finish().await }).await {
                Ok(finished) => finished,
                // Only the end of the runtime does that, and it takes the connection with it.
                Err(_) => Ok(()),
            };
        }
        // The sender is in `self`, so this ends with the phase.
        let _ = self.phase().wait_for(|phase| *phase == Phase::Closed).await;
        Ok(())
    }

    async fn finish(self: &Arc<Self>) -> Result<()> {
        let mut late = Vec::new();
        let deadline = Instant::now() + self.config.close_timeout;
        let within = |limit: Duration| deadline.min(Instant::now() + limit);
        let limit = self.config.request_timeout;
        // Intake is over since the phase has changed; what was pulled and not handed out goes back.
        step(&mut late, "hand back", within(limit), self.inboxes.stop()).await;
        step(&mut late, "settlements", within(limit), self.requests.flushed()).await;
        step(&mut late, "receipts", deadline, self.published()).await;
        if self.is_connected() && Instant::now() < deadline {
            self.barrier(&mut late, deadline).await;
        }

        self.phase.send_replace(Phase::Closed);
        self.events.tell(NatsEvent::Closed);
        self.publishes.close();
        self.requests.close();
        self.disconnect().await;
        if late.is_empty() {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Timeout, "the connection is closed, but not all was finished before")
            .with_operation("close")
            .with_context("unfinished", late.join(", "))
            .with_remedy("what was not confirmed may or may not have happened; messages come again"))
    }

    /// Ends when all that was published has its outcome.
    async fn published(&self) {
        self.lanes.flushed().await;
        self.publishes.flushed().await;
    }

    /// An answer to a request proves that the server has read everything before it, also one that says that nobody is
    /// there; a flush proves only that it was sent.
    async fn barrier(&self, late: &mut Vec<&'static str>, deadline: Instant) {
        let asked = self.request(self.interface("INFO"), Bytes::new());
        let confirmed = match timeout_at(deadline, asked).await {
            Ok(Err(error)) => !matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Unavailable),
            Ok(Ok(_)) => true,
            Err(_) => false,
        };
        if !confirmed {
            late.push("the server's confirmation of what was sent last");
        }
    }

    async fn disconnect(self: &Arc<Self>) {
        self.routers.iter().for_each(Router::end);
        self.events.give_up();
        if !self.is_connected() {
            // An attempt that has shown its credentials already may succeed.
            let (connection, limit) = (Arc::clone(self), self.config.connect_timeout);
            self.runtime.spawn(timeout(limit, async move {
                while !connection.is_connected() {
                    sleep(LOOK).await;
                }
                connection.end().await;
            }));
            return;
        }
        self.end().await;
    }

    async fn end(&self) {
        #[expect(
            clippy::disallowed_methods,
            reason = "nothing is in flight any more, and it is the only way to end a connection of which clones may live"
        )]
        let ending = self.client.drain();
        let gone = async {
            if ending.await.is_ok() {
                // Fails as soon as the connection's task has ended.
                while self.client.flush().await.is_ok() {}
            }
        };
        // A connection that does not end now ends when the last clone of its client is dropped.
        let _ = timeout(DISCONNECT, gone).await;
    }
}

async fn step(
    late: &mut Vec<&'static str>,
    what: &'static str,
    deadline: Instant,
    work: impl Future<Output = ()>,
) {
    if timeout_at(deadline, work).await.is_err() {
        late.push(what);
    }
}
