//! Waiting for a connection: [`Readiness`].
//!
//! async-nats queues what it is handed while there is no connection, and sends it whenever the next one is made: beyond
//! every deadline, and after a close. So whoever has something to hand over waits here, and it is certain that what did not
//! leave the wait was not sent.

use std::sync::Arc;
use std::time::Duration;

use async_nats::Client;
use async_nats::connection::State;
use pubsub_core::{Error, Result};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout_at};

use super::events::Events;
use super::{Connection, Phase, reached};

/// How often the state is looked at: its event may be lost, or come a little before it.
const FIRST_LOOK: Duration = Duration::from_millis(5);
const LAST_LOOK: Duration = Duration::from_millis(250);

/// Waits for the connection without holding it.
pub(super) struct Readiness {
    client: Client,
    events: Arc<Events>,
    phase: watch::Receiver<Phase>,
}

impl Connection {
    /// Waits until there is a connection. `Closed` once the phase is `end`; the refusal, if the server refuses this
    /// client.
    pub(crate) async fn ready(&self, end: Phase) -> Result<()> {
        if self.is_connected() {
            return Ok(());
        }
        Box::pin(self.readiness().wait(end)).await
    }

    /// As [`ready`](Self::ready), until the deadline of a call that had so much time.
    pub(crate) async fn ready_by(&self, deadline: Instant, timeout: Duration, end: Phase) -> Result<()> {
        if self.is_connected() {
            return Ok(());
        }
        match timeout_at(deadline, self.ready(end)).await {
            Ok(ready) => ready,
            Err(_) => Err(self.unreachable_or_late(timeout)),
        }
    }

    pub(super) fn readiness(&self) -> Readiness {
        Readiness { client: self.client.clone(), events: Arc::clone(&self.events), phase: self.phase() }
    }
}

impl Readiness {
    pub(super) async fn wait(mut self, end: Phase) -> Result<()> {
        let (mut connections, mut refusals) = (self.events.connections(), self.events.refusals());
        let mut look = FIRST_LOOK;
        while self.client.connection_state() != State::Connected {
            if let Some(refusal) = self.events.outage_refusal() {
                return Err(refusal);
            }
            tokio::select! {
                biased;
                () = reached(&mut self.phase, end) => return Err(Error::closed("connection")),
                _ = connections.changed() => look = FIRST_LOOK,
                _ = refusals.changed() => {}
                () = sleep(look) => look = (look * 2).min(LAST_LOOK),
            }
        }
        Ok(())
    }
}
