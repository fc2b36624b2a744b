//! A circuit breaker around handlers.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pubsub_core::{HealthState, Limit};
use pubsub_layers::{CircuitBreaker, CircuitState};

use crate::check::{CaseResult, check, check_eq};
use crate::trial::{Notes, Trial};

const COUNT: usize = 6;
const FAILURES: u32 = 3;

/// F9: a circuit opens after so many failures, lets one message through when its time is over, and closes when that one
/// succeeds; meanwhile the messages stay where they are, lose no attempt, and health is degraded.
pub(crate) async fn opens_tries_and_closes(trial: &Trial) -> CaseResult {
    let (work, calls, changes) = (trial.work().await?, Notes::new(), Notes::new());
    let (noted, counted, told) = (calls.clone(), calls.clone(), changes.clone());
    let open_for = trial.ack_wait();
    let breaker = CircuitBreaker::new("bank")
        .with_failures(FAILURES)
        .with_open_for(open_for)
        .with_open_at_most(open_for * 2)
        .on_change(move |_, state| told.add((state.as_str(), counted.count())));
    let is_well = Arc::new(AtomicBool::new(false));
    let bank = Arc::clone(&is_well);
    let handler = move || {
        noted.add(());
        let is_well = bank.load(Ordering::Acquire);
        async move { if is_well { Ok(()) } else { Err(io::Error::other("the bank is down")) } }
    };
    for number in 0..COUNT {
        work.publish(&number.to_string(), "x").await?;
    }
    let router = work.router(handler)?.layer(breaker.clone());
    // However often the machine lets it try.
    let policy = work.retry().with_attempts(Limit::Unlimited).with_max_delay(work.delay());
    let worker = work.start(work.binding(router)?.with_concurrency(1).with_retry(policy));

    // It opens after the failures, and once more whenever the one that is let through has failed.
    let tried = || async { Ok(changes.count() >= 2) };
    trial.eventually("the circuit has let one through, and has opened again", tried).await?;
    let health = breaker.report(trial.broker().health().await);
    check_eq!(health.state, HealthState::Degraded, "the health meanwhile");
    check!(health.reasons.iter().any(|why| why.contains("bank")), "it does not name the circuit: {health:?}");
    let info = work.consumer.info().await?;
    check_eq!(info.pending + info.ack_pending, COUNT as u64, "the messages that are not settled");
    check_eq!(work.dead_letters().await?.len(), 0, "the dead letters meanwhile");

    is_well.store(true, Ordering::Release);
    work.is_settled().await?;
    let outcome = worker.stop().await?;
    check_eq!((outcome.done, outcome.dead_lettered), (COUNT as u64, 0), "what became of them");
    let mut changes = changes.all();
    check_eq!(changes.pop().map(|(state, _)| state), Some("closed"), "the last change");
    let expected: Vec<_> = (0..changes.len()).map(|more| ("open", FAILURES as usize + more)).collect();
    check_eq!(changes, expected, "when it opened, after how many calls");
    check_eq!(calls.count(), FAILURES as usize + changes.len() - 1 + COUNT, "the calls");
    check_eq!(breaker.state(), CircuitState::Closed, "the circuit at the end");
    work.consumer.drained();
    Ok(())
}
