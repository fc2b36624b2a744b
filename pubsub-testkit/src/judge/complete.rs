//! Whether something happened at all, and whether everything came.

use std::collections::BTreeSet;

use pubsub_core::{DeliverPolicy, Retention};

use super::life::ConsumerFacts;
use super::records::Records;
use super::story::{Found, of_publish};
use crate::history::event::Published;

pub(super) fn has_traffic(records: &Records<'_>) -> Found {
    let stored = records.publishes.iter().any(|publish| {
        matches!(publish.ended, Some((_, Published::Stored { .. } | Published::Duplicate { .. })))
    });
    let mut found = Found::new();
    if !stored {
        found.push(("nothing was stored".to_owned(), BTreeSet::new()));
    }
    if records.deliveries.is_empty() {
        found.push(("nothing was delivered".to_owned(), BTreeSet::new()));
    }
    found
}

pub(super) fn nothing_lost(records: &Records<'_>) -> Found {
    let mut found = Found::new();
    for (life, consumer) in records.consumers.iter().enumerate() {
        let Some(drained) = consumer.drained else { continue };
        let thinned = records.streams.get(consumer.stream).is_some_and(|stream| stream.thinned);
        if thinned {
            continue;
        }
        for publish in &records.publishes {
            let Some((stream, sequence, ended)) = publish.stored() else {
                continue;
            };
            let meant = stream == consumer.stream
                && ended.order < drained
                && matches(consumer, publish.subject.as_str())
                && wants(records, consumer, publish.called.order);
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

fn matches(consumer: &ConsumerFacts<'_>, subject: &str) -> bool {
    let filters = consumer.config.map_or(&[][..], |config| &config.filters);
    filters.is_empty() || filters.iter().any(|filter| filter.matches(subject))
}

/// Whether the consumer's start position and the stream's retention let it have what was published then.
fn wants(records: &Records<'_>, consumer: &ConsumerFacts<'_>, published: usize) -> bool {
    let stream = records.streams.get(consumer.stream).and_then(|stream| stream.config);
    // Otherwise what was published before may have gone with the consumers that were there before.
    let keeps = stream.is_none_or(|config| config.retention == Retention::Limits);
    match consumer.config.map(|config| config.deliver) {
        None | Some(DeliverPolicy::All) => keeps || published > consumer.born,
        Some(DeliverPolicy::New) => published > consumer.born,
        // The case itself compares what these give.
        Some(_) => false,
    }
}
