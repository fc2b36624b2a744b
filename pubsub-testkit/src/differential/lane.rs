//! Both sides in step: [`Lane`].

use std::sync::Arc;
use std::time::Duration;

use pubsub_core::Result;

use super::grid::{BUDGET, CALM, TICK};
use super::observation::Observation;
use super::operation::{Audit, Operation, Pace};
use super::sequence::Sequence;
use super::side::Side;
use super::tally::Tally;
use crate::harness::Harness;

/// For how long the reference is asked again for counters that it has not brought up to date yet.
const PATIENCE: u32 = 20;
const AGAIN: Duration = Duration::from_millis(4);

/// Makes a fresh, empty subject for each sequence.
pub(super) type MakeSubject<'a> = &'a (dyn Fn() -> Result<Arc<dyn Harness>> + Sync);

/// One reference store, on which one sequence after the other runs.
pub(super) struct Lane<'a> {
    pub(super) reference: Arc<dyn Harness>,
    pub(super) subject: MakeSubject<'a>,
}

/// What came of one sequence.
#[derive(Debug)]
pub(super) enum Verdict {
    Same(Tally),
    Different(Difference),
    /// It cannot be judged, and why.
    Discarded(String),
}

/// Where two sides differ.
#[derive(Debug, Clone)]
pub(super) struct Difference {
    /// Which operation, from 0; one past the last for the look at the end.
    pub(super) at: usize,
    pub(super) reference: Observation,
    pub(super) subject: Observation,
    /// What both showed before.
    pub(super) before: Vec<Observation>,
}

impl Lane<'_> {
    pub(super) fn run(&self, sequence: &Sequence) -> Verdict {
        match self.try_run(sequence) {
            Ok(verdict) => verdict,
            Err(error) => Verdict::Discarded(format!("a side cannot be used: {error}")),
        }
    }

    fn try_run(&self, sequence: &Sequence) -> Result<Verdict> {
        let mut pair = Pair::begin(&self.reference, &(self.subject)()?)?;
        let verdict = pair.run(sequence);
        pair.reference.end()?;
        pair.subject.end()?;
        Ok(verdict)
    }
}

struct Pair {
    reference: Side,
    subject: Side,
    point: u32,
}

impl Pair {
    fn begin(reference: &Arc<dyn Harness>, subject: &Arc<dyn Harness>) -> Result<Self> {
        let reference = Side::begin(reference, None)?;
        let subject = Side::begin(subject, Some(&reference))?;
        Ok(Self { reference, subject, point: 0 })
    }

    fn run(&mut self, sequence: &Sequence) -> Verdict {
        let mut tally = Tally::default();
        let mut seen = Vec::with_capacity(sequence.operations.len());
        for (at, operation) in sequence.operations.iter().enumerate() {
            let operation = operation.as_ref();
            self.keep_pace(operation);
            let (mut reference, mut subject) = self.apply(operation);
            let waited = operation.pace() == Pace::Waits;
            if self.reference.since_point() > if waited { TICK - CALM / 2 } else { BUDGET } {
                return Verdict::Discarded(format!("`{}` took too long", operation.kind()));
            }
            if sequence.is_watched && !waited && reference.lines == subject.lines {
                let (one, other) = self.apply(&Audit { is_thorough: false });
                reference.lines.extend(one.lines);
                subject.lines.extend(other.lines);
            }
            if reference.lines != subject.lines {
                return Verdict::Different(Difference { at, reference, subject, before: seen });
            }
            tally.count(operation.kind(), &reference);
            seen.push(reference);
            if matches!(operation.pace(), Pace::EndsBurst | Pace::Waits) {
                self.point += 1;
            }
        }
        self.look_at_everything(seen, tally)
    }

    fn look_at_everything(&mut self, seen: Vec<Observation>, tally: Tally) -> Verdict {
        let audit = Audit { is_thorough: true };
        self.keep_pace(&audit);
        let (reference, subject) = self.apply(&audit);
        if self.reference.since_point() > BUDGET {
            return Verdict::Discarded("the look at the end took too long".to_owned());
        }
        if reference == subject {
            Verdict::Same(tally)
        } else {
            Verdict::Different(Difference { at: seen.len(), reference, subject, before: seen })
        }
    }

    /// Goes to the next point if this burst is over.
    fn keep_pace(&mut self, operation: &dyn Operation) {
        if let Pace::Passes(ticks) = operation.pace() {
            self.point += ticks;
        } else if self.reference.since_point() > CALM {
            self.point += 1;
        }
        self.reference.go_to(self.point);
        self.subject.go_to(self.point);
    }

    fn apply(&mut self, operation: &dyn Operation) -> (Observation, Observation) {
        let mut reference = self.reference.apply(operation);
        let subject = self.subject.apply(operation);
        if operation.pace() == Pace::Reads {
            for _ in 0..PATIENCE {
                if reference == subject {
                    break;
                }
                self.reference.pause(AGAIN);
                reference = self.reference.apply(operation);
            }
        }
        (reference, subject)
    }
}
