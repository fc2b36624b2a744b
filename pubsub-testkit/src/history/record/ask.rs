//! A fetch or a subscription under way.

use pubsub_core::{Delivery, Error, FetchOptions};

use super::message::RecordedMessage;
use crate::history::History;
use crate::history::event::{ConsumerKey, Number, Received, What};

/// Records that it was dropped, unless it was answered before.
#[derive(Debug)]
pub(super) struct Ask {
    history: History,
    ask: Number,
    answered: bool,
}

impl Ask {
    pub(super) fn new(
        history: &History,
        key: &ConsumerKey,
        connection: Number,
        options: Option<FetchOptions>,
    ) -> Self {
        let ask = history.number();
        history.record(What::Asked { ask, key: key.clone(), connection, options });
        Self { history: history.clone(), ask, answered: false }
    }

    pub(super) fn answered(&mut self, outcome: Result<usize, &Error>) {
        self.answered = true;
        self.history.record(What::Answered { ask: self.ask, outcome: outcome.map_err(Error::kind) });
    }

    pub(super) fn delivered(&self, delivery: Delivery) -> Delivery {
        let info = delivery.info();
        let message = Received {
            subject: delivery.subject().to_owned(),
            payload: delivery.payload().clone(),
            headers: delivery.headers().clone(),
            stream_sequence: info.stream_sequence,
            attempt: info.attempt,
        };
        let number = self.history.number();
        self.history.record(What::Delivered { delivery: number, ask: self.ask, message });
        Delivery::new(Box::new(RecordedMessage {
            inner: delivery.into_message(),
            history: self.history.clone(),
            delivery: number,
        }))
    }
}

impl Drop for Ask {
    fn drop(&mut self) {
        if !self.answered {
            self.history.record(What::AskDropped { ask: self.ask });
        }
    }
}
