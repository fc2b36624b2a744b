//! Row 18: from a subject to those who want it, among 10,000 filters. A micro-benchmark of the backend's own source.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use pubsub_core::{Subject, SubjectFilter};

use crate::Result;
use crate::row::{Claim, Metric, Row};
use crate::sample::Sample;

#[path = "../../../../pubsub-memory/src/subject_trie.rs"]
#[allow(dead_code, reason = "the backend uses all of it")]
mod subject_trie;

#[path = "../../../../pubsub-memory/src/subject_memo.rs"]
#[allow(dead_code, reason = "the backend uses all of it")]
mod subject_memo;

use subject_memo::SubjectMemo;
use subject_trie::SubjectTrie;

const FILTERS: usize = 10_000;
const HIT: &str = "memo hit";
const MISS: &str = "trie (memo miss)";

pub(super) fn row_18() -> Row {
    Row::new("18", "mem.matching", "10,000 filters: 90 % literal, 8 % with `*`, 2 % with `>`", 500_000)
        .run(HIT, |messages| async move { hit(messages) })
        .run(MISS, |messages| async move { miss(messages) })
        .claim(Claim::absolute(Metric::Time, HIT, 60.0, 25.0))
        .claim(Claim::absolute(Metric::Time, MISS, 400.0, 150.0))
}

/// As a publish finds who wants its subject: 16 subjects that come again and again.
fn hit(messages: u64) -> Result<Sample> {
    let mut memo = SubjectMemo::default();
    let subjects: Vec<Subject> =
        (0..FILTERS).map(subject).map(Subject::new).collect::<pubsub_core::Result<_>>()?;
    for (number, subject) in subjects.iter().enumerate() {
        memo.insert(subject.clone(), Arc::<[usize]>::from([number]), 1);
    }
    let begun = Instant::now();
    for subject in subjects.iter().step_by(FILTERS / 16).cycle().take(usize::try_from(messages)?) {
        black_box(memo.get(subject).map(Arc::clone));
    }
    Ok(Sample::of_time(messages, begun.elapsed()))
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
