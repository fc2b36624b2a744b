//! How an existing stream or consumer differs from what is asked for: [`Difference`].

use std::collections::BTreeMap;
use std::fmt;

use crate::name::{ConsumerName, StreamName};
use crate::subject::SubjectFilter;
use crate::{Error, ErrorKind};

/// One field in which an existing configuration is not the wanted one. Values are written as in configuration files.
///
/// ```
/// use std::time::Duration;
///
/// use pubsub_core::StreamConfig;
///
/// let existing = StreamConfig::new("RIDE", ["ride.>"])?;
/// let wanted = existing.clone().with_max_age(Duration::from_secs(3600));
/// let differences = wanted.differences(&existing);
/// assert_eq!(differences[0].to_string(), "max_age: 24h -> 1h");
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// The name of the field.
    pub field: &'static str,
    /// What the broker has.
    pub existing: String,
    /// What was asked for.
    pub wanted: String,
}

impl Difference {
    /// Whether JetStream can change this field of something that exists, to this value.
    ///
    /// It cannot change a stream's storage, its retention to or from work queue, or that it allows message times to live
    /// or schedules (10052), nor a consumer's deliver, ack and replay policy (10012): measured on nats-server 2.15.1. A
    /// durable consumer stays durable, and the reverse.
    #[must_use]
    pub fn can_be_updated(&self) -> bool {
        match self.field {
            "storage" | "deliver" | "ack" | "replay" | "durable" => false,
            // Once allowed, always allowed.
            "allow_message_ttl" | "allow_schedules" => self.existing == "false",
            "retention" => self.existing != "work_queue" && self.wanted != "work_queue",
            _ => true,
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} -> {}", self.field, self.existing, self.wanted)
    }
}

/// The keys of notes that belong to the broker begin so.
const BROKERS_NOTES: &str = "_nats.";

/// Collects the fields that differ.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    pub(super) differences: Vec<Difference>,
}

impl Comparison {
    /// Compares one field by what it means, and prints it by `show`.
    pub(super) fn field<T: PartialEq>(
        &mut self,
        field: &'static str,
        existing: &T,
        wanted: &T,
        show: impl Fn(&T) -> String,
    ) {
        if existing != wanted {
            self.differences.push(Difference { field, existing: show(existing), wanted: show(wanted) });
        }
    }

    /// Compares two lists whose order means nothing.
    pub(super) fn filters(
        &mut self,
        field: &'static str,
        existing: &[SubjectFilter],
        wanted: &[SubjectFilter],
        none: &str,
    ) {
        let sorted = |filters: &[SubjectFilter]| {
            let mut texts: Vec<String> = filters.iter().map(ToString::to_string).collect();
            texts.sort_unstable();
            texts
        };
        self.field(field, &sorted(existing), &sorted(wanted), |texts| {
            if texts.is_empty() { none.to_owned() } else { format!("[{}]", texts.join(", ")) }
        });
    }

    /// Compares notes, without those that the broker adds itself.
    pub(super) fn metadata(
        &mut self,
        existing: &BTreeMap<String, String>,
        wanted: &BTreeMap<String, String>,
    ) {
        let own = |notes: &BTreeMap<String, String>| -> Vec<(String, String)> {
            let own = notes.iter().filter(|(key, _)| !key.starts_with(BROKERS_NOTES));
            own.map(|(key, value)| (key.clone(), value.clone())).collect()
        };
        self.field("metadata", &own(existing), &own(wanted), |notes| format!("{notes:?}"));
    }

    pub(super) fn description(&mut self, existing: Option<&str>, wanted: Option<&str>) {
        self.field("description", &existing.unwrap_or_default(), &wanted.unwrap_or_default(), |text| {
            if text.is_empty() { "none".to_owned() } else { format!("{text:?}") }
        });
    }
}

pub(super) fn stream_differs(stream: &StreamName, differences: &[Difference]) -> Error {
    differs("a stream", differences, "the stream").with_context("stream", stream).with_broker_code(10058)
}

pub(super) fn consumer_differs(
    stream: &StreamName,
    consumer: Option<&ConsumerName>,
    differences: &[Difference],
) -> Error {
    let error = differs("a consumer", differences, "the consumer")
        .with_context("stream", stream)
        .with_broker_code(10148);
    match consumer {
        Some(consumer) => error.with_context("consumer", consumer),
        None => error,
    }
}

fn differs(what: &str, differences: &[Difference], definite: &str) -> Error {
    let listed = if differences.is_empty() {
        "in fields that are not known here".to_owned()
    } else {
        differences.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    };
    let message =
        format!("{what} of that name exists with another configuration (existing -> wanted): {listed}");
    let error = Error::new(ErrorKind::AlreadyExists, message);
    match differences.iter().find(|difference| !difference.can_be_updated()) {
        Some(fixed) => error.with_remedy(format!(
            "ask for what exists, use another name, or delete {definite} first: `{}` cannot be changed so",
            fixed.field
        )),
        None => error.with_remedy("ask for what exists, or allow the change with `Provision::Update`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(field: &'static str, existing: &str, wanted: &str) -> Difference {
        Difference { field, existing: existing.to_owned(), wanted: wanted.to_owned() }
    }

    #[test]
    fn the_error_lists_all_differences_on_one_line() {
        let stream = StreamName::new("RIDE").unwrap();
        let differences = [difference("max_age", "24h", "1h"), difference("max_messages", "unlimited", "5")];
        let error = stream_differs(&stream, &differences);
        let line = error.to_string();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        assert_eq!(error.broker_code(), Some(10058));
        assert_eq!(error.context("stream"), Some("RIDE"));
        assert!(line.contains("max_age: 24h -> 1h; max_messages: unlimited -> 5"), "{line}");
        assert!(line.contains("Provision::Update"), "{line}");
        assert_eq!(line.lines().count(), 1);
    }

    #[test]
    fn the_remedy_does_not_promise_an_update_that_is_refused() {
        let stream = StreamName::new("RIDE").unwrap();
        let consumer = ConsumerName::new("users").unwrap();
        let error = consumer_differs(&stream, Some(&consumer), &[difference("ack", "explicit", "all")]);
        assert_eq!(error.broker_code(), Some(10148));
        assert_eq!(error.context("consumer"), Some("users"));
        assert!(error.remedy().is_some_and(|remedy| remedy.contains("`ack` cannot be changed")));
    }

    #[test]
    fn retention_can_change_but_not_to_or_from_work_queue() {
        assert!(difference("retention", "limits", "interest").can_be_updated());
        assert!(!difference("retention", "limits", "work_queue").can_be_updated());
        assert!(!difference("retention", "work_queue", "limits").can_be_updated());
    }
}
