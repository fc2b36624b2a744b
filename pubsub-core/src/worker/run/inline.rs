//! Whether a handler is first polled where messages are taken: [`Inline`].

use std::time::Duration;

/// Short handlers end when they are first polled, and a task for each would cost more than they do. Long ones would keep
/// others waiting, so they get a task at once.
///
/// A poll also takes long if the machine did something else meanwhile. So after a long one it is soon looked whether they are short
/// again, and later each time that they are not.
#[derive(Debug, Default)]
pub(super) struct Inline {
    /// The mean time of a first poll, newer ones counting more.
    mean: Duration,
    /// How many went to tasks unpolled since the last look.
    skipped: u32,
    /// How many do before the next.
    wait: u32,
    /// How many in a row were short.
    calm: u32,
    /// Whether one has blocked its thread, and with it whatever else the worker does.
    has_blocked: bool,
}

impl Inline {
    /// A first poll that takes longer on average is not made here.
    const SHORT: Duration = Duration::from_micros(100);
    /// A single first poll that takes longer says enough.
    const LONG: Duration = Duration::from_millis(5);
    /// After so many tasks it is looked whether handlers have become short, at first and at most.
    const LOOK_AGAIN: (u32, u32) = (8, 256);
    /// So many short ones make a long one before them forgotten.
    const CALM: u32 = 1024;
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
        let looks = self.skipped > self.wait;
        if looks {
            self.skipped = 0;
        }
        looks
    }

    pub(super) fn took(&mut self, time: Duration) {
        self.has_blocked |= time > Self::BLOCKING;
        let was_long = self.mean > Self::SHORT;
        self.mean = match time {
            time if time > Self::LONG || (was_long && time <= Self::SHORT) => time,
            time => self.mean - self.mean / 8 + time / 8,
        };
        if self.mean > Self::SHORT {
            let (first, most) = Self::LOOK_AGAIN;
            self.wait = self.wait.saturating_mul(2).clamp(first, most);
            self.calm = 0;
        } else if self.calm < Self::CALM {
            self.calm += 1;
        } else {
            self.wait = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of so many handlers are polled here, each of which takes as long.
    fn polled(inline: &mut Inline, handlers: u32, time: Duration) -> u32 {
        let mut polled = 0;
        for _ in 0..handlers {
            if inline.is_due() {
                inline.took(time);
                polled += 1;
            }
        }
        polled
    }

    #[test]
    fn one_long_poll_sends_few_to_tasks() {
        let mut inline = Inline::default();
        assert!(inline.is_due());
        inline.took(Duration::from_millis(20));
        assert_eq!(polled(&mut inline, 1_000, Duration::from_micros(1)), 1_000 - Inline::LOOK_AGAIN.0);
        assert_eq!(polled(&mut inline, 1_000, Duration::from_micros(1)), 1_000, "they are short again");
        inline.took(Duration::from_millis(20));
        assert_eq!(polled(&mut inline, 1_000, Duration::from_micros(1)), 1_000 - Inline::LOOK_AGAIN.0);
    }

    #[test]
    fn handlers_that_stay_long_get_tasks() {
        let mut inline = Inline::default();
        let polls = polled(&mut inline, 10_000, Duration::from_millis(1));
        assert!(polls < 60, "{polls}");
        assert!(polled(&mut inline, 2_560, Duration::from_millis(1)) <= 10);
    }

    #[test]
    fn after_one_that_blocks_the_thread_nothing_is_polled_here() {
        let mut inline = Inline::default();
        inline.took(Duration::from_secs(40));
        assert!((0..10_000).all(|_| !inline.is_due()));
    }
}
