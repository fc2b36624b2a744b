//! Limits and durations in JetStream's numbers.

use std::time::Duration;

use pubsub_core::Limit;

/// A limit as a number: -1 is none.
pub(super) fn number<T: Into<u64>>(limit: Limit<T>) -> i64 {
    limit.at().map_or(-1, |at| i64::try_from(at.into()).unwrap_or(i64::MAX))
}

/// A number as a limit: what is not positive is none. A number that does not fit the type is as good as none.
pub(super) fn limit<T: TryFrom<i64>>(number: i64) -> Limit<T> {
    match T::try_from(number) {
        Ok(at) if number > 0 => Limit::At(at),
        _ => Limit::Unlimited,
    }
}

/// A duration in nanoseconds.
pub(super) fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

/// Nanoseconds as a duration; a negative number is none.
pub(super) fn duration(nanos: i64) -> Duration {
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_round_trip() {
        for at in [Limit::Unlimited, Limit::At(1_u64), Limit::At(i64::MAX.unsigned_abs())] {
            assert_eq!(limit::<u64>(number(at)), at);
        }
        assert_eq!(limit::<u32>(0), Limit::Unlimited);
        assert_eq!(limit::<u32>(i64::MAX), Limit::Unlimited);
        assert_eq!(number(Limit::At(u64::MAX)), i64::MAX);
    }

    #[test]
    fn durations_round_trip_and_never_overflow() {
        assert_eq!(duration(nanos(Duration::from_millis(1500))), Duration::from_millis(1500));
        assert_eq!(nanos(Duration::MAX), i64::MAX);
        assert_eq!(duration(-1), Duration::ZERO);
    }
}
