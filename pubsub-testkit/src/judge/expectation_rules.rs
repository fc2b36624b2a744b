//! What must have been true for a publish to be stored.

use pubsub_core::Expectations;

use super::records::{Publish, Records};
use super::story::{Found, of_publish};

pub(super) fn expectations_hold(records: &Records<'_>) -> Found {
    let mut found = Found::new();
    for publish in &records.publishes {
        let (Some(expected), Some((life, sequence, _))) = (publish.message.expectations(), publish.stored())
        else {
            continue;
        };
        let Some(stream) = records.streams.get(life) else {
            continue;
        };
        if let (Some(wanted), Some(config)) = (&expected.stream, stream.config)
            && *wanted != config.name
        {
            let detail = format!("a message for the stream `{wanted}` was stored in `{}`", config.name);
            found.push((detail, of_publish(publish)));
        }
        // Otherwise the last message may be one that is gone, and the broker counts what it has.
        if !stream.keeps_all() {
            continue;
        }
        if let Some(last) = expected.last_sequence.filter(|last| last + 1 != sequence) {
            let detail = format!("it was stored as sequence {sequence} and expected {last} before it");
            found.push((detail, of_publish(publish)));
        }
        if let Some((wanted, other)) = another_last(records, publish, expected, life, sequence) {
            let detail = format!("it expected sequence {wanted} as the last of its subject");
            found.push((detail, &of_publish(publish) | &of_publish(other)));
        }
    }
    found
}

/// A message on the expected subject between the one that was expected to be the last and the one that was stored.
fn another_last<'r, 'a>(
    records: &'r Records<'a>,
    publish: &Publish<'_>,
    expected: &Expectations,
    life: usize,
    sequence: u64,
) -> Option<(u64, &'r Publish<'a>)> {
    let wanted = expected.last_subject_sequence?;
    let speaks_of = |subject: &str| match &expected.last_subject_filter {
        Some(filter) => filter.matches(subject),
        None => subject == publish.message.subject.as_str(),
    };
    let between = records.publishes.iter().find(|other| {
        other.stored().is_some_and(|(in_stream, at, _)| in_stream == life && at > wanted && at < sequence)
            && speaks_of(other.message.subject.as_str())
    });
    between.map(|other| (wanted, other))
}
