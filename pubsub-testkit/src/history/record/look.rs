//! A look at counters.

use pubsub_core::{ConsumerInfo, StreamInfo};

use crate::history::History;
use crate::history::event::{ConsumerKey, Number, What};

/// A question for counters under way. What it saw was so at some moment between its two events.
#[derive(Debug)]
pub(super) struct Look<'h> {
    history: &'h History,
    look: Number,
}

impl<'h> Look<'h> {
    pub(super) fn begin(history: &'h History) -> Self {
        let look = history.number();
        history.record(What::LookCalled { look });
        Self { history, look }
    }

    pub(super) fn saw_consumer(&self, info: &ConsumerInfo) {
        let key = ConsumerKey { stream: info.stream.clone(), consumer: info.name.clone() };
        self.history.record(What::ConsumerSeen { look: self.look, key, counts: info.into() });
    }

    pub(super) fn saw_stream(&self, info: &StreamInfo) {
        let stream = info.config.name.clone();
        self.history.record(What::StreamSeen { look: self.look, stream, counts: info.into() });
    }
}
