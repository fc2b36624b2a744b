//! How to listen and how long to wait for answers: [`CoreSubscribeOptions`], [`RequestManyOptions`], [`GroupName`].

use std::time::Duration;

use bytestring::ByteString;

use crate::name::check_group;
use crate::text::{checked_text, serde_as_text};
use crate::{Error, Result};

/// The name of a group whose members share what they receive: the rules of a stream's name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupName(ByteString);

checked_text!(GroupName, check_group);
serde_as_text!(GroupName);

/// How to listen to plain messages.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CoreSubscribeOptions {
    /// The group that shares the messages; `None` to get each.
    pub group: Option<GroupName>,
    /// How many messages may wait for the listener: 1 to 65,536, by default 1,024. What comes then is dropped and told.
    pub buffer: usize,
}

impl Default for CoreSubscribeOptions {
    fn default() -> Self {
        Self { group: None, buffer: 1024 }
    }
}

impl CoreSubscribeOptions {
    /// Shares the messages with the other members of this group.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for an illegal name.
    pub fn with_group<N>(mut self, group: N) -> Result<Self>
    where
        N: TryInto<GroupName, Error: Into<Error>>,
    {
        self.group = Some(group.try_into().map_err(Into::into)?);
        Ok(self)
    }

    /// Sets [`buffer`](Self::buffer).
    #[must_use]
    pub fn with_buffer(mut self, messages: usize) -> Self {
        self.buffer = messages;
        self
    }

    /// Checks the range. Backends call it first.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), with the field.
    pub fn validate(&self) -> Result<()> {
        const MAX: usize = 65_536;
        if (1..=MAX).contains(&self.buffer) {
            return Ok(());
        }
        Err(Error::invalid_input("buffer", format!("a buffer of {} is outside 1 to {MAX}", self.buffer))
            .with_remedy("1,024 is enough for a listener that does not block"))
    }
}

/// When the answers to one request are complete: whichever limit is met first.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestManyOptions {
    /// The most time for all of them; by default 5 s.
    pub timeout: Duration,
    /// The most time between two; by default none.
    pub stall: Option<Duration>,
    /// The most answers; by default any number.
    pub max_messages: Option<usize>,
    /// Whether an answer without payload ends them; it is not given then.
    pub until_empty: bool,
}

impl Default for RequestManyOptions {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(5), stall: None, max_messages: None, until_empty: false }
    }
}

impl RequestManyOptions {
    /// Sets [`timeout`](Self::timeout).
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets [`stall`](Self::stall).
    #[must_use]
    pub fn with_stall(mut self, stall: Duration) -> Self {
        self.stall = Some(stall);
        self
    }

    /// Sets [`max_messages`](Self::max_messages).
    #[must_use]
    pub fn with_max_messages(mut self, messages: usize) -> Self {
        self.max_messages = Some(messages);
        self
    }

    /// Sets [`until_empty`](Self::until_empty).
    #[must_use]
    pub fn with_until_empty(mut self) -> Self {
        self.until_empty = true;
        self
    }
}
