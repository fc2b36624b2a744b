//! nats-server's points in time.

use std::time::SystemTime;

use pubsub_core::{Error, ErrorKind, Result};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Reads RFC 3339 with any offset: what other clients wrote is echoed as they wrote it.
pub(crate) fn system_time(text: &str) -> Result<SystemTime> {
    OffsetDateTime::parse(text, &Rfc3339).map(SystemTime::from).map_err(|error| {
        Error::new(ErrorKind::Unexpected, "the server wrote a time that cannot be read")
            .with_context("time", text)
            .with_source(error)
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn offsets_and_nanoseconds_are_read() {
        let expected = SystemTime::UNIX_EPOCH + Duration::new(1_767_225_600, 123_456_789);
        assert_eq!(system_time("2026-01-01T00:00:00.123456789Z").unwrap(), expected);
        assert_eq!(system_time("2026-01-01T07:00:00.123456789+07:00").unwrap(), expected);
        assert_eq!(system_time("soon").unwrap_err().kind(), ErrorKind::Unexpected);
    }

    #[test]
    fn the_year_one_of_an_empty_stream_does_not_panic() {
        assert!(system_time("0001-01-01T00:00:00Z").is_ok());
    }
}
