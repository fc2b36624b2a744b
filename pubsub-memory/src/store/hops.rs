//! How many streams a message has come through: [`Hops`].

use std::cell::Cell;

/// How often one message may be published again by one stream after the other. Streams that publish to each other in a
/// ring would never end.
const MOST: u32 = 16;

thread_local! {
    static HOPS: Cell<Hops> = const { Cell::new(Hops(0)) };
}

/// How often a message was published again by a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hops(u32);

impl Hops {
    /// Those of the message that this thread is publishing.
    pub(crate) fn so_far() -> Self {
        HOPS.get()
    }

    /// Publishes a message that has so many behind it.
    pub(crate) fn and_one_more<R>(self, publish: impl FnOnce() -> R) -> R {
        /// Also after a panic the thread goes on with what it had.
        struct Restore(Hops);
        impl Drop for Restore {
            fn drop(&mut self) {
                HOPS.set(self.0);
            }
        }
        let _restore = Restore(HOPS.replace(Self(self.0.saturating_add(1))));
        publish()
    }

    /// Whether the message ends here.
    pub(super) fn are_too_many(self) -> bool {
        self.0 > MOST
    }
}
