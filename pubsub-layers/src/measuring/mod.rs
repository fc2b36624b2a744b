//! Counts, gauges and times, by the facade `metrics`: [`Metrics`].

mod consuming;
mod handler;
mod labels;
mod names;
mod publishing;
mod sample;

use std::sync::Arc;

use pubsub_core::{Consumer, Layer, Publisher};

use crate::around::{ConsumerAround, PublisherAround};
use crate::subject_class::SubjectClass;
use labels::Labels;

pub use names::{Metric, MetricKind};

/// A layer that measures what passes, by the facade of the crate `metrics`: whatever recorder the application installs (for
/// Prometheus, statsd, ...) gets it. Without one it costs next to nothing. [`Metrics::ALL`] lists the names, which a dashboard can be checked
/// against.
///
/// | measured | labels |
/// |---|---|
/// | publishes, their bytes and times, and how many are unconfirmed | `subject`, `outcome`: `stored`, `duplicate`, `rejected`, `unknown` |
/// | deliveries, unsettled ones, the lag at the last delivery | `stream`, `consumer`, `redelivery` |
/// | settlements | `stream`, `consumer`, `kind`: `ack`, `nak`, `term`, `returned` (dropped or handed back), `outcome`: `ok`, `failed` |
/// | failed fetches and subscriptions | `kind`, that of the error |
/// | attempts of handlers and their times ([`Router::layer`](pubsub_core::worker::Router::layer)) | `stream`, `consumer`, `outcome`: `done`, `failed`, `rejected`, `postponed` |
/// | streams, consumers and circuits, when they are [sampled](Self::sample) | `stream`, `consumer`, `circuit` |
///
/// The number of labels is bounded: a subject is named by its first token (or [`with_subjects`](Self::with_subjects)), and beyond
/// [`with_most_labels`](Self::with_most_labels) names all further ones are `other`.
///
/// Clones share their labels.
///
/// **Place**: outermost but for [`Tracing`](crate::Tracing), so that the times are those of the caller.
///
/// ```
/// use pubsub_layers::Metrics;
///
/// let layer = Metrics::new().with_subjects(|subject| subject.split('.').take(2).collect::<Vec<_>>().join("."));
/// # drop(layer);
/// ```
#[derive(Debug, Clone)]
pub struct Metrics {
    labels: Arc<Labels>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// The default of [`with_most_labels`](Self::with_most_labels): 100.
    pub const DEFAULT_MOST_LABELS: usize = 100;

    /// Measures for the recorder that is installed, and describes to it what is measured: install it first.
    #[must_use]
    pub fn new() -> Self {
        names::describe();
        Self { labels: Arc::new(Labels::new(SubjectClass::first_token(), Self::DEFAULT_MOST_LABELS)) }
    }

    /// Sets what names a subject in labels. There should be few names.
    #[must_use]
    pub fn with_subjects(self, name: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self { labels: Arc::new(Labels::new(SubjectClass::by(name), self.labels.most())) }
    }

    /// Sets how many names of subjects, and how many of consumers, are told apart, by default 100.
    #[must_use]
    pub fn with_most_labels(self, most: usize) -> Self {
        Self { labels: Arc::new(Labels::new(self.labels.subjects().clone(), most)) }
    }
}

impl Layer for Metrics {
    fn publisher(&self, inner: Arc<dyn Publisher>) -> Arc<dyn Publisher> {
        PublisherAround::over(inner, self.clone())
    }

    fn consumer(&self, inner: Arc<dyn Consumer>) -> Arc<dyn Consumer> {
        ConsumerAround::over(inner, self.clone())
    }
}
