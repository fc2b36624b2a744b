//! Times that must not be longer than others.

use std::time::Duration;

use pubsub_core::AckPolicy;
use pubsub_core::config::duration::format;

use super::{Findings, Mistake};
use crate::plans::{ConsumerPlan, StreamPlan};

pub(super) fn check(stream: &StreamPlan, findings: &mut Findings) {
    let window = stream.config.effective_duplicate_window();
    if let Some(budget) = stream.publish_retry.filter(|budget| *budget > window) {
        let message = format!(
            "publishers go on for {}, and ids are remembered for {}: a message may be stored twice",
            format(budget),
            format(window)
        );
        let remedy = "lengthen duplicate_window, or shorten the publishers' budget (publish_retry)";
        findings.stream(stream, Mistake::RetryOutlivesDuplicateWindow, message, remedy);
    }
    for consumer in &stream.consumers {
        of_consumer(stream, consumer, findings);
    }
}

fn of_consumer(stream: &StreamPlan, consumer: &ConsumerPlan, findings: &mut Findings) {
    let config = &consumer.config;
    let ack_wait = config.effective_ack_wait();
    if config.ack != AckPolicy::None && stream.config.max_age.is_exceeded_by(&ack_wait) {
        let message = format!(
            "its ack wait is {}, and the stream keeps a message for {}: what is not settled cannot come again",
            format(ack_wait),
            stream.config.max_age
        );
        let remedy = "lengthen the stream's max_age, or shorten ack_wait";
        findings.consumer(stream, consumer, Mistake::AckWaitOutlivesStream, message, remedy);
    }
    // With a backoff, the server's own times are the budget.
    let backoff: Duration = config.backoff.iter().sum();
    if let Some(budget) = consumer.retry_budget.or((!backoff.is_zero()).then_some(backoff))
        && stream.config.max_age.is_exceeded_by(&budget)
    {
        let message = format!(
            "a message is tried again for {}, and the stream keeps it for {}",
            format(budget),
            stream.config.max_age
        );
        let remedy = "lengthen the stream's max_age, or shorten the retries";
        findings.consumer(stream, consumer, Mistake::RetryOutlivesStream, message, remedy);
    }
    let Some(prefetch) = consumer.prefetch else { return };
    if let Some(time) = consumer.handling_time {
        let all = time.saturating_mul(prefetch);
        if config.ack != AckPolicy::None && all > ack_wait {
            let message = format!(
                "{prefetch} messages of {} take {}, and the ack wait is {}: the last ones are delivered again meanwhile",
                format(time),
                format(all),
                format(ack_wait)
            );
            let remedy = "lower prefetch, or lengthen ack_wait";
            findings.consumer(stream, consumer, Mistake::PrefetchOutlivesAckWait, message, remedy);
        }
    }
    if config.max_ack_pending.is_exceeded_by(&prefetch) {
        let message =
            format!("prefetch is {prefetch}, and at most {} may be unsettled", config.max_ack_pending);
        let remedy = "lower prefetch, or raise max_ack_pending";
        findings.consumer(stream, consumer, Mistake::PrefetchNeverFull, message, remedy);
    }
}
