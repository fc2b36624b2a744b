//! Message ids for those who gave none: [`FreshIds`].

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use pubsub_core::{MessageId, Result};

/// Ids that nobody else makes: 128 random bits of the operating system's, and a number that counts up.
#[derive(Debug)]
pub(crate) struct FreshIds {
    random: [u64; 2],
    made: AtomicU64,
}

impl FreshIds {
    pub(crate) fn new() -> Self {
        // Each state has random keys, and SipHash of a constant under them tells nobody which.
        let random = [RandomState::new().hash_one(0_u8), RandomState::new().hash_one(1_u8)];
        Self { random, made: AtomicU64::new(0) }
    }

    pub(crate) fn next(&self) -> Result<MessageId> {
        let [high, low] = self.random;
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        MessageId::new(format!("{high:016x}{low:016x}-{number:x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_are_alike() {
        let (one, other) = (FreshIds::new(), FreshIds::new());
        let ids = [one.next(), one.next(), other.next()].map(Result::unwrap);
        assert_ne!(ids[0], ids[1]);
        assert_ne!(ids[0], ids[2]);
    }
}
