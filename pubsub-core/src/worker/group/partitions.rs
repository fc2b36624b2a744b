//! Which partition a key belongs to: [`Partitions`].

use crate::admin::StreamConfig;
use crate::message::Message;
use crate::subject::{SubjectFilter, SubjectMapping, SubjectTransform};
use crate::worker::KeyBy;
use crate::{Error, Result};

/// How the messages of a stream are spread over partitions: by what some wildcards of their subjects match, their
/// key. The stream puts the number of the partition before the subject when it stores a message, so that whoever
/// publishes need not know: `ride.r-17.completed` becomes `3.ride.r-17.completed`. All messages of one key are in one
/// partition.
///
/// The number of partitions is for as long as there are messages: with another number keys are in other partitions.
/// Take some more than there will ever be members; each is a consumer.
///
/// ```
/// use pubsub_core::StreamConfig;
/// use pubsub_core::worker::Partitions;
///
/// let by_ride = Partitions::new("ride.*.>", [1], 8)?; // by what the first `*` matches
/// let stream = by_ride.on(StreamConfig::new("RIDE", ["ride.*.>"])?)?;
/// assert_eq!(by_ride.of("ride.r-17.completed"), by_ride.of("ride.r-17.pickup"));
/// assert_eq!(stream.subjects[1], "0.ride.*.>"); // for what is redriven
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partitions {
    source: SubjectFilter,
    /// Which tokens of a subject of the source are the key, from 0.
    tokens: Vec<usize>,
    count: u32,
    transform: SubjectTransform,
    mapping: SubjectMapping,
}

impl Partitions {
    /// The largest number of partitions.
    pub const MOST: u32 = 256;

