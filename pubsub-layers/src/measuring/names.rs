//! The names of what is measured: [`Metric`].

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

use super::Metrics;

/// How something is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MetricKind {
    /// A number that only grows.
    Counter,
    /// A number that goes up and down.
    Gauge,
    /// A distribution of times, in seconds.
    Histogram,
}

/// Something that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// How it is measured.
    pub kind: MetricKind,
    /// What it says.
    pub help: &'static str,
    /// Its labels.
    pub labels: &'static [&'static str],
}

macro_rules! metrics {
    ($($constant:ident = $kind:ident $name:literal $labels:expr, $help:literal;)+) => {
        $(pub(super) const $constant: &str = $name;)+

        impl Metrics {
            /// Everything that is measured.
            pub const ALL: &'static [Metric] = &[
                $(Metric { name: $name, kind: MetricKind::$kind, help: $help, labels: &$labels },)+
            ];
        }
    };
}

metrics! {
    PUBLISHES = Counter "pubsub_publishes_total" ["subject", "outcome"], "publishes, by how they ended";
    PUBLISHED_BYTES = Counter "pubsub_published_bytes_total" ["subject"], "bytes of the payloads that were stored";
    PUBLISH_SECONDS = Histogram "pubsub_publish_seconds" ["subject"], "time from the call to the outcome of a publish";
    PUBLISHES_IN_FLIGHT = Gauge "pubsub_publishes_in_flight" [], "publishes whose outcome is not known yet";
    DELIVERIES = Counter "pubsub_deliveries_total" ["stream", "consumer", "redelivery"], "deliveries";
    UNSETTLED = Gauge "pubsub_unsettled_deliveries" ["stream", "consumer"], "deliveries that this process holds unsettled";
    LAG = Gauge "pubsub_consumer_lag" ["stream", "consumer"], "messages not delivered yet, as of the last delivery";
    SETTLEMENTS = Counter "pubsub_settlements_total" ["stream", "consumer", "kind", "outcome"], "settlements, by kind";
    CONSUME_ERRORS = Counter "pubsub_consume_errors_total" ["kind"], "errors of fetches and subscriptions";
    ATTEMPTS = Counter "pubsub_attempts_total" ["stream", "consumer", "outcome"], "attempts of handlers, by how they ended";
    ATTEMPT_SECONDS = Histogram "pubsub_attempt_seconds" ["stream", "consumer"], "time that an attempt of a handler took";
    ATTEMPTS_IN_FLIGHT = Gauge "pubsub_attempts_in_flight" ["stream", "consumer"], "attempts of handlers that run";
    STREAM_MESSAGES = Gauge "pubsub_stream_messages" ["stream"], "messages in a stream";
    STREAM_BYTES = Gauge "pubsub_stream_bytes" ["stream"], "bytes in a stream";
    CONSUMER_PENDING = Gauge "pubsub_consumer_pending" ["stream", "consumer"], "messages that a consumer will see and has not seen";
    CONSUMER_ACK_PENDING = Gauge "pubsub_consumer_ack_pending" ["stream", "consumer"], "deliveries that are not settled, in all processes";
    CONSUMER_REDELIVERED = Gauge "pubsub_consumer_redelivered" ["stream", "consumer"], "unsettled deliveries that were delivered before";
    ABANDONED = Counter "pubsub_abandoned_deliveries_total" [], "deliveries that this process dropped unsettled";
    UNOBSERVED = Counter "pubsub_unobserved_publish_failures_total" [], "publishes that failed and nobody waited for";
    CIRCUIT = Gauge "pubsub_circuit_state" ["circuit"], "0: closed, 1: half open, 2: open";
}

pub(super) fn describe() {
    for metric in Metrics::ALL {
        let unit = match metric.kind {
            MetricKind::Histogram => Unit::Seconds,
            _ if metric.name.contains("bytes") => Unit::Bytes,
            _ => Unit::Count,
        };
        match metric.kind {
            MetricKind::Counter => describe_counter!(metric.name, unit, metric.help),
            MetricKind::Gauge => describe_gauge!(metric.name, unit, metric.help),
            MetricKind::Histogram => describe_histogram!(metric.name, unit, metric.help),
        }
    }
}
