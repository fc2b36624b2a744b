//! Where a delivery stands, as its reply subject tells: [`Position`].

use std::time::{Duration, SystemTime};

/// What the subject by which a delivery is acknowledged says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) attempt: u64,
    pub(super) stream_sequence: u64,
    pub(super) consumer_sequence: u64,
    pub(super) published_at: SystemTime,
    pub(super) pending: u64,
}

impl Position {
    /// Reads `$JS.ACK.<stream>.<consumer>.<attempt>.<stream seq>.<consumer seq>.<time>.<pending>`, and the form of ADR-15
    /// with domain and account before the stream and perhaps more after the end (nats-server 2.14, `js_ack_fc_v2`).
    pub(super) fn parse(reply: &str) -> Option<Self> {
        let rest = reply.strip_prefix("$JS.ACK.")?;
        // Nine tokens in all, or eleven and more.
        let names = if reply.split('.').nth(10).is_some() { 4 } else { 2 };
        let mut numbers = rest.split('.').skip(names).map(str::parse::<u64>);
        let mut next = || numbers.next()?.ok();
        let position = Self {
            attempt: next()?,
            stream_sequence: next()?,
            consumer_sequence: next()?,
            published_at: SystemTime::UNIX_EPOCH.checked_add(Duration::from_nanos(next()?))?,
            pending: next()?,
        };
        Some(position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPECTED: Position = Position {
        attempt: 2,
        stream_sequence: 17,
        consumer_sequence: 5,
        published_at: SystemTime::UNIX_EPOCH,
        pending: 9,
    };

    #[test]
    fn both_forms_are_read() {
        for reply in [
            "$JS.ACK.RIDE.users.2.17.5.0.9",
            "$JS.ACK._.AbCdEf.RIDE.users.2.17.5.0.9",
            "$JS.ACK.hub.AbCdEf.RIDE.users.2.17.5.0.9.random.more",
        ] {
            assert_eq!(Position::parse(reply), Some(EXPECTED), "{reply}");
        }
    }

    #[test]
    fn hostile_text_is_none() {
        for reply in [
            "",
            "$JS.ACK.",
            "$JS.ACK.RIDE.users",
            "$JS.ACK.RIDE.users.2.17.5.0",
            "$JS.ACK.RIDE.users.-2.17.5.0.9",
            "$JS.ACK.RIDE.users.2.17.5.0.99999999999999999999",
            "$JS.ACK..........",
            "$JS.ACK.a.b.c.d.e.f.g.h.i.j.k",
            "_INBOX.x",
            "\u{fc}",
        ] {
            assert_eq!(Position::parse(reply), None, "{reply}");
        }
    }
}
