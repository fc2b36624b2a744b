//! How much may be in flight: [`Window`].

use std::fmt;
use std::sync::Arc;

use tokio::sync::Semaphore;

/// Bounds what is published and not confirmed, by messages and by bytes. Whoever would exceed it waits, in the order of
/// asking.
pub(crate) struct Window {
    messages: Semaphore,
    bytes: Semaphore,
    max_messages: u32,
    max_bytes: u32,
}

/// The room of a message, or of several, in the window; dropping it gives the room back.
pub(crate) struct Reservation {
    window: Arc<Window>,
    count: u32,
    bytes: u32,
}

impl Window {
    pub(crate) fn new(messages: usize, bytes: u64) -> Arc<Self> {
        let max_bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        Arc::new(Self {
            messages: Semaphore::new(messages),
            // `usize` has at least 32 bits wherever tokio runs.
            bytes: Semaphore::new(usize::try_from(max_bytes).unwrap_or(usize::MAX)),
            max_messages: u32::try_from(messages).unwrap_or(u32::MAX),
            max_bytes,
        })
    }

    /// Waits for room. `None` never happens while the window is in use: nobody closes it.
    pub(super) async fn reserve(self: &Arc<Self>, bytes: usize) -> Option<Reservation> {
        self.reserve_many(1, bytes).await
    }

    /// Takes room if there is any, and nobody waits for it.
    pub(super) fn try_reserve(self: &Arc<Self>, bytes: usize) -> Option<Reservation> {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX).min(self.max_bytes);
        let message = self.messages.try_acquire().ok()?;
        let room = self.bytes.try_acquire_many(bytes).ok()?;
        message.forget();
        room.forget();
        Some(Reservation { window: Arc::clone(self), count: 1, bytes })
    }

    /// As [`reserve`](Self::reserve), for messages that go together.
    pub(super) async fn reserve_many(self: &Arc<Self>, messages: usize, bytes: usize) -> Option<Reservation> {
        // What is larger than the whole window takes it all, and so goes alone.
        let count = u32::try_from(messages).unwrap_or(u32::MAX).min(self.max_messages);
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX).min(self.max_bytes);
        let messages = self.messages.acquire_many(count).await.ok()?;
        let room = self.bytes.acquire_many(bytes).await.ok()?;
        messages.forget();
        room.forget();
        Some(Reservation { window: Arc::clone(self), count, bytes })
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.window.messages.add_permits(usize::try_from(self.count).unwrap_or(0));
        self.window.bytes.add_permits(usize::try_from(self.bytes).unwrap_or(0));
    }
}

impl fmt::Debug for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Window")
            .field("messages_free", &self.messages.available_permits())
            .field("bytes_free", &self.bytes.available_permits())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn room_is_taken_only_as_a_whole() {
        let window = Window::new(2, 100);
        let first = window.try_reserve(60).unwrap();
        assert!(window.try_reserve(60).is_none());
        let second = window.try_reserve(40).unwrap();
        assert!(window.try_reserve(0).is_none());
        drop((first, second));
        assert!(window.try_reserve(1_000).is_some(), "what is larger than all goes alone");
    }

    #[test]
    fn nobody_overtakes_who_waits() {
        let window = Window::new(10, 100);
        let held = window.try_reserve(60).unwrap();
        let mut waiting = Box::pin(window.reserve(80));
        assert!(waiting.as_mut().now_or_never().is_none());
        assert!(window.try_reserve(1).is_none());
        drop(held);
        assert!(waiting.now_or_never().flatten().is_some());
        assert!(window.try_reserve(1).is_some());
    }

    #[test]
    fn messages_are_bounded() {
        let window = Window::new(1, 100);
        let first = window.reserve(1).now_or_never();
        assert!(window.reserve(1).now_or_never().is_none());
        drop(first);
        assert!(window.reserve(1).now_or_never().is_some());
    }

    #[test]
    fn bytes_are_bounded_and_a_larger_message_goes_alone() {
        let window = Window::new(10, 100);
        let first = window.reserve(60).now_or_never();
        assert!(window.reserve(60).now_or_never().is_none());
        drop(first);
        let large = window.reserve(1_000_000).now_or_never();
        assert!(large.is_some());
        assert!(window.reserve(1).now_or_never().is_none());
    }

    #[test]
    fn what_goes_together_waits_for_room_for_all_of_it() {
        let window = Window::new(4, 100);
        let first = window.reserve(1).now_or_never();
        assert!(window.reserve_many(4, 1).now_or_never().is_none());
        drop(first);
        let together = window.reserve_many(9, 1).now_or_never();
        assert!(together.is_some());
        assert!(window.reserve(1).now_or_never().is_none());
        drop(together);
        assert_eq!(window.messages.available_permits(), 4);
    }

    #[test]
    fn a_wait_that_is_given_up_leaves_nothing_behind() {
        let window = Window::new(1, 100);
        let first = window.reserve(100).now_or_never();
        assert!(window.reserve(1).now_or_never().is_none());
        drop(first);
        assert_eq!(window.messages.available_permits(), 1);
        assert_eq!(window.bytes.available_permits(), 100);
    }
}
