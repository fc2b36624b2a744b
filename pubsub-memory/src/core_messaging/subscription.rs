//! Plain messages as they come.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures::Stream;
use pubsub_core::{CoreMessage, Result, SubjectFilter};

use super::listener::{Heard, Listener};
use crate::connection::Connection;
use crate::error;

/// A stream of plain messages. Dropped, it listens no more.
pub(super) struct CoreSubscription {
    pub(super) connection: Arc<Connection>,
    pub(super) filter: SubjectFilter,
    pub(super) listener: Arc<Listener>,
}

impl Stream for CoreSubscription {
    type Item = Result<CoreMessage>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // A busy subject would otherwise never let other tasks run.
        let progress = ready!(tokio::task::coop::poll_proceed(context));
        let heard = ready!(self.listener.poll(context));
        progress.made_progress();
        Poll::Ready(match heard {
            Heard::Message(message) => Some(Ok(message)),
            Heard::Missed(count) => Some(Err(error::missed(&self.filter, count))),
            Heard::End => None,
        })
    }
}

impl Drop for CoreSubscription {
    fn drop(&mut self) {
        self.connection.store.listeners.leave(self.listener.id());
    }
}
