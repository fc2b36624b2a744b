//! Looking at a stream without changing it.

use pubsub_core::{Error, MessageSelector, Result, StoredMessage, StreamInfo};

use super::state::StreamState;
use crate::consumer::Selector;
use crate::error;

impl StreamState {
    pub(crate) fn info(&self) -> Result<StreamInfo> {
        self.check_exists()?;
        let log = self.messages.log();
        let mut info = StreamInfo::new(self.config.clone(), self.created);
        info.messages = log.len();
        info.bytes = log.bytes();
        info.first_sequence = if log.is_new() { 0 } else { log.first() };
        info.last_sequence = log.last();
        info.consumers = u64::try_from(self.consumers.len()).unwrap_or(u64::MAX);
        info.deleted = (log.last() + 1 - log.first()).saturating_sub(log.len());
        info.subjects = u64::try_from(self.messages.subjects().len()).unwrap_or(u64::MAX);
        Ok(info)
    }

    pub(crate) fn get_message(&self, selector: &MessageSelector) -> Result<StoredMessage> {
        self.check_exists()?;
        let not_found = |what: String| error::message_not_found(self.name(), what);
        let sequence = match selector {
            MessageSelector::Sequence(sequence) => *sequence,
            MessageSelector::LastOf(subject) => self
                .messages
                .subjects()
                .last_of(subject.as_str())
                .ok_or_else(|| not_found(format!("last of {subject}")))?,
            MessageSelector::Next { from, filter } => {
                let next = self.messages.next(&Selector::only(filter), *from);
                next.ok_or_else(|| not_found(format!("{filter} from {from}")))?.0
            }
            _ => return Err(Error::unsupported("selector")),
        };
        let message = self.messages.log().get(sequence).ok_or_else(|| not_found(sequence.to_string()))?;
        Ok(StoredMessage::new(
            message.subject.clone().into(),
            sequence,
            self.clock.wall(message.at),
            message.headers.clone(),
            message.payload.clone(),
        ))
    }
}
