//! Message ids for those who gave none: [`Ids`].

use std::fmt::Write as _;
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
        let digits = number.checked_ilog2().map_or(1, |twos| twos / 4 + 1);
        // Just as long as it has to be: what is longer is kept as it is only for the price of another allocation.
        let mut id = String::with_capacity(self.prefix.len() + usize::try_from(digits).unwrap_or(0));
        id.push_str(&self.prefix);
        // Writing to a text does not fail.
        let _ = write!(id, "{number:x}");
        id
    }

    /// One more, for a message.
    pub(super) fn message_id(&self) -> Result<MessageId> {
        MessageId::new(self.next())
    }
}
