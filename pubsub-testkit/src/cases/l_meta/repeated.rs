//! What the kit does with other runs: of wrong backends, of the same seed, of many cases at once.

use std::sync::Arc;

use pubsub_core::Client;

use crate::check::{CaseResult, check, check_eq};
use crate::fault_layer::{FaultLayer, PublishFault, When};
use crate::trial::Trial;

/// A message that is stored, comes and is settled: what the rest of the case is about has none.
pub(super) async fn traffic(trial: &Trial) -> CaseResult {
    let stream = trial.create_stream(trial.stream_config("traffic", &["traffic"])?).await?;
    let consumer = trial.consumer(&stream, "traffic").await?;
    trial.publish("traffic", "x").await?;
    consumer.take_and_ack(1).await?;
    consumer.drained();
    Ok(())
}

/// L3: deliberately wrong backends fail the cases that are named for them, and the right one they are made of passes these.
/// (Here some of them; `bite` runs all.)
pub(crate) async fn wrong_backends_are_caught(trial: &Trial) -> CaseResult {
    traffic(trial).await?;
    #[cfg(feature = "memory")]
    {
        use crate::wrong::WrongBackend;
        use crate::{Filter, MemoryHarness, run_suite};

        for wrong in WrongBackend::all().iter().step_by(20) {
            let named = Filter::only([wrong.caught_by()])?;
            let report = run_suite(|| wrong.over(MemoryHarness::new()), &named);
            check!(report.failed(), "{} passed {}", wrong.name(), wrong.caught_by());
            let report = run_suite(MemoryHarness::new, &named);
            check!(!report.failed(), "the right backend failed {}:\n{}", wrong.caught_by(), report.table());
        }
        Ok(())
    }
    #[cfg(not(feature = "memory"))]
    Err(crate::check::Failure::skip(
        "needs the memory backend, of which wrong ones are made (feature `memory`)",
    ))
}

/// L4: what is left to chance depends on a seed alone: the same one injects the same faults, another one others.
pub(crate) async fn same_seed_same_faults(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    let (first, again) = (lost(trial, 7).await?, lost(trial, 7).await?);
    check_eq!(again, first, "which publishes are lost by the same seed");
    let other = lost(trial, 8).await?;
    check!(other != first, "two seeds lose the same publishes: {first:?}");
    check!(!first.is_empty() && first.len() < PUBLISHES, "{} of {PUBLISHES} publishes are lost", first.len());
    let stored = 3 * PUBLISHES - first.len() * 2 - other.len();
    consumer.take_and_ack(stored).await?;
    consumer.stays_silent("a").await?;
    consumer.drained();
    Ok(())
}

const PUBLISHES: usize = 40;

/// Which of some publishes a layer of this seed loses.
async fn lost(trial: &Trial, seed: u64) -> CaseResult<Vec<usize>> {
    let layer = FaultLayer::from_seed(seed).on_publish(When::one_in(4), PublishFault::UnknownNotStored);
    let client = Client::new(Arc::clone(trial.broker())).with_layer(layer);
    let mut lost = Vec::new();
    for number in 0..PUBLISHES {
        match client.publish(trial.subject("a")?, number.to_string()).await {
            Err(error) if error.is_effect_unknown() => lost.push(number),
            outcome => drop(outcome?),
        }
    }
    Ok(lost)
}

/// L5: cases run several times, side by side and in an order that the seed decides, each counted, each on a store of its
/// own. (Here some of them on memory; `Stress` runs all on any backend.)
pub(crate) async fn side_by_side(trial: &Trial) -> CaseResult {
    traffic(trial).await?;
    #[cfg(feature = "memory")]
    {
        use crate::{Filter, MemoryHarness, Stress};

        const REPEAT: usize = 3;
        let ids = ["A1", "B2", "D14"];
        let stress = Stress::from_seed(5).with_repeat(REPEAT).with_parallel(2);
        let report = stress.run(MemoryHarness::new, &Filter::only(ids)?, |_| {});
        check!(!report.failed(), "side by side something fails:\n{}", report.table());
        let runs: Vec<_> = report.cases.iter().map(|case| (case.id, case.runs)).collect();
        check_eq!(runs, ids.map(|id| (id, REPEAT)), "how often each case ran");
        Ok(())
    }
    #[cfg(not(feature = "memory"))]
    Err(crate::check::Failure::skip("needs the memory backend (feature `memory`)"))
}
