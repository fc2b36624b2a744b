//! Where a delivery stands, as its reply subject tells: [`Position`].

use std::slice;
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
        // Byte by byte and once: it is read for each message, which costs little more otherwise.
        let rest = reply.strip_prefix("$JS.ACK.")?.as_bytes();
        // Nine tokens in all, or eleven and more.
        let dots = rest.iter().filter(|byte| **byte == b'.').count();
        let mut bytes = rest.iter();
        for _ in 0..if dots >= 8 { 4 } else { 2 } {
            bytes.find(|byte| **byte == b'.')?;
        }
        Some(Self {
            attempt: number(&mut bytes)?,
            stream_sequence: number(&mut bytes)?,
            consumer_sequence: number(&mut bytes)?,
            published_at: SystemTime::UNIX_EPOCH.checked_add(Duration::from_nanos(number(&mut bytes)?))?,
            pending: number(&mut bytes)?,
        })
    }
}

/// The number up to the next dot or the end.
fn number(bytes: &mut slice::Iter<'_, u8>) -> Option<u64> {
    let digit = |byte: &u8| Some(byte.wrapping_sub(b'0')).filter(|digit| *digit < 10).map(u64::from);
    let mut number = digit(bytes.next()?)?;
    for byte in bytes {
        if *byte == b'.' {
            break;
        }
        let digit = digit(byte)?;
        // As good as always there is room for another digit, and nothing to be checked.
        number = if number < u64::MAX / 10 {
            number * 10 + digit
        } else {
            number.checked_mul(10)?.checked_add(digit)?
        };
    }
    Some(number)
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
    fn the_largest_number_is_read() {
        let reply = format!("$JS.ACK.RIDE.users.1.{}.1.0.0", u64::MAX);
        assert_eq!(Position::parse(&reply).unwrap().stream_sequence, u64::MAX);
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
            "$JS.ACK.RIDE.users.+2.17.5.0.9",
            "$JS.ACK.RIDE.users..17.5.0.9",
            "$JS.ACK..........",
            "$JS.ACK.a.b.c.d.e.f.g.h.i.j.k",
            "_INBOX.x",
            "\u{fc}",
        ] {
            assert_eq!(Position::parse(reply), None, "{reply}");
        }
    }
}
