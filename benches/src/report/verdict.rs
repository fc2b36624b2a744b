//! Whether what was claimed holds: [`Judged`].

use serde::Serialize;

use super::median;
use crate::measure::ContenderResult;
use crate::row::{Claim, Metric};

/// One claim and what was measured.
#[derive(Debug, Serialize)]
pub(super) struct Judged {
    pub(super) of: &'static str,
    pub(super) against: Option<&'static str>,
    #[serde(serialize_with = "by_name")]
    pub(super) metric: Metric,
    /// The median of the rounds.
    pub(super) value: Option<f64>,
    /// Each round's ratio, or its value where nothing is compared.
    pub(super) rounds: Vec<f64>,
    pub(super) gate: f64,
    pub(super) goal: f64,
    pub(super) stretch: Option<f64>,
    pub(super) outcome: Outcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    Stretch,
    Goal,
    Gate,
    Below,
    /// The system did not tell.
    Unknown,
}

impl Judged {
    pub(super) fn of(claim: &Claim, runs: &[ContenderResult]) -> Self {
        let rounds = rounds(claim, runs);
        let value = median(&rounds);
        let reaches = |bound: f64| value.is_some_and(|value| claim.metric.reaches(value, bound));
        let outcome = match value {
            None => Outcome::Unknown,
            Some(_) if claim.stretch.is_some_and(reaches) => Outcome::Stretch,
            Some(_) if reaches(claim.goal) => Outcome::Goal,
            Some(_) if reaches(claim.gate) => Outcome::Gate,
            Some(_) => Outcome::Below,
        };
        let Claim { of, against, metric, gate, goal, stretch } = *claim;
        Self { of, against, metric, value, rounds, gate, goal, stretch, outcome }
    }

    pub(super) fn is_below(&self) -> bool {
        self.outcome == Outcome::Below
    }
}

impl Outcome {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Stretch => "pass: stretch",
            Self::Goal => "pass: goal",
            Self::Gate => "pass: gate, below the goal",
            Self::Below => "BELOW THE GATE",
            Self::Unknown => "not measured",
        }
    }
}

fn rounds(claim: &Claim, runs: &[ContenderResult]) -> Vec<f64> {
    let Some(mine) = values(claim.of, claim.metric, runs) else {
        return Vec::new();
    };
    let Some(against) = claim.against else {
        return mine;
    };
    let theirs = values(against, claim.metric, runs).unwrap_or_default();
    mine.iter().zip(theirs).map(|(mine, theirs)| mine / theirs).collect()
}

fn values(name: &str, metric: Metric, runs: &[ContenderResult]) -> Option<Vec<f64>> {
    let run = runs.iter().find(|run| run.name == name)?;
    if metric == Metric::Allocations {
        return Some(vec![run.allocations]);
    }
    run.rounds.iter().map(|sample| sample.value(metric)).collect()
}

fn by_name<S: serde::Serializer>(metric: &Metric, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(metric.name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;

    fn runs() -> Vec<ContenderResult> {
        let rounds = |rates: [f64; 3]| {
            let sample = |rate| Sample { messages: rate, seconds: 1.0, ..Sample::default() };
            rates.into_iter().map(sample).collect()
        };
        vec![
            ContenderResult {
                name: "ours",
                rounds: rounds([20.0, 60.0, 30.0]),
                allocations: 3.0,
                failures: Vec::new(),
            },
            ContenderResult {
                name: "theirs",
                rounds: rounds([10.0, 60.0, 10.0]),
                allocations: 2.0,
                failures: Vec::new(),
            },
        ]
    }

    #[test]
    fn the_median_is_of_the_ratios_of_each_round() {
        let judged = Judged::of(&Claim::rate("ours", "theirs", 1.0, 2.0), &runs());
        assert_eq!(judged.rounds, [2.0, 1.0, 3.0]);
        assert_eq!((judged.value, judged.outcome), (Some(2.0), Outcome::Goal));
    }

    #[test]
    fn an_outcome_is_the_best_bound_that_is_reached() {
        let outcome = |gate, goal| {
            let claim = Claim::absolute(Metric::Allocations, "ours", gate, goal).stretch(2.0);
            Judged::of(&claim, &runs()).outcome
        };
        assert_eq!(outcome(3.0, 2.5), Outcome::Gate);
        assert_eq!(outcome(4.0, 3.0), Outcome::Goal);
        assert_eq!(outcome(2.9, 2.5), Outcome::Below);
        let unknown = Claim::absolute(Metric::Bytes, "ours", 1.0, 1.0);
        assert_eq!(Judged::of(&unknown, &runs()).outcome, Outcome::Unknown);
    }
}
