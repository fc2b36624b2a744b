//! What is measured of handlers.

use futures::future::BoxFuture;
use metrics::{counter, gauge, histogram};
use pubsub_core::worker::{Incoming, Next, Response, RouteLayer};
use tokio::time::Instant;

use super::Metrics;
use super::labels::ConsumerLabels;
use super::names::{ATTEMPT_SECONDS, ATTEMPTS, ATTEMPTS_IN_FLIGHT};

/// One attempt under way. Its gauge goes down when it is gone, however it ends.
struct Running(ConsumerLabels);

impl Running {
    fn begin(labels: ConsumerLabels) -> Self {
        let running = Self(labels);
        running.count(1.0);
        running
    }

    fn count(&self, step: f64) {
        let (stream, consumer) = (self.0.stream.clone(), self.0.consumer.clone());
        gauge!(ATTEMPTS_IN_FLIGHT, "stream" => stream, "consumer" => consumer).increment(step);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.count(-1.0);
    }
}

impl RouteLayer for Metrics {
    fn call(&self, incoming: &Incoming<'_>, next: Next<'_>) -> BoxFuture<'static, Response> {
        let info = incoming.message().info();
        let labels = self.labels.consumer(&info.stream, &info.consumer);
        let running = next.run(incoming);
        Box::pin(async move {
            let (attempt, began) = (Running::begin(labels), Instant::now());
            let response = running.await;
            let outcome = match response.failure() {
                None => "done",
                Some(failure) if failure.is_postponed() => "postponed",
                Some(failure) if failure.is_final() => "rejected",
                Some(_) => "failed",
            };
            let (stream, consumer) = (attempt.0.stream.clone(), attempt.0.consumer.clone());
            histogram!(ATTEMPT_SECONDS, "stream" => stream.clone(), "consumer" => consumer.clone())
                .record(began.elapsed());
            counter!(ATTEMPTS, "stream" => stream, "consumer" => consumer, "outcome" => outcome).increment(1);
            response
        })
    }
}
