//! Why a lost connection does not come back: [`Outage`].

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pubsub_core::{Error, ErrorKind};
use tokio::time::Instant;

/// How long a server must refuse before calls are told: credentials that are exchanged, or one of several servers, may be
/// behind for a moment.
const SETTLED: Duration = Duration::from_millis(500);
/// A refusal that was not repeated for so long is over, whatever the connection does.
const FORGOTTEN: Duration = Duration::from_secs(5);
/// The cause of what async-nats only calls an I/O error is looked for this often, and no sooner after the loss than
/// `SETTLED`.
const LOOK: Duration = Duration::from_secs(1);

/// What is known of the time since a connection was lost.
#[derive(Debug, Default)]
pub(super) struct Outage(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    since: Option<Instant>,
    looked: Option<Instant>,
    refusal: Option<Refusal>,
}

#[derive(Debug)]
struct Refusal {
    error: Error,
    first: Instant,
    last: Instant,
}

/// What a refusal means, after those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused {
    /// Whether none came before it.
    pub(super) is_new: bool,
    /// Whether calls should be told.
    pub(super) is_certain: bool,
}

impl Outage {
    pub(super) fn begin(&self) {
        let mut state = self.lock();
        *state = State { since: Some(Instant::now()), ..State::default() };
    }

    pub(super) fn end(&self) {
        *self.lock() = State::default();
    }

    /// Notes that a server refuses this client.
    pub(super) fn refused(&self, error: Error) -> Refused {
        let mut state = self.lock();
        let now = Instant::now();
        let known = state.refusal.as_ref().filter(|refusal| refusal.last.elapsed() < FORGOTTEN);
        let first = known.map_or(now, |refusal| refusal.first);
        let is_new = known.is_none();
        state.refusal = Some(Refusal { error, first, last: now });
        Refused { is_new, is_certain: now.duration_since(first) >= SETTLED }
    }

    /// The refusal that keeps the connection from coming back, if that is it.
    pub(super) fn refusal(&self) -> Option<Error> {
        let state = self.lock();
        let refusal = state.refusal.as_ref()?;
        let certain = refusal.first.elapsed() >= SETTLED && refusal.last.elapsed() < FORGOTTEN;
        certain.then(|| again(&refusal.error))
    }

    /// Whether the cause should be looked for now.
    pub(super) fn wants_look(&self) -> bool {
        let mut state = self.lock();
        let Some(since) = state.since else { return false };
        let due =
            since.elapsed() >= SETTLED / 2 && state.looked.is_none_or(|looked| looked.elapsed() >= LOOK);
        if due {
            state.looked = Some(Instant::now());
        }
        due
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether an error says that this client is refused, not that there is no server now.
pub(super) fn is_refusal(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::Config)
}

/// The same error for another call.
fn again(error: &Error) -> Error {
    let again = Error::new(error.kind(), error.message().to_owned());
    let remedy = error.remedy().unwrap_or_default();
    again.with_remedy(format!("{remedy}; the connection is made by itself once this is right"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denied() -> Error {
        Error::new(ErrorKind::PermissionDenied, "no").with_remedy("fit")
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_counts_once_it_has_lasted_and_until_it_is_over() {
        let outage = Outage::default();
        outage.begin();
        assert_eq!(outage.refused(denied()), Refused { is_new: true, is_certain: false });
        assert!(outage.refusal().is_none());
        tokio::time::advance(SETTLED).await;
        assert_eq!(outage.refused(denied()), Refused { is_new: false, is_certain: true });
        let refusal = outage.refusal().unwrap();
        assert_eq!((refusal.kind(), refusal.message()), (ErrorKind::PermissionDenied, "no"));
        tokio::time::advance(FORGOTTEN).await;
        assert!(outage.refusal().is_none());
        assert_eq!(outage.refused(denied()), Refused { is_new: true, is_certain: false });
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_connection_ends_it() {
        let outage = Outage::default();
        outage.begin();
        outage.refused(denied());
        tokio::time::advance(SETTLED).await;
        outage.end();
        assert!(outage.refusal().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn the_cause_is_looked_for_now_and_then() {
        let outage = Outage::default();
        assert!(!outage.wants_look(), "nothing is lost");
        outage.begin();
        assert!(!outage.wants_look());
        tokio::time::advance(SETTLED).await;
        assert!(outage.wants_look() && !outage.wants_look());
        tokio::time::advance(LOOK).await;
        assert!(outage.wants_look());
    }
}
