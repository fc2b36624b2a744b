//! Handler runs that go wrong on purpose.

use fastrand::Rng;

use crate::ride_sharing::service::fnv1a;
use crate::ride_sharing::topology::MAX_DELIVER;

/// How a handler run goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// It returns an error: the delivery is nakked with a delay.
    Fail,
    /// It takes longer than the ack wait: the message is delivered again meanwhile.
    Hang,
    /// It panics: the delivery is dropped unsettled and comes again after the ack wait.
    Crash,
}

/// What goes wrong, and whether before the work is done or after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) kind: FaultKind,
    pub(super) after_work: bool,
}

/// Draws faults. A draw depends on seed, consumer, message and attempt alone, not on which instance runs when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Faults {
    percent: u8,
    seed: u64,
}

impl Faults {
    pub(super) fn new(percent: u8, seed: u64) -> Self {
        Self { percent, seed }
    }

    /// The fault of this run, if any. The last attempt has none: what fails then is lost by configuration, and the
    /// proof is about what is lost by mistake.
    pub(super) fn draw(self, consumer: &str, id: &str, attempt: u64) -> Option<Fault> {
        if attempt >= u64::from(MAX_DELIVER) {
            return None;
        }
        let mut random = Rng::with_seed(fnv1a(&format!("{} {consumer} {id} {attempt}", self.seed)));
        if random.u8(0..100) >= self.percent {
            return None;
        }
        let kind = match random.u8(0..3) {
            0 => FaultKind::Fail,
            1 => FaultKind::Hang,
            _ => FaultKind::Crash,
        };
        Some(Fault { kind, after_work: random.bool() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(percent: u8, seed: u64, attempt: u64) -> Vec<Option<Fault>> {
        let faults = Faults::new(percent, seed);
        (0..1_000).map(|id| faults.draw("match_accepted_rides", &format!("a-{id}"), attempt)).collect()
    }

    #[test]
    fn the_same_seed_draws_the_same_faults() {
        assert_eq!(drawn(30, 1, 1), drawn(30, 1, 1));
        assert_ne!(drawn(30, 1, 1), drawn(30, 2, 1));
    }

    #[test]
    fn the_share_is_about_as_asked_and_every_kind_occurs() {
        let faults: Vec<Fault> = drawn(30, 1, 1).into_iter().flatten().collect();
        assert!((250..350).contains(&faults.len()), "{}", faults.len());
        for kind in [FaultKind::Fail, FaultKind::Hang, FaultKind::Crash] {
            for after_work in [false, true] {
                assert!(faults.contains(&Fault { kind, after_work }));
            }
        }
    }

    #[test]
    fn none_and_all_are_exact() {
        assert!(drawn(0, 1, 1).iter().all(Option::is_none));
        assert!(drawn(100, 1, 4).iter().all(Option::is_some));
    }

    #[test]
    fn the_last_attempt_has_no_fault() {
        assert!(drawn(100, 1, 5).iter().all(Option::is_none));
    }
}
