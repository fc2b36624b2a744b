//! Times, sizes and numbers as people read them.

use std::time::{Duration, SystemTime};

use indicatif::HumanBytes;
use pubsub::config::{duration, timestamp};

/// To the second, in UTC.
pub(crate) fn time(time: SystemTime) -> String {
    timestamp::format(time).map_or_else(|| "before 1970".to_owned(), |text| cut(&text, 0))
}

/// To the millisecond, in UTC.
pub(crate) fn exact_time(time: SystemTime) -> String {
    timestamp::format(time).map_or_else(|| "before 1970".to_owned(), |text| cut(&text, 3))
}

fn cut(text: &str, places: usize) -> String {
    let Some((seconds, rest)) = text.split_once('.') else { return text.to_owned() };
    match rest.get(..places) {
        Some(kept) if places > 0 => format!("{seconds}.{kept}Z"),
        _ => format!("{seconds}Z"),
    }
}

pub(crate) fn bytes(bytes: u64) -> String {
    HumanBytes(bytes).to_string()
}

/// To the millisecond.
pub(crate) fn lasting(time: Duration) -> String {
    duration::format(Duration::from_millis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX)))
}

/// `1 message`, `2 messages`.
pub(crate) fn count(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_the_places_that_are_asked_for() {
        let at = timestamp::parse("2026-08-21T09:00:00.123456789Z").unwrap();
        assert_eq!(time(at), "2026-08-21T09:00:00Z");
        assert_eq!(exact_time(at), "2026-08-21T09:00:00.123Z");
        let at = timestamp::parse("2026-08-21T09:00:00Z").unwrap();
        assert_eq!(exact_time(at), "2026-08-21T09:00:00Z");
    }

    #[test]
    fn one_is_not_many() {
        assert_eq!((count(1, "message"), count(0, "message")), ("1 message".into(), "0 messages".into()));
    }
}
