//! What was measured by the facade `metrics`: [`Measured`].

use std::collections::HashMap;
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use metrics::atomics::AtomicU64;
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};

/// The counters and gauges of one case. It is no recorder of the process, of which there is one for all cases and for whoever
/// runs them: it is set while [a future](Self::around) is polled.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    counters: Mutex<HashMap<Key, Arc<AtomicU64>>>,
    gauges: Mutex<HashMap<Key, Arc<AtomicU64>>>,
}

impl Measured {
    /// Measures what the future does itself; not what tasks do that it spawns.
    pub(crate) async fn around<F: Future + Send>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        let polled = |context: &mut std::task::Context<'_>| {
            metrics::with_local_recorder(self, || future.as_mut().poll(context))
        };
        std::future::poll_fn(polled).await
    }

    /// The sum of all counters of this name that have these labels.
    pub(crate) fn count(&self, name: &str, labels: &[(&str, &str)]) -> u64 {
        let counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = counters.iter().filter(|(key, _)| matches(key, name, labels));
        wanted.map(|(_, count)| count.load(Ordering::Acquire)).sum()
    }

    /// The sum of all gauges of this name.
    pub(crate) fn level(&self, name: &str) -> f64 {
        let gauges = self.gauges.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = gauges.iter().filter(|(key, _)| matches(key, name, &[]));
        wanted.map(|(_, level)| f64::from_bits(level.load(Ordering::Acquire))).sum()
    }
}

fn matches(key: &Key, name: &str, labels: &[(&str, &str)]) -> bool {
    let has = |wanted: &(&str, &str)| key.labels().any(|label| (label.key(), label.value()) == *wanted);
    key.name() == name && labels.iter().all(has)
}

fn registered(all: &Mutex<HashMap<Key, Arc<AtomicU64>>>, key: &Key) -> Arc<AtomicU64> {
    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(all.entry(key.clone()).or_insert_with(|| Arc::new(AtomicU64::new(0))))
}

impl Recorder for Measured {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(registered(&self.counters, key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(registered(&self.gauges, key))
    }

    /// Times are nobody's business here.
    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}
