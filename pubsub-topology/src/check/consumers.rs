//! Consumers, each and beside each other.

use pubsub_core::{AckPolicy, ConsumerConfig, DeliverPolicy, Retention};

use super::streams::{fault, remedy};
use super::{Findings, Mistake, name};
use crate::plans::{ConsumerPlan, StreamPlan};

pub(super) fn check(stream: &StreamPlan, findings: &mut Findings) {
    for (index, consumer) in stream.consumers.iter().enumerate() {
        alone(stream, consumer, findings);
        for other in stream.consumers.iter().skip(index + 1) {
            beside(stream, consumer, other, findings);
        }
    }
}

fn alone(stream: &StreamPlan, consumer: &ConsumerPlan, findings: &mut Findings) {
    let config = &consumer.config;
    if let Err(error) = config.validate() {
        findings.consumer(stream, consumer, Mistake::ConsumerInvalid, fault(&error), remedy(&error));
    }
    for filter in &config.filters {
        if !stream.config.subjects.iter().any(|subject| subject.overlaps(filter)) {
            let subjects: Vec<_> = stream.config.subjects.iter().map(AsRef::<str>::as_ref).collect();
            let message = format!("the filter `{filter}` matches nothing of `{}`", subjects.join("`, `"));
            let remedy =
                "correct the filter, move the consumer to the stream of that subject, or add the subject";
            findings.consumer(stream, consumer, Mistake::FilterMatchesNothing, message, remedy);
        }
    }
    if stream.config.retention == Retention::WorkQueue {
        work_queue(stream, consumer, findings);
    }
    if let [one, other, ..] = &consumer.services[..] {
        let message = format!("`{one}` and `{other}` share it: each gets some of the messages");
        let remedy = "declare a consumer for each service";
        findings.consumer(stream, consumer, Mistake::SharedByServices, message, remedy);
    }
    if !config.durable {
        let remedy = "leave `durable` out, or let the service make it when it starts";
        let message = "it goes away when nobody uses it";
        findings.consumer(stream, consumer, Mistake::Ephemeral, message, remedy);
    }
    if let Some(most) = config.max_deliver.at()
        && consumer.dead_letters.is_none()
        && config.ack != AckPolicy::None
    {
        let message =
            format!("a message that was delivered {most} times stays in the stream, and nobody sees it");
        let remedy = "name its `dead_letters`, or set max_deliver to \"unlimited\"";
        findings.consumer(stream, consumer, Mistake::ExhaustedUnseen, message, remedy);
    }
    if consumer.dead_letters.is_some() && !config.backoff.is_empty() {
        let message = "the server adds the delays of `backoff` to those of the worker";
        let remedy = "leave `backoff` out, and give the worker a retry policy";
        findings.consumer(stream, consumer, Mistake::BackoffWithWorker, message, remedy);
    }
}

fn work_queue(stream: &StreamPlan, consumer: &ConsumerPlan, findings: &mut Findings) {
    let (message, remedy) = if consumer.config.ack != AckPolicy::Explicit {
        ("a consumer of a work queue must acknowledge each message", "leave `ack` explicit")
    } else if consumer.config.deliver != DeliverPolicy::All {
        ("a consumer of a work queue starts with the oldest message", "leave `deliver` out")
    } else {
        return;
    };
    findings.consumer(stream, consumer, Mistake::WorkQueueConsumer, message, remedy);
}

fn beside(stream: &StreamPlan, consumer: &ConsumerPlan, other: &ConsumerPlan, findings: &mut Findings) {
    if consumer.config.name.is_some() && consumer.config.name == other.config.name {
        let remedy = "rename one of them";
        findings.consumer(stream, consumer, Mistake::NameTwice, "two consumers have this name", remedy);
    } else if stream.config.retention == Retention::WorkQueue && overlap(&consumer.config, &other.config) {
        let message =
            format!("`{}` sees the same subjects, and a work queue gives each message to one", name(other));
        let remedy = "let each service read from a stream with retention = \"interest\" or \"limits\", or give them \
                      filters that do not overlap";
        findings.consumer(stream, consumer, Mistake::WorkQueueShared, message, remedy);
    }
}

fn overlap(one: &ConsumerConfig, other: &ConsumerConfig) -> bool {
    one.filters.is_empty()
        || other.filters.is_empty()
        || one.filters.iter().any(|filter| other.filters.iter().any(|theirs| theirs.overlaps(filter)))
}
