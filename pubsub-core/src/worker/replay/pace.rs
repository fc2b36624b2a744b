//! How fast messages are replayed: [`Pace`].

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::worker::run::after;
use crate::{Error, Result};

/// How fast messages are replayed.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[non_exhaustive]
pub enum Pace {
    /// As fast as they can be read and dealt with.
    #[default]
    Instant,
    /// So many in a second, evenly; more than 0. What was late by up to 100 ms is made up for.
    PerSecond(f64),
    /// As far apart as they were stored, times as fast: 1 is the original speed, 2 is twice as fast. More than 0.
    Original(f64),
}

impl Pace {
    pub(super) fn validate(self) -> Result<()> {
        match self {
            Self::PerSecond(number) | Self::Original(number) if !(number > 0.0 && number.is_finite()) => {
                Err(Error::config("pace", format!("a pace of {number}"))
                    .with_remedy("give a number above 0, such as 100 messages per second or 2 times as fast"))
            }
            _ => Ok(()),
        }
    }
}

/// When the next message is due.
#[derive(Debug)]
pub(super) struct Pacer {
    pace: Pace,
    /// When the next is due at a rate.
    next: Option<Instant>,
    /// When the first message was dealt with, and when it was stored.
    first: Option<(Instant, SystemTime)>,
}

impl Pacer {
    /// By how much it may be behind and make up for it: sleeping is exact to a millisecond only.
    const LAG: Duration = Duration::from_millis(100);

    pub(super) fn new(pace: Pace) -> Self {
        Self { pace, next: None, first: None }
    }

    /// When the next message is due, if not now.
    pub(super) fn due(&mut self, stored: SystemTime) -> Option<Instant> {
        let now = Instant::now();
        let due = match self.pace {
            Pace::Instant => return None,
            Pace::PerSecond(rate) => {
                let due = self.next.map_or(now, |next| next.max(now.checked_sub(Self::LAG).unwrap_or(now)));
                self.next = Some(after(due, seconds(1.0 / rate)));
                due
            }
            Pace::Original(factor) => {
                let (began, first) = *self.first.get_or_insert((now, stored));
                // A clock that was set back makes nobody wait.
                let apart = stored.duration_since(first).unwrap_or_default();
                after(began, seconds(apart.as_secs_f64() / factor))
            }
        };
        (due > now).then_some(due)
    }
}

/// However long.
fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use tokio::time::sleep_until;

    use super::*;

    impl Pacer {
        async fn wait_for(&mut self, stored: SystemTime) {
            if let Some(due) = self.due(stored) {
                sleep_until(due).await;
            }
        }
    }

    async fn millis(pace: Pace, stored: &[u64]) -> Vec<u128> {
        let (began, mut pacer) = (Instant::now(), Pacer::new(pace));
        let mut due = Vec::new();
        for millis in stored {
            pacer.wait_for(UNIX_EPOCH + Duration::from_millis(*millis)).await;
            due.push(began.elapsed().as_millis());
        }
        due
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_spreads_messages_evenly() {
        assert_eq!(millis(Pace::PerSecond(4.0), &[0, 0, 9_000, 9_000]).await, [0, 250, 500, 750]);
        assert_eq!(millis(Pace::Instant, &[0, 9_000]).await, [0, 0]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_late_is_made_up_for_and_not_more() {
        let mut pacer = Pacer::new(Pace::PerSecond(100.0));
        pacer.wait_for(UNIX_EPOCH).await;
        tokio::time::sleep(Duration::from_secs(5)).await;
        let began = Instant::now();
        for _ in 0..20 {
            pacer.wait_for(UNIX_EPOCH).await;
        }
        assert_eq!(began.elapsed().as_millis(), 90, "ten at once, and then one in 10 ms");
    }

    #[tokio::test(start_paused = true)]
    async fn original_times_are_kept_and_divided() {
        let stored = [5_000, 6_000, 5_500, 9_000];
        assert_eq!(millis(Pace::Original(1.0), &stored).await, [0, 1_000, 1_000, 4_000]);
        assert_eq!(millis(Pace::Original(2.0), &stored).await, [0, 500, 500, 2_000]);
    }

    #[tokio::test(start_paused = true)]
    async fn more_than_a_message_in_a_millisecond_keeps_the_rate() {
        let due = millis(Pace::PerSecond(10_000.0), &[0; 101]).await;
        assert!(matches!(due.last(), Some(10 | 11)), "{due:?}");
    }

    #[test]
    fn no_pace_is_refused() {
        for pace in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Pace::PerSecond(pace).validate().is_err() && Pace::Original(pace).validate().is_err());
        }
        Pace::PerSecond(0.1).validate().unwrap();
    }
}