    /// So many partitions of the subjects that match `source`, by these of its wildcards, counted from 1.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for an illegal filter;
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) for a number that is not between 1 and 256, for no wildcards
    /// or one that the filter does not have, and for a filter that takes its own subjects again when they have the
    /// number of a partition before them (`>`).
    pub fn new<F>(source: F, wildcards: impl IntoIterator<Item = usize>, count: u32) -> Result<Self>
    where
        F: TryInto<SubjectFilter, Error: Into<Error>>,
    {
        let source: SubjectFilter = source.try_into().map_err(Into::into)?;
        let wildcards: Vec<usize> = wildcards.into_iter().collect();
        let refused = |field: &'static str, message: String, remedy: &'static str| {
            Err(Error::config(field, message).with_context("source", &source).with_remedy(remedy))
        };
        if !(1..=Self::MOST).contains(&count) {
            return refused("count", format!("{count} partitions"), "give 1 to 256");
        }
        let places: Vec<usize> =
            source.tokens().enumerate().filter(|(_, token)| *token == "*").map(|(at, _)| at).collect();
        let token = |number: &usize| number.checked_sub(1).and_then(|index| places.get(index)).copied();
        let Some(tokens) =
            wildcards.iter().map(token).collect::<Option<Vec<_>>>().filter(|all| !all.is_empty())
        else {
            let message = "the wildcards of the key are not in the filter".to_owned();
            return refused("wildcards", message, "name at least one `*` of the filter, the first as 1");
        };
        if source.overlaps(&SubjectFilter::new(format!("0.{source}"))?) {
            let message = "the filter takes what is in a partition already".to_owned();
            return refused(
                "source",
                message,
                "begin the filter with a token that is no wildcard, or leave `>` out",
            );
        }
        let numbers: Vec<String> = wildcards.iter().map(ToString::to_string).collect();
        let mut destination = format!("{{{{partition({count},{})}}}}", numbers.join(","));
        let mut wildcard = 0;
        for token in source.tokens() {
            destination.push('.');
            if token == "*" {
                wildcard += 1;
                destination.push_str(&format!("{{{{wildcard({wildcard})}}}}"));
            } else {
                destination.push_str(token);
            }
        }
        let transform = SubjectTransform::new(source.as_str(), destination)?;
        let mapping = transform.prepare()?;
        Ok(Self { source, tokens, count, transform, mapping })
    }

    /// A stream that stores its messages in these partitions.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if the stream stores none of the subjects, or renames them
    /// already.
    pub fn on(&self, mut stream: StreamConfig) -> Result<StreamConfig> {
        let refused = |message: &'static str, remedy: &'static str| {
            Err(Error::config("partitions", message).with_context("stream", &stream.name).with_remedy(remedy))
        };
        if stream.subject_transform.is_some() {
            return refused("the stream renames its subjects already", "leave its own transform out");
        }
        if !stream.subjects.iter().any(|stored| stored.covers(&self.source)) {
            return refused(
                "the stream does not store what is to be partitioned",
                "add the filter to its subjects",
            );
        }
        for partition in 0..self.count {
            stream.subjects.push(Self::within(partition, &self.source)?);
        }
        stream.subject_transform = Some(self.transform.clone());
        Ok(stream)
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count
    }

    /// In which partition a subject is, as it is published; `None` if it is none of those.
    #[must_use]
    pub fn of(&self, subject: &str) -> Option<u32> {
        self.mapping.apply(subject)?.split('.').next()?.parse().ok()
    }

    /// What a filter matches in one partition.
    pub(super) fn within(partition: u32, filter: &SubjectFilter) -> Result<SubjectFilter> {
        SubjectFilter::new(format!("{partition}.{filter}"))
    }

    /// The key of a message as it is stored.
    pub(super) fn key(&self) -> KeyBy {
        let tokens: Vec<usize> = self.tokens.iter().map(|token| token + 1).collect();
        KeyBy::with(move |message: &dyn Message| {
            let subject: Vec<&str> = message.subject().split('.').collect();
            let key: Option<Vec<&str>> = tokens.iter().map(|token| subject.get(*token).copied()).collect();
            Some(key?.join("."))
        })
    }

    /// Whether the stream does as this says, and whether all that a route takes is in a partition.
    pub(super) fn must_be_of(&self, stream: &StreamConfig, routes: &[SubjectFilter]) -> Result<()> {
        if stream.subject_transform.as_ref() != Some(&self.transform) {
            return Err(Error::config(
                "partitions",
                "the stream does not put messages into these partitions",
            )
            .with_context("stream", &stream.name)
            .with_context("transform", &self.transform)
            .with_remedy("make the stream with `Partitions::on`, by the same filter, key and number"));
        }
        match routes.iter().find(|route| !self.source.covers(route)) {
            Some(route) => Err(Error::config("router", "a route takes what is in no partition")
                .with_context("route", route)
                .with_context("source", &self.source)
                .with_remedy("make the filter of the partitions wider, or the route narrower")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_one_partition_and_keys_are_spread() {
        let partitions = Partitions::new("ride.*.>", [1], 4).unwrap();
        let of = |ride: u32| partitions.of(&format!("ride.r-{ride}.x.y")).unwrap();
        assert_eq!(partitions.of("ride.r-1.other"), Some(of(1)));
        assert_eq!(partitions.of("match.r-1.other"), None);
        let used: std::collections::BTreeSet<u32> = (0..100).map(of).collect();
        assert_eq!(used.into_iter().collect::<Vec<_>>(), [0, 1, 2, 3]);
    }

    #[test]
    fn a_stream_takes_what_is_in_a_partition_too() {
        let partitions = Partitions::new("ride.*.*", [1, 2], 2).unwrap();
        let stream = partitions.on(StreamConfig::new("RIDE", ["ride.*.*"]).unwrap()).unwrap();
        let subjects: Vec<&str> = stream.subjects.iter().map(SubjectFilter::as_str).collect();
        assert_eq!(subjects, ["ride.*.*", "0.ride.*.*", "1.ride.*.*"]);
        assert_eq!(
            stream.subject_transform.as_ref().unwrap().destination,
            "{{partition(2,1,2)}}.ride.{{wildcard(1)}}.{{wildcard(2)}}"
        );
        stream.validate().unwrap();
        assert!(partitions.on(stream).is_err(), "twice");
        assert!(partitions.on(StreamConfig::new("OTHER", ["other.>"]).unwrap()).is_err());
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let field = |source: &str, wildcards: &[usize], count| {
            let refused = Partitions::new(source, wildcards.iter().copied(), count).unwrap_err();
            refused.context("field").map(str::to_owned).unwrap_or_default()
        };
        assert_eq!(field("ride.*", &[1], 0), "count");
        assert_eq!(field("ride.*", &[1], 257), "count");
        assert_eq!(field("ride.*", &[], 2), "wildcards");
        assert_eq!(field("ride.*", &[2], 2), "wildcards");
        assert_eq!(field("ride.*", &[0], 2), "wildcards");
        assert_eq!(field("*.>", &[1], 2), "source");
        Partitions::new("*.*", [2], 2).unwrap();
    }

    #[test]
    fn another_number_or_a_route_outside_is_refused() {
        let partitions = Partitions::new("ride.*.>", [1], 4).unwrap();
        let stream = partitions.on(StreamConfig::new("RIDE", ["ride.>"]).unwrap()).unwrap();
        let routes = |filter: &str| [SubjectFilter::new(filter).unwrap()];
        partitions.must_be_of(&stream, &routes("ride.*.done")).unwrap();
        assert!(partitions.must_be_of(&stream, &routes("ride.*")).is_err());
        let other = Partitions::new("ride.*.>", [1], 5).unwrap();
        assert!(other.must_be_of(&stream, &routes("ride.*.done")).is_err());
    }
}
