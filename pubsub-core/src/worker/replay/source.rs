//! Where the messages of a replay come from, and where they end: [`Source`].

use std::time::{Duration, SystemTime};

use futures::stream::StreamExt as _;
use tokio::time::timeout;

use crate::Result;
use crate::admin::StoredMessage;
use crate::read::StreamReader;

/// Where a replay ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplayEnd {
    /// With the newest message that is stored when the replay begins.
    #[default]
    Newest,
    /// With this sequence, if it is not newer than that.
    Sequence(u64),
    /// With the last message that was stored at this time or before, if it is not newer than that.
    Time(SystemTime),
    /// Not by itself: it goes on with what comes.
    Never,
}

/// The messages up to the end.
#[derive(Debug)]
pub(super) struct Source {
    reader: StreamReader,
    end: ReplayEnd,
    /// The newest message at the start.
    newest: u64,
    has_ended: bool,
}

impl Source {
    /// How long nothing may come before it is asked whether anything is to come: the rest may have been removed.
    const LOOK: Duration = Duration::from_secs(1);

    pub(super) fn new(reader: StreamReader, end: ReplayEnd, newest: u64) -> Self {
        Self { reader, end, newest, has_ended: false }
    }

    /// How many messages are to come, at most.
    pub(super) fn remaining(&self) -> u64 {
        if self.has_ended { 0 } else { self.reader.pending() }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// The next message; `None` at the end.
    ///
    /// Dropped before completion, nothing is lost.
    pub(super) async fn next(&mut self) -> Option<Result<StoredMessage>> {
        while !self.has_ended {
            if self.end != ReplayEnd::Never && self.reader.pending() == 0 {
                break;
            }
            match timeout(Self::LOOK, self.reader.next()).await {
                Err(_) => {}
                Ok(Some(Ok(message))) if self.is_beyond(&message) => break,
                Ok(Some(Ok(message))) => {
                    self.has_ended = self.end != ReplayEnd::Never && message.sequence >= self.last();
                    return Some(Ok(message));
                }
                Ok(Some(Err(error))) => {
                    self.has_ended = true;
                    return Some(Err(error));
                }
                Ok(None) => break,
            }
        }
        self.has_ended = true;
        None
    }

    fn is_beyond(&self, message: &StoredMessage) -> bool {
        match self.end {
            ReplayEnd::Never => false,
            ReplayEnd::Time(end) if message.published_at > end => true,
            _ => message.sequence > self.last(),
        }
    }

    fn last(&self) -> u64 {
        match self.end {
            ReplayEnd::Sequence(end) => end.min(self.newest),
            _ => self.newest,
        }
    }
}
