//! Many plans, until one fails: [`search`].

use std::env;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::stream::{self, StreamExt as _};

use super::one::play;
use crate::check::{CaseResult, Failure, check};
use crate::harness::Clock;
use crate::history::event::What;
use crate::judge::{self, Rule};
use crate::model::Profile;
use crate::model::plan::{FAULTS, Plan, generate, smaller};
use crate::trial::Trial;

/// How many plans a case carries out, unless it is told otherwise.
const RUNS: &str = "PUBSUB_MODEL_RUNS";

/// Which plan is the first.
const SEED: &str = "PUBSUB_MODEL_SEED";

/// Nobody waits longer for a smaller plan; on virtual time a plan takes no time worth mentioning.
const fn limit(clock: Clock) -> Duration {
    match clock {
        Clock::Virtual => Duration::from_secs(3),
        Clock::Real => Duration::from_secs(20),
    }
}

/// However many plans there are to be, no further one is begun after this time, so that the case ends in its own.
const ENOUGH: Duration = Duration::from_secs(60);

/// On a real clock, how many plans are carried out side by side.
const SIDE_BY_SIDE: usize = 4;

/// Carries out plans of a profile, each on connections and a history of its own, until one fails; then makes it as small as
/// it can be and still fail, and hands its history to the case.
pub(crate) async fn search(trial: &Trial, profile: Profile) -> CaseResult {
    let runs = from_environment(RUNS).unwrap_or(default_runs(trial.clock(), profile));
    let first = from_environment(SEED).unwrap_or(1);
    let abreast = match (trial.clock(), profile) {
        (Clock::Virtual, _) => 1,
        // What happens to the store may happen to all of them.
        (Clock::Real, Profile::Faulted) if !trial.faults(&[]).await?.is_apart() => 1,
        (Clock::Real, _) => SIDE_BY_SIDE,
    };
    let began = Instant::now();
    let in_time = |_: &u64| std::future::ready(began.elapsed() < ENOUGH);
    let seeds = stream::iter(first..first.saturating_add(runs)).take_while(in_time);
    let mut outcomes = seeds.map(|seed| of_seed(trial, profile, seed)).buffered(abreast);
    let mut busiest: Option<Outcome> = None;
    let mut failed = None;
    while let Some(outcome) = outcomes.next().await {
        let outcome = outcome?;
        if outcome.failure.is_some() {
            failed = Some(outcome);
            break;
        }
        if busiest.as_ref().is_none_or(|known| known.traffic < outcome.traffic) {
            busiest = Some(outcome);
        }
    }
    drop(outcomes);
    match failed {
        Some(failed) => Err(explain(trial, profile, failed).await?),
        None => {
            let busiest = busiest.ok_or_else(|| Failure::new(format!("{RUNS} is 0: nothing was run")))?;
            check!(busiest.traffic > 0, "none of {runs} plans had any traffic");
            trial.adopt(&busiest.trial);
            Ok(())
        }
    }
}

fn from_environment(name: &str) -> Option<u64> {
    env::var(name).ok()?.trim().parse().ok()
}

/// Quick enough for every run of the suite.
fn default_runs(clock: Clock, profile: Profile) -> u64 {
    match (clock, profile) {
        (Clock::Virtual, Profile::Faulted) => 12,
        (Clock::Virtual, _) => 25,
        (Clock::Real, Profile::Faulted) => 2,
        (Clock::Real, _) => 4,
    }
}

/// What came of one plan.
struct Outcome {
    seed: u64,
    plan: Plan,
    /// What ran, for its history.
    trial: Arc<Trial>,
    /// Why it failed; `None` if it did not.
    failure: Option<String>,
    /// How many deliveries there were.
    traffic: usize,
}

async fn of_seed(trial: &Trial, profile: Profile, seed: u64) -> CaseResult<Outcome> {
    let faults: Vec<_> = match profile {
        Profile::Faulted => {
            let faults = trial.faults(&[]).await?;
            FAULTS.into_iter().filter(|fault| faults.can(*fault)).collect()
        }
        _ => Vec::new(),
    };
    let plan = generate(seed, profile, trial.capabilities(), trial.clock(), &faults);
    run(trial, profile, seed, plan).await
}

async fn run(trial: &Trial, profile: Profile, seed: u64, plan: Plan) -> CaseResult<Outcome> {
    let inner = Arc::new(trial.another().await?);
    let faults = match profile {
        Profile::Faulted => Some(inner.faults(&[]).await?),
        _ => None,
    };
    let played = play(&inner, faults.as_ref(), &plan).await;
    drop(faults);
    let events = inner.history().events();
    let ended = inner.finish().await;
    // Not every plan has traffic; the case as a whole has.
    let violations = judge::judge(&events, &[Rule::HasTraffic]);
    // What a rule says, is said when the case is judged.
    let failure = match (played, violations.is_empty(), ended) {
        (_, false, _) => Some(String::new()),
        (Err(failure), true, _) | (Ok(()), true, Err(failure)) => Some(inner.shorten(&failure.to_string())),
        (Ok(()), true, Ok(())) => None,
    };
    let traffic = events.iter().filter(|event| matches!(event.what, What::Delivered { .. })).count();
    Ok(Outcome { seed, plan, trial: inner, failure, traffic })
}

/// The failure of the smallest plan that still fails.
async fn explain(trial: &Trial, profile: Profile, mut failed: Outcome) -> CaseResult<Failure> {
    let (began, from, limit) = (Instant::now(), failed.plan.size(), limit(trial.clock()));
    let mut is_smaller = true;
    while is_smaller && began.elapsed() < limit {
        is_smaller = false;
        for candidate in smaller(&failed.plan) {
            if began.elapsed() >= limit {
                break;
            }
            let outcome = run(trial, profile, failed.seed, candidate).await?;
            if outcome.failure.is_some() {
                failed = outcome;
                is_smaller = true;
                break;
            }
        }
    }
    trial.adopt(&failed.trial);
    let Outcome { seed, plan, failure, .. } = failed;
    let to = plan.size();
    let failure = failure.filter(|words| !words.is_empty()).map_or_else(String::new, |words| words + "\n");
    Ok(Failure::without_place(format!(
        "the plan of seed {seed} fails; made smaller from {from} to {to}:\n{plan}{failure}this plan again: \
         {SEED}={seed} {RUNS}=1"
    )))
}
