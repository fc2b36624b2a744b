//! What is asked for from time to time: streams, consumers, circuits, losses.

use metrics::{counter, gauge};
use pubsub_core::{Result, StreamAdmin, StreamName, counters};

use super::Metrics;
use super::names::{
    ABANDONED, CIRCUIT, CONSUMER_ACK_PENDING, CONSUMER_PENDING, CONSUMER_REDELIVERED, STREAM_BYTES,
    STREAM_MESSAGES, UNOBSERVED,
};
use crate::circuit_breaker::{CircuitBreaker, CircuitState};

impl Metrics {
    /// Asks how large these streams are and how far their consumers, and records it with what this process has lost sight of
    /// ([`counters`]). Call it when metrics are asked for, or every 15 s; it changes nothing on the broker.
    ///
    /// # Errors
    /// Those of [`StreamAdmin::stream_info`] and [`StreamAdmin::list_consumers`]; streams before the one that failed are recorded.
    ///
    /// # Cancel safety
    /// Dropped before completion, some are recorded and the rest is not.
    pub async fn sample(&self, admin: &dyn StreamAdmin, streams: &[StreamName]) -> Result<()> {
        counter!(ABANDONED).absolute(counters::abandoned_deliveries());
        counter!(UNOBSERVED).absolute(counters::unobserved_publish_failures());
        for stream in streams {
            let info = admin.stream_info(stream).await?;
            gauge!(STREAM_MESSAGES, "stream" => stream.to_string()).set(number(info.messages));
            gauge!(STREAM_BYTES, "stream" => stream.to_string()).set(number(info.bytes));
            for info in admin.list_consumers(stream).await? {
                let labels = self.labels.consumer(stream, &info.name);
                for (name, value) in [
                    (CONSUMER_PENDING, info.pending),
                    (CONSUMER_ACK_PENDING, info.ack_pending),
                    (CONSUMER_REDELIVERED, info.redelivered),
                ] {
                    let (stream, consumer) = (labels.stream.clone(), labels.consumer.clone());
                    gauge!(name, "stream" => stream, "consumer" => consumer).set(number(value));
                }
            }
        }
        Ok(())
    }

    /// Records the state of a circuit. As [`sample`](Self::sample), from time to time.
    pub fn sample_circuit(&self, breaker: &CircuitBreaker) {
        let state = match breaker.state() {
            CircuitState::Closed => 0.0,
            CircuitState::HalfOpen => 1.0,
            CircuitState::Open { .. } => 2.0,
        };
        gauge!(CIRCUIT, "circuit" => breaker.name().to_owned()).set(state);
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a gauge is a float, and 2^53 messages are not told from one more"
)]
fn number(value: u64) -> f64 {
    value as f64
}
