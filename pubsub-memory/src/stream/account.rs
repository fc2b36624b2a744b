//! What a stream counts against the bounds of its store.

use pubsub_core::Result;

use super::state::StreamState;
use super::stored::Stored;
use crate::error;

/// Messages and bytes that the store counts as this stream's.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counted {
    messages: u64,
    bytes: u64,
}

impl StreamState {
    /// Takes room for a message. As with the limits of a server's account, it does not matter what the message would
    /// replace (measured on nats-server 2.15.1).
    pub(super) fn reserve(&mut self, message: &Stored) -> Result<()> {
        self.reserve_bytes(message.cost())
    }

    /// The same for a message of so many bytes.
    pub(super) fn reserve_bytes(&mut self, cost: u64) -> Result<()> {
        let reserve = |state: &Self| state.usage.reserve(cost, &state.bounds);
        let reserved = reserve(self).or_else(|_| {
            // What has left during this operation is taken off first.
            self.settle_account();
            reserve(self)
        });
        reserved.map_err(|(bound, limit)| error::store_full(self.name(), bound, limit))?;
        self.counted.messages += 1;
        self.counted.bytes += cost;
        Ok(())
    }

    /// Takes room for all messages, or none.
    pub(super) fn reserve_all<'a>(&mut self, messages: impl Iterator<Item = &'a Stored>) -> Result<()> {
        self.settle_account();
        for message in messages {
            let cost = message.cost();
            if let Err((bound, limit)) = self.usage.reserve(cost, &self.bounds) {
                // None of it is in the stream: all of it is given back.
                self.settle_account();
                return Err(error::store_full(self.name(), bound, limit));
            }
            self.counted.messages += 1;
            self.counted.bytes += cost;
        }
        Ok(())
    }

    /// Makes the store's count what the stream holds: at the end of an operation, and when a stream is restored.
    pub(super) fn settle_account(&mut self) {
        let (messages, bytes) = (self.messages.log().len(), self.messages.log().bytes());
        let counted = std::mem::replace(&mut self.counted, Counted { messages, bytes });
        if (messages, bytes) != (counted.messages, counted.bytes) {
            self.usage.add(messages.saturating_sub(counted.messages), bytes.saturating_sub(counted.bytes));
            self.usage
                .release(counted.messages.saturating_sub(messages), counted.bytes.saturating_sub(bytes));
        }
    }
}
