//! Handler runs that go wrong on purpose: [`Faults`].

use std::future::pending;
use std::sync::Arc;

use fastrand::Rng;
use futures::future::BoxFuture;
use pubsub::worker::{Incoming, IntoResponse as _, Next, Response, RouteLayer};
use pubsub::{Error, ErrorKind, Result};

use crate::ride_sharing::report::RouteTally;
use crate::ride_sharing::service::{Event, fnv1a};
use crate::ride_sharing::topology::MAX_ATTEMPTS;

/// How a handler run goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// It returns an error.
    Fail,
    /// It takes longer than its deadline.
    Hang,
    /// It panics.
    Crash,
}

/// What goes wrong, and whether before the work is done or after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fault {
    kind: FaultKind,
    after_work: bool,
}

/// A layer that makes some runs of the handlers below it fail. Which ones depends on seed, consumer, message and attempt
/// alone, not on which instance runs when.
#[derive(Debug)]
pub(super) struct Faults {
    percent: u8,
    seed: u64,
    tally: Arc<RouteTally>,
}

impl Faults {
    pub(super) fn new(percent: u8, seed: u64, tally: Arc<RouteTally>) -> Self {
        Self { percent, seed, tally }
    }

    /// The fault of this run, if any. The last attempt has none: what fails then goes to the dead letters, and the
    /// proof is about what is lost by mistake.
    fn draw(&self, id: &str, attempt: u64) -> Option<Fault> {
        if attempt >= u64::from(MAX_ATTEMPTS) {
            return None;
        }
        let consumer = self.tally.consumer();
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

impl RouteLayer for Faults {
    fn call(&self, incoming: &Incoming<'_>, next: Next<'_>) -> BoxFuture<'static, Response> {
        let message = incoming.message();
        let fault = self.draw(&Event::id_of(message.headers(), message.info()), incoming.attempt());
        let running = next.run(incoming);
        let Some(Fault { kind, after_work }) = fault else { return running };
        self.tally.fault(kind);
        Box::pin(async move {
            if after_work {
                // What follows is stored by then, and the event is not acknowledged.
                return running.await.when_stored(kind.strike());
            }
            match kind.strike().await {
                Ok(()) => running.await,
                Err(error) => Err::<(), _>(error).into_response(),
            }
        })
    }
}

impl FaultKind {
    async fn strike(self) -> Result<()> {
        match self {
            Self::Fail => Err(Error::new(ErrorKind::Unavailable, "a failure on purpose")),
            Self::Hang => pending().await,
            // A panic, without the panic hook's report on standard error.
            Self::Crash => std::panic::resume_unwind(Box::new("a crash on purpose")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(percent: u8, seed: u64, attempt: u64) -> Vec<Option<Fault>> {
        let tally = Arc::new(RouteTally::new("match_accepted_rides".to_owned()));
        let faults = Faults::new(percent, seed, tally);
        (0..1_000).map(|id| faults.draw(&format!("a-{id}"), attempt)).collect()
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
