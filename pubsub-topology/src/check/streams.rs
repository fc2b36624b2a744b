//! Streams, each and beside each other.

use pubsub_core::{Discard, Error, Retention};

use super::{Findings, Mistake};
use crate::plans::StreamPlan;
use crate::topology::Topology;

pub(super) fn check(topology: &Topology, findings: &mut Findings) {
    for (index, stream) in topology.streams.iter().enumerate() {
        alone(stream, findings);
        for other in topology.streams.iter().skip(index + 1) {
            beside(stream, other, findings);
        }
    }
}

fn alone(stream: &StreamPlan, findings: &mut Findings) {
    let config = &stream.config;
    if let Err(error) = config.validate() {
        findings.stream(stream, Mistake::StreamInvalid, fault(&error), remedy(&error));
    }
    let bounded = [config.max_bytes.is_unlimited(), config.max_messages.is_unlimited()];
    let grows =
        config.max_age.is_unlimited() && bounded == [true, true] && config.retention == Retention::Limits;
    if grows && config.max_messages_per_subject.is_unlimited() && config.discard == Discard::Old {
        let message = "nothing bounds what it stores: no age, no number, no bytes";
        findings.stream(stream, Mistake::Unlimited, message, "set max_age, max_bytes or max_messages");
    }
    if config.replicas.is_multiple_of(2) {
        let message =
            format!("{} replicas survive no more losses than {}", config.replicas, config.replicas - 1);
        findings.stream(stream, Mistake::EvenReplicas, message, "set replicas to 1, 3 or 5");
    }
    if let (Some(message), Some(stored)) = (config.max_message_size.at(), config.max_bytes.at())
        && u64::from(message) > stored
    {
        let message = "max_message_size is larger than max_bytes";
        findings.stream(
            stream,
            Mistake::MessageLargerThanStream,
            message,
            "raise max_bytes, or lower max_message_size",
        );
    }
    if let Some(most) = config.max_consumers.at()
        && stream.consumers.len() > usize::try_from(most).unwrap_or(usize::MAX)
    {
        let message =
            format!("{} consumers are declared, and max_consumers is {most}", stream.consumers.len());
        findings.stream(stream, Mistake::TooManyConsumers, message, "raise max_consumers");
    }
    if config.retention == Retention::Interest {
        let unread = config.subjects.iter().filter(|subject| {
            let reads = |filter| subject.overlaps(filter);
            !stream.consumers.iter().any(|consumer| {
                consumer.config.filters.is_empty() || consumer.config.filters.iter().any(reads)
            })
        });
        for subject in unread {
            let message =
                format!("nobody reads `{subject}`, and the stream keeps only what somebody will read");
            let remedy = "declare its consumer here, or use retention = \"limits\"";
            findings.stream(stream, Mistake::NobodyInterested, message, remedy);
        }
    }
}

fn beside(stream: &StreamPlan, other: &StreamPlan, findings: &mut Findings) {
    if stream.config.name == other.config.name {
        findings.stream(stream, Mistake::NameTwice, "two streams have this name", "rename one of them");
        return;
    }
    for subject in &stream.config.subjects {
        if let Some(theirs) = other.config.subjects.iter().find(|theirs| theirs.overlaps(subject)) {
            let message = format!("`{subject}` and `{theirs}` of the stream `{}` overlap", other.config.name);
            let remedy = "give each subject to one stream";
            findings.stream(stream, Mistake::SubjectsOverlap, message, remedy);
        }
    }
}

pub(super) fn fault(error: &Error) -> String {
    match error.context("field") {
        Some(field) => format!("{field}: {}", error.message()),
        None => error.message().to_owned(),
    }
}

pub(super) fn remedy(error: &Error) -> String {
    error.remedy().unwrap_or("change it").to_owned()
}
