//! Messages that were handled before are not handled again: [`Inbox`].

mod claims;
mod memory;

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use futures::future::BoxFuture;

pub use memory::MemoryInbox;

use super::{Next, RouteLayer};
use crate::Result;
use crate::worker::{Incoming, IntoResponse as _, Response, Verdict};
use claims::Claims;

/// Acknowledges messages that were handled before instead of handling them again: a redelivery whose ack was lost, or a
/// message that was published twice under one id.
///
/// A message is known by its id (`Nats-Msg-Id`), or by stream and sequence if it has none, for each consumer by itself.
///
/// - It is remembered when its handler has succeeded and what the handler returned is stored. If that cannot be stored,
///   the next attempts publish the same again and leave the handler alone, as long as this process lives.
/// - Of two copies that are there at once the second waits for the first, in its place; clones of an inbox know of each other.
/// - If the process dies between the two it is handled again, so a handler that may not run twice writes its own result and the
///   id in one transaction, and returns nothing that others have to get, but reads it from there.
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
    claims: Claims,
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
    /// What the store says; the message is tried again, which publishes what its handler returned again and, in the same process,
    /// does not handle it again.
    async fn insert(&self, id: String) -> Result<()>;
}

impl Inbox {
    /// Over a store.
    pub fn new(store: impl InboxStore) -> Self {
        Self { store: Arc::new(store), claims: Claims::default() }
    }
}

impl RouteLayer for Inbox {
    fn call(&self, incoming: &Incoming<'_>, next: Next<'_>) -> BoxFuture<'static, Response> {
        let (info, store, claims) = (incoming.message().info(), Arc::clone(&self.store), self.claims.clone());
        let id = match incoming.message().headers().get("Nats-Msg-Id") {
            Some(id) => format!("{}/{}/id/{id}", info.stream, info.consumer),
            None => format!("{}/{}/{}", info.stream, info.consumer, info.stream_sequence),
        };
        let running = next.run(incoming);
        Box::pin(async move {
            let mut claim = claims.claim(id.clone()).await;
            let response = if let Some(returned) = claim.returned() {
                Response::publishing(returned)
            } else {
                match store.contains(&id).await {
                    Ok(true) => return Verdict::Done.into_response(),
                    Ok(false) => running.await,
                    Err(error) => return Err::<(), _>(error).into_response(),
                }
            };
            if !response.is_done() {
                return response;
            }
            claim.has_returned(&response.publish);
            response.when_stored(async move {
                store.insert(id).await?;
                claim.settle();
                Ok(())
            })
        })
    }
}
