//! What one run took: [`Sample`], taken by a [`Stopwatch`].

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::row::Metric;

/// What one run took.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Sample {
    pub(crate) messages: f64,
    pub(crate) seconds: f64,
    /// Of this process, all threads; none where the system does not tell.
    pub(crate) cpu_seconds: Option<f64>,
    /// Of the server, where there is one and the system tells.
    pub(crate) server_cpu_seconds: Option<f64>,
    /// Bytes of heap per message (or whatever the run counts), where it was measured.
    pub(crate) bytes: Option<f64>,
    /// From publish to delivery, where it was measured.
    pub(crate) latency: Option<Latency>,
}

/// Percentiles in microseconds.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Latency {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) max: f64,
}

impl Sample {
    /// A run that measured memory and nothing else.
    pub(crate) fn of_bytes(messages: u64, bytes: i64) -> Self {
        let messages = float(messages);
        Self { messages, bytes: Some(signed(bytes) / messages), ..Self::default() }
    }

    /// A micro-benchmark of one thread.
    pub(crate) fn of_time(messages: u64, elapsed: Duration) -> Self {
        Self { messages: float(messages), seconds: elapsed.as_secs_f64(), ..Self::default() }
    }

    /// Adds the latencies of all messages.
    #[must_use]
    pub(crate) fn with_latencies(mut self, mut latencies: Vec<Duration>) -> Self {
        latencies.sort_unstable();
        let at = |part: usize| {
            let place = (latencies.len() * part / 100).min(latencies.len().saturating_sub(1));
            latencies.get(place).map(|latency| latency.as_secs_f64() * 1e6)
        };
        if let (Some(p50), Some(p99), Some(max)) = (at(50), at(99), at(100)) {
            self.latency = Some(Latency { p50, p99, max });
        }
        self
    }

    pub(crate) fn value(&self, metric: Metric) -> Option<f64> {
        match metric {
            Metric::Rate => (self.seconds > 0.0).then(|| self.messages / self.seconds),
            Metric::Time => (self.seconds > 0.0).then(|| self.seconds * 1e9 / self.messages),
            Metric::Cpu => self.cpu_seconds.map(|cpu| cpu * 1e9 / self.messages),
            Metric::ServerCpu => self.server_cpu_seconds.map(|cpu| cpu * 1e9 / self.messages),
            Metric::P50 => self.latency.map(|latency| latency.p50),
            Metric::P99 => self.latency.map(|latency| latency.p99),
            Metric::Bytes => self.bytes,
            // Counted apart from the rounds.
            Metric::Allocations => None,
        }
    }
}

/// Wall clock and CPU time since it was started.
#[derive(Debug)]
pub(crate) struct Stopwatch {
    begun: Instant,
    cpu: Option<Duration>,
    server: Option<u32>,
    server_cpu: Option<f64>,
}

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self::start_beside(None)
    }

    /// Also measures the process of this id.
    pub(crate) fn start_beside(server: Option<u32>) -> Self {
        let server_cpu = server.and_then(cpu_seconds_of);
        Self { begun: Instant::now(), cpu: cpu_time(), server, server_cpu }
    }

    pub(crate) fn stop(self, messages: u64) -> Sample {
        let seconds = self.begun.elapsed().as_secs_f64();
        let cpu = cpu_time().zip(self.cpu).map(|(now, then)| now.saturating_sub(then).as_secs_f64());
        let server_cpu_seconds =
            self.server.and_then(cpu_seconds_of).zip(self.server_cpu).map(|(now, then)| now - then);
        let messages = float(messages);
        Sample { messages, seconds, cpu_seconds: cpu, server_cpu_seconds, ..Sample::default() }
    }
}

/// The CPU time that this process has used.
#[cfg(unix)]
fn cpu_time() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Some(Duration::new(u64::try_from(time.tv_sec).ok()?, u32::try_from(time.tv_nsec).ok()?))
}

#[cfg(not(unix))]
fn cpu_time() -> Option<Duration> {
    None
}

/// The CPU time that another process has used, in ticks of 10 ms or so.
#[cfg(target_os = "linux")]
fn cpu_seconds_of(process: u32) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name, in parentheses, may hold anything; user and system time are the 12th and 13th fields after it.
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks: Vec<u64> =
        fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
    let [user, system] = ticks[..] else { return None };
    Some(float(user + system) / float(rustix::param::clock_ticks_per_second()))
}

#[cfg(not(target_os = "linux"))]
fn cpu_seconds_of(_: u32) -> Option<f64> {
    None
}

#[expect(clippy::cast_precision_loss, reason = "counts of messages are far below 2^52")]
pub(crate) fn float(count: u64) -> f64 {
    count as f64
}

#[expect(clippy::cast_precision_loss, reason = "bytes of this process are far below 2^52")]
fn signed(bytes: i64) -> f64 {
    bytes as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_sorted_latencies() {
        let latencies = (1..=200).rev().map(Duration::from_micros).collect();
        let latency = Sample::default().with_latencies(latencies).latency.unwrap();
        assert_eq!((latency.p50.round(), latency.p99.round(), latency.max.round()), (101.0, 199.0, 200.0));
        assert!(Sample::default().with_latencies(Vec::new()).latency.is_none());
    }

    #[test]
    fn a_stopwatch_counts_time_per_message() {
        let sample = Stopwatch::start().stop(10);
        assert!(sample.value(Metric::Time).is_some_and(|time| time >= 0.0));
        assert_eq!(sample.value(Metric::Bytes), None);
    }
}
