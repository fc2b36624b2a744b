//! Message ids for those who gave none: [`Ids`].

use std::sync::atomic::{AtomicU64, Ordering};

use async_nats::Client;
use pubsub_core::{MessageId, Result};

/// Makes ids that no other connection makes: a random text of its own, and a number that counts up.
#[derive(Debug)]
pub(crate) struct Ids {
    prefix: String,
    made: AtomicU64,
}

impl Ids {
    pub(crate) fn new(client: &Client) -> Self {
        let inbox = client.new_inbox();
        // 22 random letters and digits, new with each call.
        let prefix = inbox.rsplit('.').next().unwrap_or(&inbox).to_owned();
        Self { prefix, made: AtomicU64::new(0) }
    }

    /// One more, as text.
    pub(super) fn next(&self) -> String {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        format!("{}{number:x}", self.prefix)
    }

    /// One more, for a message.
    pub(super) fn message_id(&self) -> Result<MessageId> {
        MessageId::new(self.next())
    }
}
