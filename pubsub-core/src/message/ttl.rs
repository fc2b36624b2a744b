//! How long one message lives: [`TimeToLive`].

use std::time::Duration;

use crate::config::duration;
use crate::{Error, Result};

/// How long one message lives, whatever the stream's `max_age` is. The stream must allow it
/// ([`allow_message_ttl`](crate::StreamConfig::allow_message_ttl)); otherwise the publish is refused (10166).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeToLive {
    /// Until this long after it was stored: whole seconds, at least 1 (ADR-43).
    After(Duration),
    /// For ever: `max_age` does not apply to it.
    Never,
}

impl TimeToLive {
    /// The value of the header `Nats-TTL`.
    pub(super) fn header(self) -> String {
        match self {
            Self::After(time) => format!("{}s", time.as_secs()),
            Self::Never => "never".to_owned(),
        }
    }

    pub(super) fn find_fault(self) -> Result<()> {
        match self {
            Self::After(time) if time.subsec_nanos() != 0 || time.is_zero() || time > duration::MAX => {
                let given = duration::format(time);
                Err(Error::invalid_input("ttl", format!("a message cannot live for {given}"))
                    .with_broker_code(10165)
                    .with_remedy("give whole seconds, at least 1s and at most 292 years"))
            }
            _ => Ok(()),
        }
    }
}

impl From<Duration> for TimeToLive {
    fn from(time: Duration) -> Self {
        Self::After(time)
    }
}
