//! Where the answers to one request come: [`ReplyInbox`].

use std::future::poll_fn;
use std::sync::Arc;

use pubsub_core::{CoreMessage, Error, ReplySubject, Result};

use super::listener::{Heard, Listener};
use crate::connection::Connection;

/// How many answers may wait. Who asks many at once takes them as they come.
const ANSWERS: usize = 65_536;

/// A subject of its own for the answers to one request. Dropped, it takes no more of them.
pub(super) struct ReplyInbox {
    connection: Arc<Connection>,
    subject: ReplySubject,
    listener: Arc<Listener>,
}

impl ReplyInbox {
    pub(super) fn open(connection: &Arc<Connection>) -> Result<Self> {
        let id = connection.store.next_id();
        let subject = ReplySubject::new(format!("_INBOX.memory.{id}"))?;
        let listener = Arc::new(Listener::new(id, connection.id, None, ANSWERS));
        let is_closed = || connection.is_closed();
        if !connection.store.listeners.ask(subject.as_str(), &listener, is_closed) {
            return Err(Error::closed("broker"));
        }
        Ok(Self { connection: Arc::clone(connection), subject, listener })
    }

    pub(super) fn subject(&self) -> &ReplySubject {
        &self.subject
    }

    /// The next answer; `None` when the connection is closed.
    pub(super) async fn next(&self) -> Option<CoreMessage> {
        loop {
            match poll_fn(|context| self.listener.poll(context)).await {
                Heard::Message(message) => return Some(message),
                // Nobody counts answers.
                Heard::Missed(_) => {}
                Heard::End => return None,
            }
        }
    }
}

impl Drop for ReplyInbox {
    fn drop(&mut self) {
        self.connection.store.listeners.stop_asking(self.subject.as_str());
    }
}
