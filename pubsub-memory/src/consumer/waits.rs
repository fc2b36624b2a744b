//! How long an unsettled delivery waits before it comes again.

use std::time::Duration;

use pubsub_core::ConsumerConfig;
use tokio::time::Instant;

use crate::clock::after;

/// The wait after the `attempt`th delivery (from 1) of a message: of the backoff's times the one of that attempt, or the
/// last; without a backoff the ack wait.
pub(super) fn wait_after(config: &ConsumerConfig, attempt: u64) -> Duration {
    let index = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
    let wait = config.backoff.get(index).or(config.backoff.last());
    wait.copied().unwrap_or(config.ack_wait)
}

/// When a message comes again that was asked for in `delay`, after its `attempt`th delivery.
///
/// A server keeps the delay as a delivery that began so long ago that the delay is left of the first wait, and then lets
/// it wait as long as the attempt has to: with a backoff, the difference of the two is added to the delay (measured on
/// nats-server 2.10.26 to 2.15.1).
pub(super) fn delayed_until(config: &ConsumerConfig, attempt: u64, now: Instant, delay: Duration) -> Instant {
    let (first, own) = (wait_after(config, 1), wait_after(config, attempt));
    match own.checked_sub(first) {
        Some(more) => after(now, delay.saturating_add(more)),
        None => after(now, delay.saturating_sub(first - own)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(millis: &[u64]) -> ConsumerConfig {
        let waits = millis.iter().map(|millis| Duration::from_millis(*millis));
        ConsumerConfig::ephemeral().with_backoff(waits)
    }

    #[test]
    fn each_attempt_has_its_wait_and_the_last_one_holds_for_the_rest() {
        let config = config(&[200, 1000, 500]);
        let waits: Vec<u128> = (1..=5).map(|attempt| wait_after(&config, attempt).as_millis()).collect();
        assert_eq!(waits, [200, 1000, 500, 500, 500]);
        assert_eq!(wait_after(&ConsumerConfig::ephemeral(), 7), ConsumerConfig::DEFAULT_ACK_WAIT);
    }

    #[test]
    fn the_backoff_is_added_to_a_delay() {
        // The figures of nats-server 2.15.1.
        let (config, now, delay) = (config(&[200, 1000, 500]), Instant::now(), Duration::from_millis(100));
        let waits: Vec<u128> = (1..=5)
            .map(|attempt| delayed_until(&config, attempt, now, delay).duration_since(now).as_millis())
            .collect();
        assert_eq!(waits, [100, 900, 400, 400, 400]);
    }

    #[test]
    fn a_backoff_that_falls_shortens_a_delay() {
        let (config, now) = (config(&[1000, 400]), Instant::now());
        assert_eq!(delayed_until(&config, 2, now, Duration::from_millis(100)), now);
        let later = delayed_until(&config, 2, now, Duration::from_millis(700));
        assert_eq!(later.duration_since(now), Duration::from_millis(100));
    }
}
