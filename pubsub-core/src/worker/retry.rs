//! When a failed message is tried again, and how often: [`RetryPolicy`].

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};

use crate::config::{Limit, duration};
use crate::{Error, Result};

/// When a failed message is tried again, and how often: with growing delays, until the attempts or the time are used up.
/// Then it goes to the dead letters.
///
/// By default 3 attempts, the second after about 1 s, the third about 2 s later. The delay is that of the delivery's attempt
/// number, so it goes on growing over a restart. The delays are those of the crate `backon`, with jitter of up to the
/// delay itself on top.
///
/// ```
/// use std::time::Duration;
/// use pubsub_core::worker::RetryPolicy;
///
/// let policy = RetryPolicy::default()
///     .with_attempts(5)
///     .with_first_delay(Duration::from_secs(2))
///     .with_max_delay(Duration::from_secs(60));
/// policy.validate()?;
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// How often a message is tried at most, the first time included. Unlimited must be said, and is never hot: there is
    /// always a delay.
    pub attempts: Limit<u32>,
    /// How many deliveries beyond the attempts a message may have before it is suspected of ending its process; by default 5.
    /// JetStream counts deliveries, those too that were handed back at a stop or whose process died. A message beyond them is
    /// handled while no other is; one beyond twice as many is given up without being handled, one in each run of the
    /// worker, and never if what is given up is discarded.
    pub spare_deliveries: u32,
    /// For how long, from when the message was stored, it is tried again; by default without end.
    pub budget: Limit<Duration>,
    /// The delay before the second attempt; at least 1 ms, by default 1 s.
    pub first_delay: Duration,
    /// By how much each delay is longer than the one before; at least 1, by default 2.
    pub factor: f32,
    /// The longest delay; by default 5 min, at most [`duration::MAX`].
    pub max_delay: Duration,
    /// Whether a random part is added, so that messages that failed together do not come together; by default it is.
    pub jitter: bool,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: Limit::At(3),
            spare_deliveries: 5,
            budget: Limit::Unlimited,
            first_delay: Duration::from_secs(1),
            factor: 2.0,
            max_delay: Duration::from_secs(300),
            jitter: true,
        }
    }
}

impl RetryPolicy {
    /// Sets [`attempts`](Self::attempts).
    #[must_use]
    pub fn with_attempts(mut self, attempts: impl Into<Limit<u32>>) -> Self {
        self.attempts = attempts.into();
        self
    }

    /// Sets [`spare_deliveries`](Self::spare_deliveries).
    #[must_use]
    pub fn with_spare_deliveries(mut self, deliveries: u32) -> Self {
        self.spare_deliveries = deliveries;
        self
    }

    /// Sets [`budget`](Self::budget).
    #[must_use]
    pub fn with_budget(mut self, budget: impl Into<Limit<Duration>>) -> Self {
        self.budget = budget.into();
        self
    }

    /// Sets [`first_delay`](Self::first_delay).
    #[must_use]
    pub fn with_first_delay(mut self, delay: Duration) -> Self {
        self.first_delay = delay;
        self
    }

    /// Sets [`factor`](Self::factor).
    #[must_use]
    pub fn with_factor(mut self, factor: f32) -> Self {
        self.factor = factor;
        self
    }

    /// Sets [`max_delay`](Self::max_delay).
    #[must_use]
    pub fn with_max_delay(mut self, delay: Duration) -> Self {
        self.max_delay = delay;
        self
    }

    /// Leaves the random part out.
    #[must_use]
    pub fn without_jitter(mut self) -> Self {
        self.jitter = false;
        self
    }

    /// Checks the ranges.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config), with the field.
    pub fn validate(&self) -> Result<()> {
        let refused = |field: &'static str, message: String, remedy: &'static str| {
            Err(Error::config(field, message).with_remedy(remedy))
        };
        if self.attempts == Limit::At(0) {
            return refused(
                "attempts",
                "0 attempts".to_owned(),
                "give at least 1, or say `Limit::Unlimited`",
            );
        }
        if self.first_delay < Duration::from_millis(1) {
            let delay = duration::format(self.first_delay);
            return refused("first_delay", format!("a first delay of {delay}"), "give at least 1ms");
        }
        if self.max_delay < self.first_delay {
            return refused(
                "max_delay",
                "max_delay is shorter than first_delay".to_owned(),
                "lengthen max_delay",
            );
        }
        if self.max_delay > duration::MAX {
            return refused(
                "max_delay",
                "max_delay is longer than 292 years, which no broker can keep".to_owned(),
                "shorten max_delay",
            );
        }
        if !(1.0..=100.0).contains(&self.factor) {
            return refused("factor", format!("a factor of {}", self.factor), "give 1 to 100");
        }
        Ok(())
    }

    /// The delay before the attempt after this one; `None` if there is none. `age` is the time since the message was
    /// stored.
    pub(crate) fn delay_after(&self, attempt: u64, age: Duration) -> Option<Duration> {
        if self.attempts.at().is_some_and(|attempts| attempt >= u64::from(attempts)) {
            return None;
        }
        let delay = self.delay(attempt);
        let in_time = self.budget.at().is_none_or(|budget| age.saturating_add(delay) <= budget);
        in_time.then_some(delay)
    }

