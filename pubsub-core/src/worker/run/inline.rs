//! Whether a handler is first polled where messages are taken: [`Inline`].

use std::time::Duration;

/// Short handlers end when they are first polled, and a task for each would cost more than they do. Long ones would keep
/// others waiting, so they get a task at once.
#[derive(Debug, Default)]
pub(super) struct Inline {
    /// The mean time of a first poll, newer ones counting more.
    mean: Duration,
    /// How many went to tasks unpolled since the last look.
    skipped: u32,
    /// Whether one has blocked its thread, and with it whatever else the worker does.
    has_blocked: bool,
}

impl Inline {
    /// A first poll that takes longer on average is not made here.
    const SHORT: Duration = Duration::from_micros(100);
    /// A single first poll that takes longer says enough.
    const LONG: Duration = Duration::from_millis(5);
    /// After so many tasks it is looked whether handlers have become short.
    const LOOK_AGAIN: u32 = 256;
    /// After one that takes longer it is not looked again.
    pub(super) const BLOCKING: Duration = Duration::from_millis(100);

    pub(super) fn is_due(&mut self) -> bool {
        if self.has_blocked {
            return false;
        }
        if self.mean <= Self::SHORT {
            return true;
        }
        self.skipped += 1;
        let looks = self.skipped >= Self::LOOK_AGAIN;
        if looks {
            self.skipped = 0;
        }
        looks
    }

    pub(super) fn took(&mut self, time: Duration) {
        self.has_blocked |= time > Self::BLOCKING;
        self.mean = if time > Self::LONG { time } else { self.mean - self.mean / 8 + time / 8 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_blocks_sends_the_next_to_tasks_until_they_are_short_again() {
        let mut inline = Inline::default();
        assert!(inline.is_due());
        inline.took(Duration::from_millis(20));
        let polled = (0..256 * 100).filter(|_| {
            let due = inline.is_due();
            if due {
                inline.took(Duration::from_micros(1));
            }
            due
        });
        assert!((25_600 / 256..25_600).contains(&polled.count()));
        assert!(inline.is_due(), "they are short again");
    }

    #[test]
    fn after_one_that_blocks_the_thread_nothing_is_polled_here() {
        let mut inline = Inline::default();
        inline.took(Duration::from_secs(40));
        assert!((0..10_000).all(|_| !inline.is_due()));
    }
}
