//! One question to be answered by measuring: [`Row`].

use std::sync::Arc;

use futures::future::BoxFuture;

use crate::Result;
use crate::sample::Sample;

/// A scenario, those who run it, and what is claimed of the outcome.
pub(crate) struct Row {
    /// Its number in the table of goals, or a word.
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// How many messages one run of a full round has.
    pub(crate) messages: u64,
    pub(crate) contenders: Vec<Contender>,
    pub(crate) claims: Vec<Claim>,
}

/// One way to run the scenario.
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    pub(crate) drive: Drive,
    /// Its share of the row's messages: a slow one would otherwise take up most of the time.
    pub(crate) share: f64,
}

/// Prepares, runs with so many messages and says what it took; preparing is not part of it.
pub(crate) type Drive = Arc<dyn Fn(u64) -> BoxFuture<'static, Result<Sample>> + Send + Sync>;

/// What must hold of a contender.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Claim {
    pub(crate) of: &'static str,
    /// The contender that it is compared with, round by round; none for an absolute bound.
    pub(crate) against: Option<&'static str>,
    pub(crate) metric: Metric,
    pub(crate) gate: f64,
    pub(crate) goal: f64,
    pub(crate) stretch: Option<f64>,
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Metric {
    /// Messages per second.
    Rate,
    /// CPU time of this process per message.
    Cpu,
    /// CPU time per message of the server that it uses.
    ServerCpu,
    /// The time from publish to delivery that half of the messages, or 99 of 100, do not exceed.
    P50,
    P99,
    /// Time per message.
    Time,
    /// Allocations per message.
    Allocations,
    /// Bytes of heap per thing, payloads not counted.
    Bytes,
}

impl Row {
    pub(crate) fn new(id: &'static str, name: &'static str, about: &'static str, messages: u64) -> Self {
        Self { id, name, about, messages, contenders: Vec::new(), claims: Vec::new() }
    }

    #[must_use]
    pub(crate) fn run<F>(self, name: &'static str, drive: impl Fn(u64) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Sample>> + Send + 'static,
    {
        self.run_share(1.0, name, drive)
    }

    /// As [`run`](Self::run), with this share of the messages.
    #[must_use]
    pub(crate) fn run_share<F>(
        mut self,
        share: f64,
        name: &'static str,
        drive: impl Fn(u64) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Sample>> + Send + 'static,
    {
        let drive: Drive = Arc::new(move |messages| Box::pin(drive(messages)));
        self.contenders.push(Contender { name, drive, share });
        self
    }

    #[must_use]
    pub(crate) fn claim(mut self, claim: Claim) -> Self {
        self.claims.push(claim);
        self
    }

    /// With those only in whose name this is; `None` if that is none.
    pub(crate) fn with_runs(mut self, name: &str) -> Option<Self> {
        self.contenders.retain(|contender| contender.name.contains(name));
        if self.contenders.is_empty() { None } else { Some(self.without_absent()) }
    }

    /// Leaves out claims that compare with somebody who was not built in.
    #[must_use]
    pub(crate) fn without_absent(mut self) -> Self {
        let contenders = &self.contenders;
        let runs = |name: &str| contenders.iter().any(|contender| contender.name == name);
        self.claims.retain(|claim| runs(claim.of) && claim.against.is_none_or(&runs));
        self
    }
}

impl Claim {
    /// So many times the rate of another.
    pub(crate) fn rate(of: &'static str, against: &'static str, gate: f64, goal: f64) -> Self {
        Self { of, against: Some(against), metric: Metric::Rate, gate, goal, stretch: None }
    }

    /// At most so many times another's.
    pub(crate) fn at_most(
        metric: Metric,
        of: &'static str,
        against: &'static str,
        gate: f64,
        goal: f64,
    ) -> Self {
        Self { of, against: Some(against), metric, gate, goal, stretch: None }
    }

    /// An absolute bound.
    pub(crate) fn absolute(metric: Metric, of: &'static str, gate: f64, goal: f64) -> Self {
        Self { of, against: None, metric, gate, goal, stretch: None }
    }

    #[must_use]
    pub(crate) fn stretch(mut self, stretch: f64) -> Self {
        self.stretch = Some(stretch);
        self
    }
}

impl Metric {
    /// Whether a value reaches a bound.
    pub(crate) fn reaches(self, value: f64, bound: f64) -> bool {
        if self == Self::Rate { value >= bound } else { value <= bound }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rate => "rate",
            Self::Cpu => "CPU",
            Self::ServerCpu => "server CPU",
            Self::P50 => "p50",
            Self::P99 => "p99",
            Self::Time => "time",
            Self::Allocations => "allocations",
            Self::Bytes => "bytes",
        }
    }

    pub(crate) fn unit(self) -> &'static str {
        match self {
            Self::Rate => "/s",
            Self::Cpu | Self::ServerCpu | Self::Time => " ns",
            Self::P50 | Self::P99 => " us",
            Self::Allocations => "",
            Self::Bytes => " B",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_to_be_high_and_everything_else_low() {
        assert!(Metric::Rate.reaches(1.5, 1.0) && !Metric::Rate.reaches(0.9, 1.0));
        assert!(Metric::Bytes.reaches(60.0, 64.0) && !Metric::Bytes.reaches(65.0, 64.0));
    }
}
