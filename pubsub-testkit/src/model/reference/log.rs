//! The messages of the stream: [`Log`].

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Facts, Span};

/// How long after its window a broker may still know an id: it forgets in sweeps.
const FORGETTING: Duration = Duration::from_secs(1);

/// How a publish is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::model) enum Answer {
    Stored(u64),
    Duplicate(u64),
    Refused,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Remembered {
    publish: usize,
    sequence: u64,
    stored: Span,
}

/// What is stored, and which ids are known.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(in crate::model) struct Log {
    last: u64,
    /// The publish at each sequence.
    kept: BTreeMap<u64, usize>,
    ids: Vec<Remembered>,
}

impl Log {
    pub(in crate::model) fn last(&self) -> u64 {
        self.last
    }

    pub(in crate::model) fn len(&self) -> usize {
        self.kept.len()
    }

    pub(super) fn kept(&self, sequence: u64) -> Option<usize> {
        self.kept.get(&sequence).copied()
    }

    /// The messages from a sequence on, each with its publish.
    pub(in crate::model) fn from(&self, first: u64) -> impl Iterator<Item = (u64, usize)> {
        self.kept.range(first..).map(|(sequence, publish)| (*sequence, *publish))
    }

    pub(super) fn remove(&mut self, sequence: u64) {
        self.kept.remove(&sequence);
    }

    /// What a publish may be answered. `wanted` says whether there is a reason to keep it.
    pub(super) fn store(
        &self,
        facts: &Facts,
        publish: usize,
        span: Span,
        wanted: bool,
    ) -> Vec<(Answer, Self)> {
        let window = facts.window();
        let known = facts
            .id(publish)
            .and_then(|id| self.ids.iter().rev().find(|remembered| facts.id(remembered.publish) == Some(id)));
        let mut answers = Vec::new();
        let mut may_be_new = true;
        if let Some(known) = known {
            may_be_new = span.to.saturating_sub(known.stored.from) >= window;
            if span.from.saturating_sub(known.stored.to) <= window + FORGETTING {
                answers.push((Answer::Duplicate(known.sequence), self.clone()));
            }
        }
        if may_be_new {
            answers.push(self.store_new(facts, publish, span, wanted));
        }
        answers
    }

    fn store_new(&self, facts: &Facts, publish: usize, span: Span, wanted: bool) -> (Answer, Self) {
        let mut log = self.clone();
        if let Some((most, refuses)) = facts.limit()
            && self.kept.len() as u64 >= most
        {
            if refuses {
                return (Answer::Refused, log);
            }
            log.kept.pop_first();
        }
        log.last += 1;
        if wanted {
            log.kept.insert(log.last, publish);
        }
        if facts.id(publish).is_some() {
            log.ids.push(Remembered { publish, sequence: log.last, stored: span });
        }
        (Answer::Stored(log.last), log)
    }
}
