//! A shorter time for some routes: [`Timeout`].

use std::time::Duration;

use futures::future::BoxFuture;

use super::{Next, RouteLayer};
use crate::config::duration;
use crate::worker::{Failure, Incoming, IntoResponse as _, Response};

/// Ends an attempt that takes longer than this; it is tried again. For routes whose time is shorter than the binding's
/// [deadline](crate::worker::Binding::with_deadline).
#[derive(Debug, Clone, Copy)]
pub struct Timeout(pub Duration);

impl RouteLayer for Timeout {
    fn call(&self, incoming: &Incoming<'_>, next: Next<'_>) -> BoxFuture<'static, Response> {
        let (limit, running) = (self.0, next.run(incoming));
        Box::pin(async move {
            tokio::time::timeout(limit, running).await.unwrap_or_else(|_| {
                let reason = format!("it took longer than its {}", duration::format(limit));
                Failure::retry(reason).into_response()
            })
        })
    }
}