    /// The longest delay that it may come to, the random part included; zero without a second attempt.
    pub(crate) fn longest_delay(&self) -> Duration {
        let delay = match self.attempts.at() {
            Some(0 | 1) => Duration::ZERO,
            Some(attempts) => Self { jitter: false, ..self.clone() }.delay(u64::from(attempts) - 1),
            None => self.max_delay,
        };
        if self.jitter { delay.saturating_mul(2) } else { delay }
    }

    /// A message that was delivered more often than this is handled alone.
    pub(crate) fn most_deliveries(&self) -> Option<u64> {
        self.attempts.at().map(|attempts| u64::from(attempts) + u64::from(self.spare_deliveries))
    }

    /// Whether there is an attempt after this one by number alone: a handler's own delay does not lengthen a policy.
    pub(crate) fn allows_another(&self, attempt: u64, age: Duration, delay: Duration) -> bool {
        self.attempts.at().is_none_or(|attempts| attempt < u64::from(attempts))
            && self.budget.at().is_none_or(|budget| age.saturating_add(delay) <= budget)
    }

    fn delay(&self, attempt: u64) -> Duration {
        let mut builder = ExponentialBuilder::default()
            .with_min_delay(self.first_delay)
            .with_max_delay(self.max_delay)
            .with_factor(self.factor)
            .without_max_times();
        if self.jitter {
            builder = builder.with_jitter();
        }
        // After this many doublings every policy is at its longest delay.
        const ENOUGH: u64 = 64;
        let step = usize::try_from(attempt.saturating_sub(1).min(ENOUGH)).unwrap_or(0);
        builder.build().nth(step).unwrap_or(self.max_delay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn policy() -> RetryPolicy {
        RetryPolicy::default().without_jitter()
    }

    #[test]
    fn delays_double_up_to_the_longest_and_end_with_the_attempts() {
        let policy = policy().with_attempts(6).with_max_delay(SECOND * 5);
        let delays: Vec<_> = (1..=6).map(|attempt| policy.delay_after(attempt, Duration::ZERO)).collect();
        let seconds = [1, 2, 4, 5, 5].map(|seconds| Some(SECOND * seconds));
        assert_eq!(delays, [&seconds[..], &[None]].concat());
    }

    #[test]
    fn a_budget_ends_them_too() {
        let policy = policy().with_attempts(Limit::Unlimited).with_budget(SECOND * 10);
        assert_eq!(policy.delay_after(1, SECOND), Some(SECOND));
        assert_eq!(policy.delay_after(4, SECOND), Some(SECOND * 8));
        assert_eq!(policy.delay_after(5, SECOND), None);
        assert!(!policy.allows_another(1, SECOND, SECOND * 10));
    }

    #[test]
    fn jitter_adds_at_most_the_delay() {
        let policy = RetryPolicy::default();
        for _ in 0..100 {
            let delay = policy.delay_after(2, Duration::ZERO).unwrap();
            assert!((SECOND * 2..=SECOND * 4).contains(&delay), "{delay:?}");
        }
    }

    #[test]
    fn an_attempt_beyond_all_doublings_does_not_overflow() {
        let policy = policy().with_attempts(Limit::Unlimited);
        assert_eq!(policy.delay_after(u64::MAX, Duration::ZERO), Some(policy.max_delay));
    }

    #[test]
    fn a_policy_that_cannot_be_is_refused() {
        assert!(policy().with_attempts(0).validate().is_err());
        assert!(policy().with_first_delay(Duration::ZERO).validate().is_err());
        assert!(policy().with_max_delay(Duration::from_millis(1)).validate().is_err());
        assert!(policy().with_factor(0.5).validate().is_err());
        assert!(policy().with_max_delay(duration::MAX + SECOND).validate().is_err());
        policy().validate().unwrap();
    }

    #[test]
    fn the_longest_delay_is_that_before_the_last_attempt() {
        let growing = policy().with_attempts(4);
        assert_eq!(growing.longest_delay(), SECOND * 4);
        assert_eq!(RetryPolicy { jitter: true, ..growing.clone() }.longest_delay(), SECOND * 8);
        assert_eq!(growing.clone().with_attempts(1).longest_delay(), Duration::ZERO);
        assert_eq!(growing.with_attempts(Limit::Unlimited).longest_delay(), SECOND * 300);
    }

    #[test]
    fn no_duration_is_too_long() {
        let longest = policy().with_attempts(9).with_budget(Duration::MAX).with_max_delay(Duration::MAX);
        for policy in [longest.clone().with_first_delay(Duration::MAX), longest.clone().with_factor(100.0)] {
            for attempt in [1, 8] {
                assert!(policy.clone().delay_after(attempt, Duration::MAX).is_some());
                let jittered = RetryPolicy { jitter: true, ..policy.clone() };
                assert!(jittered.delay_after(attempt, Duration::MAX).is_some());
            }
            assert!(policy.allows_another(1, Duration::MAX, Duration::MAX));
        }
    }
}
