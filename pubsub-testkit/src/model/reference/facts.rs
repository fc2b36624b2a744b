//! What is the same in every state: [`Facts`].

use std::time::Duration;

use pubsub_core::{ConsumerConfig, Discard, Retention, StreamConfig};

/// A publish as it was asked for.
#[derive(Debug, Clone)]
pub(in crate::model) struct PublishFacts {
    pub(in crate::model) subject: String,
    pub(in crate::model) id: Option<String>,
    pub(in crate::model) called: Duration,
    /// When its outcome was known; for ever, if it never was.
    pub(in crate::model) ended: Duration,
}

/// What the operations speak of.
#[derive(Debug, Clone, Default)]
pub(in crate::model) struct Facts {
    pub(in crate::model) stream: Option<StreamConfig>,
    pub(in crate::model) publishes: Vec<PublishFacts>,
    /// The configurations that consumers have had.
    pub(in crate::model) configs: Vec<ConsumerConfig>,
}

impl Facts {
    pub(super) fn publish(&self, publish: usize) -> Option<&PublishFacts> {
        self.publishes.get(publish)
    }

    pub(super) fn subject(&self, publish: usize) -> &str {
        self.publish(publish).map_or("", |publish| &publish.subject)
    }

    pub(super) fn id(&self, publish: usize) -> Option<&str> {
        self.publish(publish)?.id.as_deref()
    }

    pub(super) fn config(&self, config: usize) -> Option<&ConsumerConfig> {
        self.configs.get(config)
    }

    pub(super) fn retention(&self) -> Retention {
        self.stream.as_ref().map_or(Retention::Limits, |stream| stream.retention)
    }

    pub(super) fn window(&self) -> Duration {
        self.stream.as_ref().map_or(Duration::ZERO, StreamConfig::effective_duplicate_window)
    }

    /// The most messages, and whether further ones are refused.
    pub(super) fn limit(&self) -> Option<(u64, bool)> {
        let stream = self.stream.as_ref()?;
        Some((stream.max_messages.at()?, stream.discard == Discard::New))
    }
}
