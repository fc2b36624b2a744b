//! A record of everything that is published and settled: [`Audit`].

mod consuming;
mod publishing;
mod record;
mod sinks;

use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use pubsub_core::{Consumer, Layer, Publisher, Result};

pub use record::{AuditAction, AuditPhase, AuditRecord, redacted_json};
pub use sinks::{AuditSink, FileSink, StreamSink, TracingSink};

use crate::around::{ConsumerAround, PublisherAround};

type Show = dyn Fn(&str, &Bytes) -> Option<String> + Send + Sync;

/// A layer that records who published and who settled what: subject, id, stream, sequence, size and outcome, to a
/// [sink](AuditSink): [`tracing`](TracingSink), a [file](FileSink) or a [stream](StreamSink), or your own.
///
/// - *Lax* (the default): each outcome is recorded when it is known. A record that cannot be written is logged and
///   [counted](Self::lost), and changes nothing else.
/// - *[Strict](Self::strict)*: no audit, no effect. What is about to be done is recorded first, and if that fails it is not done: a
///   publish is refused and unsent, a settlement is refused and its message comes again. The outcome is recorded as well.
///
/// A payload is recorded only [on request](Self::with_payload), through a function that redacts it. Headers are not recorded. A
/// publish whose receipt nobody waits for has no outcome in the record (in strict mode its attempt is there), and a delivery
/// that nobody settles none at all: it comes again.
///
/// **Place**: outside of [`Retry`](crate::Retry) and of the limits, so that one call is one record.
///
/// ```
/// use std::sync::Arc;
/// use pubsub_layers::{Audit, TracingSink, redacted_json};
///
/// let layer = Audit::new("billing", Arc::new(TracingSink)).with_payload(redacted_json(["card", "customer.email"]));
/// # drop(layer);
/// ```
#[derive(Clone)]
pub struct Audit {
    who: Arc<str>,
    sink: Arc<dyn AuditSink>,
    strict: bool,
    show: Option<Arc<Show>>,
    lost: Arc<AtomicU64>,
}

impl Audit {
    /// Records into this sink what `who` does.
    #[must_use]
    pub fn new(who: impl Into<String>, sink: Arc<dyn AuditSink>) -> Self {
        Self { who: who.into().into(), sink, strict: false, show: None, lost: Arc::default() }
    }

    /// Does nothing that could not be recorded before.
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// Records what this makes of subject and payload, such as [`redacted_json`]; `None` for a payload that is not recorded.
    #[must_use]
    pub fn with_payload(
        mut self,
        show: impl Fn(&str, &Bytes) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.show = Some(Arc::new(show));
        self
    }

    /// How many records could not be written, apart from those whose effect was refused.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    fn payload(&self, subject: &str, payload: &Bytes) -> Option<String> {
        self.show.as_ref().and_then(|show| show(subject, payload))
    }

    /// In strict mode, records what is about to be done; an error means that it may not be done.
    async fn before(&self, record: &AuditRecord) -> Result<()> {
        if !self.strict {
            return Ok(());
        }
        self.sink.record(record).await.map_err(|error| {
            error.with_operation("audit").with_context("action", record.action.as_str()).with_remedy(
                "nothing was done, since it could not be recorded: mend the audit's sink, or let it be lax",
            )
        })
    }

    /// Records what has been done.
    async fn after(&self, record: &AuditRecord) {
        if let Err(error) = self.sink.record(record).await {
            self.lost.fetch_add(1, Ordering::Relaxed);
            tracing::error!(
                action = record.action.as_str(),
                subject = record.subject,
                %error,
                "an audit record could not be written"
            );
        }
    }
}

impl Debug for Audit {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Audit")
            .field("who", &self.who)
            .field("sink", &self.sink)
            .field("strict", &self.strict)
            .field("lost", &self.lost)
            .finish_non_exhaustive()
    }
}

impl Layer for Audit {
    fn publisher(&self, inner: Arc<dyn Publisher>) -> Arc<dyn Publisher> {
        PublisherAround::over(inner, self.clone())
    }

    fn consumer(&self, inner: Arc<dyn Consumer>) -> Arc<dyn Consumer> {
        ConsumerAround::over(inner, self.clone())
    }
}
