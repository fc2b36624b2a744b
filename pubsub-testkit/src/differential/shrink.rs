//! From a long sequence that differs to a short one: [`shrink`].

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::lane::{Difference, Lane, Verdict};
use super::sequence::Sequence;

/// Nobody waits longer for a shorter sequence.
const LIMIT: Duration = Duration::from_secs(75);

/// Leaves out operations, in ever smaller parts (delta debugging), and then what is in them, as long as the two sides
/// still differ. All lanes try at once.
pub(super) fn shrink(
    lanes: &[Lane<'_>],
    sequence: &Sequence,
    difference: Difference,
) -> (Sequence, Difference) {
    let give_up = Instant::now() + LIMIT;
    let mut best = cut(sequence, difference);
    let mut parts = 2;
    while Instant::now() < give_up {
        let length = best.0.operations.len();
        let size = length.div_ceil(parts).max(1);
        // The one that shows the difference stays, unless that is the look at the end.
        let can_go = best.1.at.min(length);
        let starts = (0..can_go).step_by(size).rev();
        let candidates: Vec<Sequence> = starts
            .map(|start| {
                let end = (start + size).min(can_go);
                let left = best.0.operations.iter().enumerate().filter(|(at, _)| !(start..end).contains(at));
                best.0.with_operations(left.map(|(_, operation)| Arc::clone(operation)).collect())
            })
            .collect();
        match first_different(lanes, &candidates, give_up) {
            Some(smaller) => {
                best = smaller;
                parts = parts.saturating_sub(1).max(2);
            }
            None if size == 1 => break,
            None => parts *= 2,
        }
    }
    while Instant::now() < give_up {
        let candidates = simpler(&best.0);
        match first_different(lanes, &candidates, give_up) {
            Some(smaller) => best = smaller,
            None => break,
        }
    }
    best
}

/// What comes after the difference does not matter.
fn cut(sequence: &Sequence, difference: Difference) -> (Sequence, Difference) {
    let mut operations = sequence.operations.clone();
    operations.truncate(difference.at + 1);
    (sequence.with_operations(operations), difference)
}

/// The sequence with one operation simpler than it is, or without being watched, each way once.
fn simpler(sequence: &Sequence) -> Vec<Sequence> {
    let mut candidates = Vec::new();
    if sequence.is_watched {
        candidates.push(Sequence { is_watched: false, ..sequence.clone() });
    }
    for (at, operation) in sequence.operations.iter().enumerate() {
        for simpler in operation.simpler() {
            let mut operations = sequence.operations.clone();
            if let Some(place) = operations.get_mut(at) {
                *place = simpler;
            }
            candidates.push(sequence.with_operations(operations));
        }
    }
    candidates
}

/// The first candidate that still differs, each tried once on some lane.
fn first_different(
    lanes: &[Lane<'_>],
    candidates: &[Sequence],
    give_up: Instant,
) -> Option<(Sequence, Difference)> {
    for group in candidates.chunks(lanes.len().max(1)) {
        if Instant::now() >= give_up {
            return None;
        }
        let verdicts: Vec<Option<Verdict>> = thread::scope(|scope| {
            let runs: Vec<_> = group
                .iter()
                .zip(lanes)
                .map(|(candidate, lane)| scope.spawn(|| lane.run(candidate)))
                .collect();
            runs.into_iter().map(|run| run.join().ok()).collect()
        });
        let found = group.iter().zip(verdicts).find_map(|(candidate, verdict)| match verdict {
            Some(Verdict::Different(difference)) => Some((candidate, difference)),
            _ => None,
        });
        // Once more, so that a stumble of the machine is not followed.
        if let Some((candidate, _)) = found
            && let Some(lane) = lanes.first()
            && let Verdict::Different(difference) = lane.run(candidate)
        {
            return Some(cut(candidate, difference));
        }
    }
    None
}
