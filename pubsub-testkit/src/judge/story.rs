//! The events that prove a violation.

use std::collections::BTreeSet;

use super::records::{Delivered, MessageKey, Publish, Records};

/// A violation as a rule finds it: what is wrong, and the events that show it.
pub(super) type Found = Vec<(String, BTreeSet<usize>)>;

/// Everything about one message of one consumer, up to this event.
pub(super) fn of_message(records: &Records<'_>, key: MessageKey, until: usize) -> BTreeSet<usize> {
    let mut story = BTreeSet::new();
    if let Some(consumer) = records.consumer(key.0) {
        story.insert(consumer.born);
    }
    if let Some(publish) = records.publish_of(key) {
        story.extend(of_publish(publish));
    }
    for delivered in records.attempts(records.messages.get(&key).map_or(&[], Vec::as_slice)) {
        story.extend(of_delivery(delivered));
    }
    story.retain(|order| *order <= until);
    story
}

pub(super) fn of_publish(publish: &Publish<'_>) -> BTreeSet<usize> {
    let ended = publish.ended.map(|(point, _)| point.order);
    ended.into_iter().chain([publish.called.order]).collect()
}

pub(super) fn of_delivery(delivered: &Delivered<'_>) -> BTreeSet<usize> {
    delivered.events.iter().copied().chain([delivered.ask.called.order]).collect()
}
