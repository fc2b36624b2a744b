//! A span around each attempt: [`Traced`].

use futures::future::BoxFuture;
use tracing::Instrument as _;

use super::{Next, RouteLayer};
use crate::worker::{Incoming, Response};

/// Runs each attempt in a span `handle` of `tracing`, with stream, consumer, subject, sequence and attempt.
#[derive(Debug, Clone, Copy, Default)]
pub struct Traced;

impl RouteLayer for Traced {
    fn call(&self, incoming: &Incoming<'_>, next: Next<'_>) -> BoxFuture<'static, Response> {
        let info = incoming.message().info();
        let span = tracing::info_span!(
            "handle",
            stream = %info.stream,
            consumer = %info.consumer,
            subject = incoming.message().subject(),
            sequence = info.stream_sequence,
            attempt = incoming.attempt(),
        );
        Box::pin(next.run(incoming).instrument(span))
    }
}
