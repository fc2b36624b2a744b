//! How a worker tries again.

use std::io;
use std::time::Duration;

use pubsub_core::ErrorKind;
use pubsub_core::worker::{Attempt, Failure, Path};
use tokio::time::Instant;

use crate::check::{CaseResult, check, check_eq, refused_as};
use crate::trial::{Notes, Trial};

/// A real clock's answer may be read this much too early.
const TOLERANCE: Duration = Duration::from_millis(5);

/// C4: the delays between attempts grow by the factor, up to the longest; a random part makes them longer by half at most.
pub(crate) async fn delays_grow(trial: &Trial) -> CaseResult {
    let (work, calls) = (trial.work().await?, Notes::new());
    let noted = calls.clone();
    let handler = move || {
        noted.add(Instant::now());
        async { Err::<(), _>(io::Error::other("never")) }
    };
    // With its random part the longest is within the ack wait, for backends that keep a message no longer.
    let delay = work.delay() / 2;
    let mut policy = work.retry().with_first_delay(delay).with_attempts(5).with_max_delay(delay * 3);
    policy.jitter = true;
    work.publish("one", "x").await?;
    let worker = work.start(work.binding(work.router(handler)?)?.with_retry(policy));
    work.is_settled().await?;
    let outcome = worker.stop().await?;
    check_eq!((outcome.retried, outcome.dead_lettered), (4, 1), "what became of it");
    let calls = calls.all();
    for (pair, times) in calls.windows(2).zip([1, 2, 3, 3]) {
        let [before, after] = pair else { continue };
        let (waited, least) = (after.duration_since(*before), delay * times);
        check!(waited + TOLERANCE >= least, "it waited {waited:?}, to wait {least:?}");
        check!(waited < least * 2 + trial.patience() / 4, "it waited {waited:?}, to wait {least:?}");
    }
    work.consumer.drained();
    Ok(())
}

/// C7: a failure of which the handler says that it is final ends the message at its first attempt.
pub(crate) async fn final_is_final(trial: &Trial) -> CaseResult {
    let work = trial.work().await?;
    let handler = |Path(name): Path<String>| async move {
        if name == "hopeless" { Err(Failure::reject("nobody can handle this")) } else { Ok(()) }
    };
    for name in ["before", "hopeless", "after"] {
        work.publish(name, "x").await?;
    }
    let worker = work.start(work.binding(work.router(handler)?)?);
    work.is_settled().await?;
    let outcome = worker.stop().await?;
    check_eq!((outcome.done, outcome.retried, outcome.dead_lettered), (2, 0, 1), "what became of them");
    let letters: Vec<_> =
        work.dead_letters().await?.into_iter().map(|letter| (letter.attempts, letter.reason)).collect();
    check_eq!(letters, [(1, "nobody can handle this".to_owned())], "the dead letters");
    work.consumer.drained();
    Ok(())
}

/// C14: messages that wait for their retry hold no place: with as many of them as there are places, the next good one is
/// handled at once.
pub(crate) async fn waiting_holds_no_place(trial: &Trial) -> CaseResult {
    const PLACES: u32 = 2;
    let (work, handled) = (trial.work().await?, Notes::new());
    let noted = handled.clone();
    // Longer than all the rest takes, and shorter than what a case waits for.
    let (long, began) = (trial.patience() / 2, Instant::now());
    let handler = move |Path(number): Path<u32>, Attempt(attempt): Attempt| {
        let noted = noted.clone();
        async move {
            if number <= PLACES && attempt == 1 {
                return Err(Failure::retry_after(long, "later"));
            }
            noted.add((number, began.elapsed()));
            Ok(())
        }
    };
    for number in 1..=PLACES + 3 {
        work.publish(&number.to_string(), "x").await?;
    }
    let worker = work.start(work.binding(work.router(handler)?)?.with_concurrency(2));
    let good = || async { Ok(handled.count() >= 3) };
    trial.eventually("the good ones are handled", good).await?;
    let took = began.elapsed();
    check!(took < long, "the good ones waited {took:?} for the others, which wait {long:?}");
    check!(handled.all().iter().all(|(number, _)| *number > PLACES), "one of them did not wait");
    let outcome = worker.stop().await?;
    check_eq!((outcome.done, outcome.retried), (3, 2), "what became of them until then");
    Ok(())
}

/// C15: a worker of whom nobody has said what becomes of messages that are given up does not start.
pub(crate) async fn needs_a_destination(trial: &Trial) -> CaseResult {
    let work = trial.work().await?;
    work.publish("one", "x").await?;
    let unsaid = work.binding_without_dead_letters(work.router(|| async {})?)?;
    let outcome = trial.in_time("a worker that is refused", work.worker(unsaid).run()).await?;
    let error = refused_as(outcome, ErrorKind::Config, None, "a worker without a word on dead letters")?;
    check_eq!(error.context("field"), Some("dead_letters"), "the field that the error names ({error})");

    let said = work.binding_without_dead_letters(work.router(|| async {})?)?.discard_dead_letters();
    let worker = work.start(said);
    work.is_settled().await?;
    check_eq!(worker.stop().await?.done, 1, "what a worker handles that discards what it gives up");
    work.consumer.drained();
    Ok(())
}
