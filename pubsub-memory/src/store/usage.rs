//! How much all streams of one store hold: [`Usage`].

use std::sync::atomic::{AtomicU64, Ordering};

use crate::config::MemoryConfig;

/// What the streams hold together. Each adds what it stores before it does so, and takes off what has left at the end of
/// the operation, so that the bounds hold at every moment.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    messages: AtomicU64,
    bytes: AtomicU64,
}

impl Usage {
    /// Adds one message of so many bytes, if it is within the bounds. Returns the bound that it breaks otherwise.
    pub(crate) fn reserve(&self, bytes: u64, bounds: &MemoryConfig) -> Result<(), (&'static str, u64)> {
        if !add(&self.messages, 1, bounds.max_messages) {
            return Err(("max_messages", bounds.max_messages));
        }
        if !add(&self.bytes, bytes, bounds.max_bytes) {
            self.messages.fetch_sub(1, Ordering::Relaxed);
            return Err(("max_bytes", bounds.max_bytes));
        }
        Ok(())
    }

    /// Adds what there is already, whatever the bounds.
    pub(crate) fn add(&self, messages: u64, bytes: u64) {
        self.messages.fetch_add(messages, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Takes off what has left.
    pub(crate) fn release(&self, messages: u64, bytes: u64) {
        self.messages.fetch_sub(messages, Ordering::Relaxed);
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// Adds, and takes it back if that was too much. Two that come at once for the last room may both be refused.
fn add(count: &AtomicU64, more: u64, limit: u64) -> bool {
    let before = count.fetch_add(more, Ordering::Relaxed);
    let fits = before.checked_add(more).is_some_and(|after| after <= limit);
    if !fits {
        count.fetch_sub(more, Ordering::Relaxed);
    }
    fits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_takes_no_room() {
        let bounds = MemoryConfig::default().with_max_messages(2).with_max_bytes(100);
        let usage = Usage::default();
        assert_eq!(usage.reserve(60, &bounds), Ok(()));
        assert_eq!(usage.reserve(41, &bounds), Err(("max_bytes", 100)));
        assert_eq!(usage.reserve(40, &bounds), Ok(()));
        assert_eq!(usage.reserve(0, &bounds), Err(("max_messages", 2)));
        usage.release(1, 60);
        assert_eq!(usage.reserve(60, &bounds), Ok(()));
    }
}
