//! Where what is given up goes, and whether it comes back.

use std::collections::BTreeSet;
use std::time::Duration;

use pubsub_core::worker::DeadLetters;
use pubsub_core::{Retention, Storage, StreamName, SubjectFilter};

use super::{Findings, Mistake, place};
use crate::plans::{ConsumerPlan, StreamPlan};
use crate::topology::Topology;

const DAY: Duration = Duration::from_secs(86_400);

pub(super) fn check(topology: &Topology, findings: &mut Findings) {
    let mut letters_of: BTreeSet<&StreamName> = BTreeSet::new();
    for stream in &topology.streams {
        for consumer in &stream.consumers {
            let Some(wanted) = &consumer.dead_letters else { continue };
            let Some(letters) = topology.stream(wanted.as_ref()) else {
                let message = format!("its dead letters go to the stream `{wanted}`, which is not declared");
                let remedy = "declare it, with a subject of its own such as dead_letters.>";
                findings.consumer(stream, consumer, Mistake::DeadLettersMissing, message, remedy);
                continue;
            };
            letters_of.insert(&letters.config.name);
            if let Some(path) = way_back(topology, stream, consumer) {
                let message = format!("what it gives up comes back to it: {}", path.join(" -> "));
                let remedy = "keep dead letters in a stream that none of these consumers reads";
                findings.consumer(stream, consumer, Mistake::DeadLettersLoop, message, remedy);
            }
        }
    }
    for letters in letters_of.into_iter().filter_map(|name| topology.stream(name.as_ref())) {
        kept(letters, findings);
    }
}

fn kept(letters: &StreamPlan, findings: &mut Findings) {
    let config = &letters.config;
    if DeadLetters::with_stream(config.clone()).is_err() {
        let message = "it keeps dead letters, and has no first subject that ends with `.>`";
        let remedy = "give it one of its own, such as dead_letters.>";
        findings.stream(letters, Mistake::DeadLettersSubject, message, remedy);
    }
    if config.retention == Retention::Interest && letters.consumers.is_empty() {
        let message = "it keeps dead letters only for consumers, and has none: they are dropped";
        let remedy = "set retention = \"limits\"";
        findings.stream(letters, Mistake::DeadLettersDropped, message, remedy);
    }
    if config.storage == Storage::Memory || config.max_age.at().is_some_and(|age| age < DAY) {
        let message = "it keeps dead letters in the broker's memory, or for less than a day";
        let remedy = "keep them in a file, for as long as somebody needs to look at them, such as 30d";
        findings.stream(letters, Mistake::DeadLettersForgotten, message, remedy);
    }
}

/// The consumers by which a dead letter of this one comes to it again, if it does: each gives up what the one before gave up.
fn way_back(topology: &Topology, stream: &StreamPlan, consumer: &ConsumerPlan) -> Option<Vec<String>> {
    let start = place(stream, consumer);
    let mut ways = vec![(stream, consumer, vec![start.clone()])];
    let mut seen = BTreeSet::new();
    while let Some((from, giving_up, path)) = ways.pop() {
        let Some(letters) = giving_up.dead_letters.as_ref().and_then(|name| topology.stream(name.as_ref()))
        else {
            continue;
        };
        // A letter is stored under the first subject, with the stream and the consumer that gave it up.
        let root = letters.config.subjects.first().and_then(|subject| subject.as_str().strip_suffix(".>"));
        let Some(subject) = root.and_then(|root| {
            SubjectFilter::new(format!("{root}.{}.{}", from.config.name, super::name(giving_up))).ok()
        }) else {
            continue;
        };
        for reader in &letters.consumers {
            let filters = &reader.config.filters;
            if !filters.is_empty() && !filters.iter().any(|filter| filter.overlaps(&subject)) {
                continue;
            }
            let at = place(letters, reader);
            let path = [&path[..], std::slice::from_ref(&at)].concat();
            if at == start {
                return Some(path);
            }
            if seen.insert(at) {
                ways.push((letters, reader, path));
            }
        }
    }
    None
}
