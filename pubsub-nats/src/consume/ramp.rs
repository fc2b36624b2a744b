//! Careful pulls after a broken connection: [`Ramp`].

use std::sync::atomic::{AtomicUsize, Ordering};

const OPEN: usize = usize::MAX;

/// Bounds the next pulls of a consumer after its connection broke: one message, then two, four and so on.
///
/// A message that async-nats cannot read breaks the connection, and takes all messages of the same burst with it. Pulled
/// one by one, those around it pass before their attempts are used up.
#[derive(Debug)]
pub(super) struct Ramp(AtomicUsize);

impl Ramp {
    pub(super) const fn new() -> Self {
        Self(AtomicUsize::new(OPEN))
    }

    /// The connection broke while a pull was open.
    pub(super) fn broken(&self) {
        self.0.store(1, Ordering::Relaxed);
    }

    /// A message arrived.
    pub(super) fn delivered(&self) {
        let bound = self.0.load(Ordering::Relaxed);
        if bound != OPEN {
            // Above what one pull may ask for, there is no bound any more. A race loses a step, nothing more.
            let next = if bound > 10_000 { OPEN } else { bound * 2 };
            self.0.store(next, Ordering::Relaxed);
        }
    }

    pub(super) fn bound(&self, wanted: usize) -> usize {
        wanted.min(self.0.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pulls_grow_again_from_one_after_a_break() {
        let ramp = Ramp::new();
        assert_eq!(ramp.bound(100), 100);
        ramp.broken();
        let mut bounds = Vec::new();
        for _ in 0..8 {
            bounds.push(ramp.bound(100));
            ramp.delivered();
        }
        assert_eq!(bounds, [1, 2, 4, 8, 16, 32, 64, 100]);
        (0..20).for_each(|_| ramp.delivered());
        assert_eq!(ramp.bound(OPEN), OPEN);
    }
}
