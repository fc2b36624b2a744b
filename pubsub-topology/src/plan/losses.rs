//! What a change would lose.

use pubsub_core::config::Limit;
use pubsub_core::{ConsumerConfig, ConsumerInfo, Difference, Retention, StreamConfig, StreamInfo};

/// A stream that holds nothing loses nothing.
pub(super) fn of_stream(wanted: &StreamConfig, info: &StreamInfo) -> Vec<String> {
    let (had, mut losses) = (&info.config, Vec::new());
    if info.messages == 0 {
        return losses;
    }
    if is_lowered(&wanted.max_age, &had.max_age) {
        losses.push(format!("messages older than {}", wanted.max_age));
    }
    if let Some(most) = wanted.max_messages.at().filter(|most| info.messages > *most) {
        losses.push(format!("the oldest {} of {} messages", info.messages - most, info.messages));
    }
    if wanted.max_bytes.is_exceeded_by(&info.bytes) {
        losses.push(format!("the oldest messages of {} bytes, down to max_bytes", info.bytes));
    }
    if is_lowered(&wanted.max_messages_per_subject, &had.max_messages_per_subject) {
        losses.push(format!("all but the last {} messages of each subject", wanted.max_messages_per_subject));
    }
    if had.retention == Retention::Limits && wanted.retention == Retention::Interest {
        losses.push("messages that every consumer has settled, or nobody reads".to_owned());
    }
    losses
}

fn is_lowered<T: PartialOrd + Copy>(wanted: &Limit<T>, had: &Limit<T>) -> bool {
    match (wanted.at(), had.at()) {
        (Some(wanted), Some(had)) => wanted < had,
        (Some(_), None) => true,
        (None, _) => false,
    }
}

/// What a consumer will not see any more, and was to see.
pub(super) fn of_consumer(
    wanted: &ConsumerConfig,
    info: &ConsumerInfo,
    differences: &[Difference],
) -> Vec<String> {
    let waiting = info.pending + info.ack_pending;
    let narrowed = differences.iter().any(|difference| difference.field == "filters")
        && !wanted.filters.is_empty()
        && !covers_all(wanted, &info.config);
    if narrowed && waiting > 0 {
        return vec![format!("those of its {waiting} waiting messages that its filters let in no more")];
    }
    Vec::new()
}

/// Whether everything that was seen is still seen.
fn covers_all(wanted: &ConsumerConfig, had: &ConsumerConfig) -> bool {
    let covered = |old| wanted.filters.iter().any(|filter| filter.covers(old));
    !had.filters.is_empty() && had.filters.iter().all(covered)
}
