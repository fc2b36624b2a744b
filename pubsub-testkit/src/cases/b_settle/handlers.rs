//! What a worker makes of handlers that do not succeed.

use std::io;
use std::panic::resume_unwind;

use pubsub_core::worker::{Attempt, Json, Path};

use crate::check::{CaseResult, check, check_eq};
use crate::trial::{Notes, Trial};

/// B11: a handler that panics is a failure like any other: its message is tried again and then given up, and those beside it
/// are handled.
pub(crate) async fn panic_is_a_failure(trial: &Trial) -> CaseResult {
    let (work, calls) = (trial.work().await?, Notes::new());
    let noted = calls.clone();
    let handler = move |Path(number): Path<u32>| {
        noted.add(number);
        async move {
            if number == 2 {
                // As `panic!` does, without a word on standard error.
                resume_unwind(Box::new("number 2 is cursed"));
            }
        }
    };
    for number in 1..=4 {
        work.publish(&number.to_string(), "x").await?;
    }
    let worker = work.start(work.binding(work.router(handler)?)?);
    work.is_settled().await?;
    let outcome = worker.stop().await?;
    check_eq!((outcome.done, outcome.panicked, outcome.dead_lettered), (3, 3, 1), "what became of them");
    check_eq!(calls.all().iter().filter(|number| **number == 2).count(), 3, "the attempts of the cursed one");
    let letters = work.dead_letters().await?;
    check!(
        letters.iter().all(|letter| letter.reason.contains("number 2 is cursed")),
        "a dead letter does not tell of the panic: {letters:?}"
    );
    work.consumer.drained();
    Ok(())
}

/// B12: a message that the handler's arguments cannot be made of goes to the dead letters at its first attempt, once, and
/// does not come again.
pub(crate) async fn undecodable_is_given_up(trial: &Trial) -> CaseResult {
    let (work, read) = (trial.work().await?, Notes::new());
    let noted = read.clone();
    let handler = move |Json(number): Json<u32>| {
        noted.add(number);
        async {}
    };
    for (name, payload) in [("good", "1"), ("text", "no number"), ("large", "99999999999"), ("last", "2")] {
        work.publish(name, payload).await?;
    }
    let worker = work.start(work.binding(work.router(handler)?)?);
    work.is_settled().await?;
    let outcome = worker.stop().await?;
    check_eq!((outcome.done, outcome.retried, outcome.dead_lettered), (2, 0, 2), "what became of them");
    let mut numbers = read.all();
    numbers.sort_unstable();
    check_eq!(numbers, [1, 2], "what was read");
    let letters = work.dead_letters().await?;
    check_eq!(letters.len(), 2, "the dead letters");
    check!(letters.iter().all(|letter| letter.attempts == 1), "one had more than one attempt: {letters:?}");
    work.consumer.drained();
    Ok(())
}

/// B21: an error that a handler returns by `?` is a retry under the policy: the message is neither lost nor given up
/// before its attempts are.
pub(crate) async fn error_is_a_retry(trial: &Trial) -> CaseResult {
    let (work, attempts) = (trial.work().await?, Notes::new());
    let noted = attempts.clone();
    let handler = move |Attempt(attempt): Attempt| {
        noted.add(attempt);
        async move { if attempt < 3 { Err(io::Error::other("not yet")) } else { Ok(()) } }
    };
    work.publish("one", "x").await?;
    let worker = work.start(work.binding(work.router(handler)?)?);
    work.is_settled().await?;
    let outcome = worker.stop().await?;
    check_eq!((outcome.done, outcome.retried, outcome.dead_lettered), (1, 2, 0), "what became of it");
    check_eq!(attempts.all(), [1, 2, 3], "its attempts");
    work.consumer.drained();
    Ok(())
}
