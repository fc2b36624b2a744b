//! Whether this client may settle what a consumer delivers: [`Settling`].

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use pubsub_core::{Error, ErrorKind, Result};

use crate::connection::SETTLEMENTS;

/// What the server has said of a consumer's settlements.
#[derive(Debug, Default)]
pub(crate) struct Settling {
    /// The epoch in which one was let through, and one more; 0 for none.
    proven: AtomicU64,
    /// The same of one that was not answered.
    silent: AtomicU64,
    refused: AtomicBool,
}

impl Settling {
    /// Whether nothing would be learnt by asking: one was let through since anything has changed, or was not answered. A refusal
    /// that is told later is a change.
    pub(crate) fn has_asked(&self, epoch: u64) -> bool {
        self.is_proven(epoch) || self.silent.load(Ordering::Relaxed) == epoch.wrapping_add(1)
    }

    /// Notes that one which was begun in this epoch was handed over and not answered.
    pub(crate) fn note_silence(&self, epoch: u64) {
        self.silent.store(epoch.wrapping_add(1), Ordering::Relaxed);
    }

    fn is_proven(&self, epoch: u64) -> bool {
        self.proven.load(Ordering::Relaxed) == epoch.wrapping_add(1)
    }

    /// Takes in how the server has answered one that was begun in this epoch.
    pub(crate) fn note(&self, epoch: u64, answer: Result<()>) -> Result<()> {
        match &answer {
            Ok(()) => {
                // What was begun before the last change says nothing of what holds now.
                if self.proven.fetch_max(epoch.wrapping_add(1), Ordering::Relaxed) <= epoch.wrapping_add(1) {
                    self.refused.store(false, Ordering::Relaxed);
                }
            }
            Err(error) if is_forbidden(error) => self.refused.store(true, Ordering::Relaxed),
            Err(_) => {}
        }
        answer
    }

    /// Whether the last one that was answered was forbidden.
    pub(super) fn is_refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }
}

/// Whether it was the settlement's subject, and not this client that was refused.
fn is_forbidden(error: &Error) -> bool {
    error.kind() == ErrorKind::PermissionDenied
        && !error.is_effect_unknown()
        && error.context("subject").is_some_and(|subject| subject.starts_with(SETTLEMENTS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_let_through_holds_until_something_changes() {
        let settling = Settling::default();
        assert!(!settling.is_proven(0) && !settling.is_refused());
        settling.note(0, Ok(())).unwrap();
        assert!(settling.is_proven(0) && !settling.is_proven(1));
    }

    #[test]
    fn silence_is_asked_once_until_something_changes() {
        let settling = Settling::default();
        assert!(!settling.has_asked(2));
        settling.note_silence(2);
        assert!(settling.has_asked(2) && !settling.is_proven(2) && !settling.has_asked(3));
    }

    #[test]
    fn a_refusal_holds_until_one_is_let_through() {
        let settling = Settling::default();
        let refused = |subject: &str| {
            Err(Error::new(ErrorKind::PermissionDenied, "no").with_context("subject", subject))
        };
        assert!(settling.note(3, refused("_INBOX.x.*")).is_err() && !settling.is_refused());
        assert!(settling.note(3, refused("$JS.ACK.RIDE.users.1.1.1.1.0")).is_err() && settling.is_refused());
        let late = settling.note(3, Err(Error::new(ErrorKind::Timeout, "late")));
        assert!(late.is_err() && settling.is_refused() && !settling.is_proven(3));
        settling.note(4, Ok(())).unwrap();
        assert!(!settling.is_refused() && settling.is_proven(4));
    }
}
