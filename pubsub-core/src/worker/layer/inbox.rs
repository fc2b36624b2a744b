//! Messages that were handled before are not handled again: [`Inbox`].

use std::collections::{HashSet, VecDeque};
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::future::BoxFuture;
use tokio::time::Instant;

use super::{Next, RouteLayer};
use crate::Result;
use crate::worker::{Incoming, IntoResponse as _, Response, Verdict};

/// Acknowledges messages that were handled before instead of handling them again: a redelivery whose ack was lost, or a
/// message that was published twice under one id.
///
/// A message is known by its id (`Nats-Msg-Id`), or by stream and sequence if it has none, for each consumer by itself. It is
/// remembered when its handler has succeeded; if the process dies between the two it is handled again, so a handler
/// that may not run twice writes its own result and the id in one transaction, by an [`InboxStore`] of its own.
///
/// ```
/// use std::time::Duration;
/// use pubsub_core::worker::{Inbox, MemoryInbox, Router};
///
/// let inbox = Inbox::new(MemoryInbox::new(Duration::from_secs(600)));
/// let router: Router = Router::new().route("ride.completed", || async {})?.layer(inbox);
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Inbox {
    store: Arc<dyn InboxStore>,
}

/// What remembers which messages were handled.
#[async_trait]
pub trait InboxStore: Debug + Send + Sync + 'static {
    /// Whether it was handled.
    ///
    /// # Errors
    /// What the store says; the message is tried again.
    async fn contains(&self, id: &str) -> Result<bool>;

    /// Remembers that it was handled.
    ///
    /// # Errors
    /// What the store says; the message is tried again, which handles it twice.
    async fn insert(&self, id: String) -> Result<()>;
}

impl Inbox {
    /// Over a store.
    pub fn new(store: impl InboxStore) -> Self {
        Self { store: Arc::new(store) }
    }
}

impl RouteLayer for Inbox {
    fn call(&self, incoming: &Incoming<'_>, next: Next<'_>) -> BoxFuture<'static, Response> {
        let (info, store) = (incoming.message().info(), Arc::clone(&self.store));
        let id = match incoming.message().headers().get("Nats-Msg-Id") {
            Some(id) => format!("{}/{}/id/{id}", info.stream, info.consumer),
            None => format!("{}/{}/{}", info.stream, info.consumer, info.stream_sequence),
        };
        let running = next.run(incoming);
        Box::pin(async move {
            match store.contains(&id).await {
                Ok(true) => return Verdict::Done.into_response(),
                Ok(false) => {}
                Err(error) => return Err::<(), _>(error).into_response(),
            }
            let response = running.await;
            if response.is_done()
                && let Err(error) = store.insert(id).await
            {
                return Err::<(), _>(error).into_response();
            }
            response
        })
    }
}

/// Remembers within this process, for a window of time.
#[derive(Debug)]
pub struct MemoryInbox {
    window: Duration,
    handled: Mutex<Handled>,
}

#[derive(Debug, Default)]
struct Handled {
    ids: HashSet<Arc<str>>,
    in_order: VecDeque<(Instant, Arc<str>)>,
}

impl MemoryInbox {
    /// Remembers each for so long.
    #[must_use]
    pub fn new(window: Duration) -> Self {
        Self { window, handled: Mutex::default() }
    }
}

#[async_trait]
impl InboxStore for MemoryInbox {
    async fn contains(&self, id: &str) -> Result<bool> {
        let mut handled = self.handled.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        while let Some((at, _)) = handled.in_order.front()
            && now.duration_since(*at) > self.window
        {
            if let Some((_, id)) = handled.in_order.pop_front() {
                handled.ids.remove(&id);
            }
        }
        Ok(handled.ids.contains(id))
    }

    async fn insert(&self, id: String) -> Result<()> {
        let mut handled = self.handled.lock().unwrap_or_else(PoisonError::into_inner);
        let id: Arc<str> = id.into();
        if handled.ids.insert(Arc::clone(&id)) {
            handled.in_order.push_back((Instant::now(), id));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_remembers_for_its_window() {
        let inbox = MemoryInbox::new(Duration::from_secs(10));
        inbox.insert("a".to_owned()).await.unwrap();
        assert!(inbox.contains("a").await.unwrap());
        tokio::time::advance(Duration::from_secs(11)).await;
        assert!(!inbox.contains("a").await.unwrap());
    }
}
