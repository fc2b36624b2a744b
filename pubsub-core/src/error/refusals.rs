//! What every backend refuses alike: the same kind, number, context and remedy everywhere.

use super::{Error, ErrorKind};
use crate::name::{ConsumerName, StreamName};
use crate::subject::{Subject, SubjectFilter};

/// For backends: refusals with JetStream's numbers, as measured on nats-server 2.15.1.
///
/// ```
/// use pubsub_core::{Error, ErrorKind, StreamName};
///
/// let missing = Error::stream_not_found(&StreamName::new("RIDE")?);
/// assert_eq!(missing.kind(), ErrorKind::NotFound);
/// assert_eq!(missing.broker_code(), Some(10059));
/// assert_eq!(missing.context("stream"), Some("RIDE"));
/// # Ok::<(), pubsub_core::Error>(())
/// ```
impl Error {
    /// `NotFound` (10059): there is no stream of that name.
    #[must_use]
    pub fn stream_not_found(stream: &StreamName) -> Self {
        Self::new(ErrorKind::NotFound, "the stream does not exist")
            .with_context("stream", stream)
            .with_broker_code(10059)
            .with_remedy("create it first, for example with `ensure_stream`")
    }

    /// `NotFound` (10014): the stream has no consumer of that name.
    #[must_use]
    pub fn consumer_not_found(stream: &StreamName, consumer: &ConsumerName) -> Self {
        Self::new(ErrorKind::NotFound, "the consumer does not exist")
            .with_context("stream", stream)
            .with_context("consumer", consumer)
            .with_broker_code(10014)
            .with_remedy("create it first, for example with `ensure_consumer`")
    }

    /// `NotFound` (503, a server's "no responders"): a publish to what no stream stores.
    #[must_use]
    pub fn no_stream_for(subject: &Subject) -> Self {
        Self::new(ErrorKind::NotFound, "no stream takes this subject")
            .with_context("subject", subject)
            .with_broker_code(503)
            .with_remedy("create a stream whose subjects cover it")
    }

    /// `Conflict` (10065): what `stream` is to store on `subject`, the stream `other` stores already.
    #[must_use]
    pub fn subjects_overlap(stream: &StreamName, other: &StreamName, subject: &SubjectFilter) -> Self {
        Self::new(ErrorKind::Conflict, format!("its subjects overlap with those of the stream `{other}`"))
            .with_context("stream", stream)
            .with_context("subject", subject)
            .with_broker_code(10065)
            .with_remedy("choose subjects that no other stream stores")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_with_its_stream() {
        let stream = StreamName::new("RIDE").unwrap();
        let missing = Error::consumer_not_found(&stream, &ConsumerName::new("users").unwrap());
        assert_eq!((missing.kind(), missing.broker_code()), (ErrorKind::NotFound, Some(10014)));
        assert_eq!(missing.context("stream"), Some("RIDE"));
        assert_eq!(missing.context("consumer"), Some("users"));
    }

    #[test]
    fn a_subject_without_a_stream_is_named() {
        let missing = Error::no_stream_for(&Subject::new("ride.pickup").unwrap());
        assert_eq!((missing.kind(), missing.broker_code()), (ErrorKind::NotFound, Some(503)));
        assert_eq!(missing.context("subject"), Some("ride.pickup"));
    }

    #[test]
    fn an_overlap_names_both_streams_and_the_subject() {
        let (stream, other) = (StreamName::new("RIDE").unwrap(), StreamName::new("ALL").unwrap());
        let clash = Error::subjects_overlap(&stream, &other, &SubjectFilter::new("ride.>").unwrap());
        assert_eq!((clash.kind(), clash.broker_code()), (ErrorKind::Conflict, Some(10065)));
        assert_eq!(clash.context("stream"), Some("RIDE"));
        assert_eq!(clash.context("subject"), Some("ride.>"));
        assert!(clash.message().contains("`ALL`"));
    }
}
