//! Leaving a server that is about to stop, before it does.
//!
//! A server in lame duck mode asks its clients to go, and cuts them off when its time is over. async-nats only tells of it.

use std::sync::Weak;
use std::time::Duration;

use futures::future::join;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use tokio::time::timeout;

use super::{Connection, Phase, reached};
use crate::NatsEvent;

/// How long answers may take to what was sent before. What is published meanwhile waits, so it is short.
const LAST_ANSWERS: Duration = Duration::from_millis(200);

/// Moves the connection whenever its server asks for it, until it is closed.
pub(super) async fn follow(
    connection: Weak<Connection>,
    mut told: broadcast::Receiver<NatsEvent>,
    mut phase: watch::Receiver<Phase>,
) {
    loop {
        tokio::select! {
            biased;
            () = reached(&mut phase, Phase::Closing) => return,
            event = told.recv() => match event {
                Ok(NatsEvent::LameDuck) => {
                    let Some(connection) = connection.upgrade() else { return };
                    connection.move_away().await;
                }
                Err(RecvError::Closed) => return,
                // One that is missed costs a break when the server stops, nothing more.
                Ok(_) | Err(RecvError::Lagged(_)) => {}
            }
        }
    }
}

impl Connection {
    async fn move_away(&self) {
        if !self.has_elsewhere_to_go() {
            tracing::warn!("the server is about to stop, and no other one is known");
            return;
        }
        tracing::info!("the server is about to stop; moving to another one");
        // What is published from now on goes over the next connection, after what was in flight.
        self.outbox.close_gate();
        let _ = timeout(LAST_ANSWERS, join(self.publishes.flushed(), self.requests.flushed())).await;
        // Fails only where the connection has ended.
        let _ = self.client.force_reconnect().await;
    }

    /// Whether there is another server. The one that is left takes no connection any more, so it is not come back to.
    fn has_elsewhere_to_go(&self) -> bool {
        let configured = self.config.servers.len();
        let discovered = if self.config.follows_discovered_servers() {
            self.client.server_info().connect_urls.len()
        } else {
            0
        };
        configured.max(discovered) > 1
    }
}
