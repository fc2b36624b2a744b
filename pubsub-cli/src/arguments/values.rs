//! Values that are written in more than one way.

use std::time::SystemTime;

use pubsub::config::{duration, timestamp};
use pubsub::worker::ReplayEnd;
use pubsub::{ConsumerName, DeliverPolicy, Error, HeaderName, HeaderValue, Result, StreamName};

/// `NAME:VALUE`; a space after the colon is not part of the value.
pub(super) fn header(text: &str) -> Result<(HeaderName, HeaderValue)> {
    let (name, value) = text.split_once(':').ok_or_else(|| {
        Error::invalid_input("header", "there is no colon").with_remedy("write NAME:VALUE, as in tenant:acme")
    })?;
    Ok((HeaderName::new(name.trim())?, HeaderValue::new(value.trim())?))
}

/// A number above 0.
pub(super) fn rate(text: &str) -> Result<f64> {
    match text.parse::<f64>() {
        Ok(rate) if rate > 0.0 && rate.is_finite() => Ok(rate),
        _ => {
            Err(Error::invalid_input("rate", "it is no number above 0")
                .with_remedy("write such as 100 or 0.5"))
        }
    }
}

/// `STREAM/CONSUMER`.
pub(super) fn consumer(text: &str) -> Result<(StreamName, ConsumerName)> {
    let (stream, consumer) = text.split_once('/').ok_or_else(|| {
        Error::invalid_input("consumer", "there is no slash").with_remedy("write STREAM/CONSUMER")
    })?;
    Ok((StreamName::new(stream)?, ConsumerName::new(consumer)?))
}

/// Where to begin to read.
pub(super) fn start(text: &str) -> Result<DeliverPolicy> {
    Ok(match text {
        "start" | "first" | "all" => DeliverPolicy::All,
        "new" => DeliverPolicy::New,
        "last" => DeliverPolicy::Last,
        _ => match place(text)? {
            // Below the first one there is none.
            Place::Sequence(sequence) => DeliverPolicy::FromSequence(sequence.max(1)),
            Place::Time(time) => DeliverPolicy::FromTime(time),
        },
    })
}

/// Where to end.
pub(super) fn end(text: &str) -> Result<ReplayEnd> {
    Ok(match text {
        "newest" => ReplayEnd::Newest,
        "never" => ReplayEnd::Never,
        _ => match place(text)? {
            Place::Sequence(sequence) => ReplayEnd::Sequence(sequence),
            Place::Time(time) => ReplayEnd::Time(time),
        },
    })
}

enum Place {
    Sequence(u64),
    Time(SystemTime),
}

fn place(text: &str) -> Result<Place> {
    if let Ok(sequence) = text.parse() {
        return Ok(Place::Sequence(sequence));
    }
    if let Ok(time) = timestamp::parse(text) {
        return Ok(Place::Time(time));
    }
    let ago = duration::parse(text).ok().and_then(|ago| SystemTime::now().checked_sub(ago));
    ago.map(Place::Time).ok_or_else(|| {
        Error::invalid_input("place", "it is no place in a stream").with_remedy(
            "write a sequence, a time such as 2026-08-21T09:00:00Z, or how long ago, such as 10m",
        )
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_start_is_a_word_a_sequence_a_time_or_how_long_ago() {
        assert_eq!(start("start").unwrap(), DeliverPolicy::All);
        assert_eq!(start("new").unwrap(), DeliverPolicy::New);
        assert_eq!(start("17").unwrap(), DeliverPolicy::FromSequence(17));
        assert_eq!(start("0").unwrap(), DeliverPolicy::FromSequence(1));
        let time = timestamp::parse("2026-08-21T09:00:00Z").unwrap();
        assert_eq!(start("2026-08-21T09:00:00Z").unwrap(), DeliverPolicy::FromTime(time));
        let DeliverPolicy::FromTime(then) = start("10m").unwrap() else { panic!("no time") };
        let ago = SystemTime::now().duration_since(then).unwrap();
        assert!((Duration::from_secs(600)..Duration::from_secs(610)).contains(&ago), "{ago:?}");
        assert!(start("yesterday").unwrap_err().remedy().is_some());
    }

    #[test]
    fn an_end_is_a_word_a_sequence_or_a_time() {
        assert_eq!(end("newest").unwrap(), ReplayEnd::Newest);
        assert_eq!(end("never").unwrap(), ReplayEnd::Never);
        assert_eq!(end("5").unwrap(), ReplayEnd::Sequence(5));
        assert!(end("soon").is_err());
    }

    #[test]
    fn a_header_has_a_colon_and_its_value_may_have_more() {
        let (name, value) = header("trace: a:b").unwrap();
        assert_eq!((name.as_str(), value.as_str()), ("trace", "a:b"));
        assert!(header("trace").is_err());
        assert!(header("a b:c").is_err());
    }

    #[test]
    fn a_rate_is_above_0() {
        assert_eq!(rate("0.5").unwrap().to_string(), "0.5");
        for text in ["0", "-1", "NaN", "inf", "fast"] {
            assert!(rate(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_consumer_is_named_with_its_stream() {
        let (stream, name) = consumer("RIDE/billing").unwrap();
        assert_eq!((stream.as_str(), name.as_str()), ("RIDE", "billing"));
        assert!(consumer("billing").is_err());
    }
}
