//! Whether something happened at all, and whether everything came.

use std::collections::BTreeSet;

use pubsub_core::{DeliverPolicy, Retention, Rollup};

use super::life::ConsumerFacts;
use super::records::{Publish, Records};
use super::stored_subject::stored_subject;
use super::story::{Found, of_publish};
use crate::history::event::Published;

pub(super) fn has_traffic(records: &Records<'_>) -> Found {
    let stored = records.publishes.iter().any(|publish| {
        matches!(publish.ended, Some((_, Published::Stored { .. } | Published::Duplicate { .. })))
    });
    let mut found = Found::new();
    // Of plain messages, that they were heard.
    if !stored && records.heard.is_empty() {
        found.push(("nothing was stored".to_owned(), BTreeSet::new()));
    }
    if records.deliveries.is_empty() && records.heard.is_empty() {
        found.push(("nothing was delivered".to_owned(), BTreeSet::new()));
    }
    found
}

pub(super) fn nothing_lost(records: &Records<'_>) -> Found {
    let mut found = Found::new();
    for (life, consumer) in records.consumers.iter().enumerate() {
        let Some(drained) = consumer.drained else { continue };
        if records.streams.get(consumer.stream).is_some_and(|stream| stream.thinned) {
            continue;
        }
        for publish in &records.publishes {
            let Some((stream, sequence, ended)) = publish.stored() else {
                continue;
            };
            let meant = stream == consumer.stream
                && ended.order < drained
                && concerns(records, consumer, publish, sequence);
            if meant && !records.messages.contains_key(&(life, sequence)) {
                let mut proof = of_publish(publish);
                proof.extend([consumer.born, drained]);
                let name = &consumer.key.consumer;
                found.push((format!("sequence {sequence} never came to {name}"), proof));
            }
        }
    }
    found
}

/// Whether the consumer is to have what this publish has stored in its stream.
pub(super) fn concerns(
    records: &Records<'_>,
    consumer: &ConsumerFacts<'_>,
    publish: &Publish<'_>,
    sequence: u64,
) -> bool {
    stays(records, publish)
        && sees(records, consumer, publish)
        && wants(records, consumer, publish.called.order, sequence)
}

/// Whether nothing that was published makes the message leave before it is read: a time to live, a rollup, another schedule
/// in its place.
fn stays(records: &Records<'_>, publish: &Publish<'_>) -> bool {
    let replaces = |other: &Publish<'_>| {
        // First what is rare: this is asked of every pair.
        let replaces = match other.message.rollup() {
            None => return false,
            Some(Rollup::Subject) => other.message.subject == publish.message.subject,
            Some(_) => true,
        };
        replaces
            && other.stream == publish.stream
            && other.called.order > publish.called.order
            && other.stored().is_some()
    };
    publish.message.ttl().is_none()
        && publish.message.schedule().is_none()
        && !records.rollups().any(replaces)
}

fn sees(records: &Records<'_>, consumer: &ConsumerFacts<'_>, publish: &Publish<'_>) -> bool {
    consumer.config.is_none_or(|config| config.sees(&stored_subject(records, publish)))
}

/// Whether the consumer's start position and the stream's retention let it have what was published then.
fn wants(records: &Records<'_>, consumer: &ConsumerFacts<'_>, published: usize, sequence: u64) -> bool {
    let stream = records.streams.get(consumer.stream).and_then(|stream| stream.config);
    // Otherwise what was published before may have gone with the consumers that were there before.
    let keeps = stream.is_none_or(|config| config.retention == Retention::Limits);
    match consumer.reset_to {
        Some(Some(first)) => return keeps && sequence >= first,
        // Where its floor was is the case's to know.
        Some(None) => return false,
        None => {}
    }
    match consumer.config.map(|config| config.deliver) {
        None | Some(DeliverPolicy::All) => keeps || published > consumer.born,
        Some(DeliverPolicy::New) => published > consumer.born,
        Some(DeliverPolicy::FromSequence(first)) => sequence >= first && (keeps || published > consumer.born),
        // The case itself compares what these give.
        Some(_) => false,
    }
}
