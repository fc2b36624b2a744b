//! What receipts promise.

use std::collections::HashMap;
use std::time::Duration;

use super::life::StreamLife;
use super::records::{Publish, Records};
use super::story::{Found, of_publish};
use crate::history::event::{Number, Published};

/// How long after its window a broker may still know an id: it forgets in sweeps.
const FORGETTING: Duration = Duration::from_secs(1);

pub(super) fn sequences_rise(records: &Records<'_>) -> Found {
    let mut by_publisher: HashMap<(Number, StreamLife), Vec<&Publish<'_>>> = HashMap::new();
    let mut by_sequence: HashMap<(StreamLife, u64), &Publish<'_>> = HashMap::new();
    let mut found = Found::new();
    for publish in &records.publishes {
        let Some((stream, sequence, _)) = publish.stored() else {
            continue;
        };
        by_publisher.entry((publish.publisher, stream)).or_default().push(publish);
        if let Some(other) = by_sequence.insert((stream, sequence), publish) {
            let detail = format!("two messages were stored as sequence {sequence}");
            found.push((detail, &of_publish(other) | &of_publish(publish)));
        }
    }
    for publishes in by_publisher.values() {
        found.extend(first_that_falls(publishes));
    }
    found
}

/// The first publish whose sequence is not above that of one that had been accepted before it was called.
fn first_that_falls(publishes: &[&Publish<'_>]) -> Option<(String, std::collections::BTreeSet<usize>)> {
    let mut accepted: Vec<_> = publishes
        .iter()
        .filter_map(|publish| Some((publish.accepted?.order, publish.stored()?.1, *publish)))
        .collect();
    accepted.sort_by_key(|(order, _, _)| *order);
    let mut accepted = accepted.into_iter().peekable();
    let mut highest: Option<(u64, &Publish<'_>)> = None;
    // `publishes` is in the order of the calls.
    for publish in publishes {
        while let Some((_, sequence, earlier)) =
            accepted.next_if(|(order, _, _)| *order < publish.called.order)
        {
            if highest.is_none_or(|(highest, _)| highest < sequence) {
                highest = Some((sequence, earlier));
            }
        }
        let (Some((highest, earlier)), Some((_, sequence, _))) = (highest, publish.stored()) else {
            continue;
        };
        if sequence <= highest {
            let detail = format!("sequence {sequence} was given after {highest}");
            return Some((detail, &of_publish(earlier) | &of_publish(publish)));
        }
    }
    None
}

/// The publishes with an id, by stream and id, in the order of the calls.
fn by_id<'r, 'a>(records: &'r Records<'a>) -> HashMap<(StreamLife, &'a str), Vec<&'r Publish<'a>>> {
    let mut by_id: HashMap<_, Vec<_>> = HashMap::new();
    for publish in &records.publishes {
        if let (Some(stream), Some(id)) = (publish.stream, publish.id()) {
            by_id.entry((stream, id)).or_default().push(publish);
        }
    }
    by_id
}

fn window(records: &Records<'_>, stream: StreamLife) -> Option<Duration> {
    let config = records.streams.get(stream)?.config?;
    Some(config.effective_duplicate_window())
}

pub(super) fn stored_once(records: &Records<'_>) -> Found {
    let mut found = Found::new();
    for ((stream, id), publishes) in by_id(records) {
        let Some(window) = window(records, stream) else {
            continue;
        };
        let stored: Vec<_> =
            publishes.iter().filter_map(|publish| Some((*publish, publish.stored()?.2))).collect();
        for pair in stored.windows(2) {
            let [(first, first_ended), (second, second_ended)] = pair else {
                continue;
            };
            // Both were stored between the first call and the last answer.
            let apart = first_ended.at.max(second_ended.at).saturating_sub(first.called.at);
            if apart < window {
                let detail = format!("id `{id}` was stored twice within {apart:?}; the window is {window:?}");
                found.push((detail, &of_publish(first) | &of_publish(second)));
            }
        }
    }
    found
}

pub(super) fn duplicate_is_known(records: &Records<'_>) -> Found {
    let mut found = Found::new();
    for ((stream, id), publishes) in by_id(records) {
        let window = window(records, stream);
        for publish in publishes.iter().filter(|publish| publish.stored().is_none()) {
            let Some((_, Published::Duplicate { sequence: Some(sequence), .. })) = publish.ended else {
                continue;
            };
            let original =
                records.stored.get(&(stream, *sequence)).and_then(|place| records.publishes.get(*place));
            match original {
                Some(original) if original.id() == Some(id) => {
                    let ended = original.ended.map_or(Duration::ZERO, |(point, _)| point.at);
                    let apart = publish.called.at.saturating_sub(ended);
                    if window.is_some_and(|window| apart > window + FORGETTING) {
                        let detail = format!("id `{id}` was called a duplicate {apart:?} after the first");
                        found.push((detail, &of_publish(original) | &of_publish(publish)));
                    }
                }
                Some(original) => {
                    let detail = format!(
                        "id `{id}` was called a duplicate of sequence {sequence}, which has another id"
                    );
                    found.push((detail, &of_publish(original) | &of_publish(publish)));
                }
                None => {
                    // The first may have lost its receipt.
                    let lost = |other: &Publish<'_>| other.id() == Some(id) && other.may_be_stored();
                    if !records.publishes.iter().any(lost) {
                        let detail = format!(
                            "id `{id}` was called a duplicate of sequence {sequence}, which nobody published"
                        );
                        found.push((detail, of_publish(publish)));
                    }
                }
            }
        }
    }
    found
}
