//! Row 18: from a subject to those who want it, among 10,000 filters. A micro-benchmark of the backend's own source.

use std::hint::black_box;
use std::time::Instant;

use pubsub_core::SubjectFilter;

use crate::Result;
use crate::row::{Claim, Metric, Row};
use crate::sample::Sample;

#[path = "../../../../pubsub-memory/src/subject_trie.rs"]
#[allow(dead_code, reason = "the backend uses all of it")]
mod subject_trie;

use subject_trie::SubjectTrie;

const FILTERS: usize = 10_000;
const MISS: &str = "trie (memo miss)";

pub(super) fn row_18() -> Row {
    Row::new("18", "mem.matching", "10,000 filters: 90 % literal, 8 % with `*`, 2 % with `>`", 500_000)
        .run(MISS, |messages| async move { miss(messages) })
        .claim(Claim::absolute(Metric::Time, MISS, 400.0, 150.0))
}

fn miss(messages: u64) -> Result<Sample> {
    let mut trie = SubjectTrie::default();
    for number in 0..FILTERS {
        trie.insert(&SubjectFilter::new(filter(number))?, number);
    }
    let subjects: Vec<String> = (0..FILTERS).map(subject).collect();
    let begun = Instant::now();
    for subject in subjects.iter().cycle().take(usize::try_from(messages)?) {
        let mut found = 0;
        trie.visit(subject, &mut |_| found += 1);
        black_box(found);
    }
    Ok(Sample::of_time(messages, begun.elapsed()))
}

fn filter(number: usize) -> String {
    let (region, token) = (number / 100, number % 100);
    match number % 100 {
        0..8 => format!("region{region}.*.token{token}"),
        8..10 => format!("region{region}.kind{token}.>"),
        _ => subject(number),
    }
}

fn subject(number: usize) -> String {
    let (region, token) = (number / 100, number % 100);
    format!("region{region}.kind{token}.token{token}")
}
