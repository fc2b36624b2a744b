//! What becomes of a message by the type of an error.

use std::error::Error as StdError;
use std::fmt::{self, Display, Formatter};
use std::io;
use std::time::Duration;

use pubsub_core::worker::{ErrorClass, ErrorClasses, Failure, Path};
use tokio::time::Instant;

use crate::check::{CaseResult, check, check_eq};
use crate::trial::{Notes, Trial};

/// A real clock's answer may be read this much too early.
const TOLERANCE: Duration = Duration::from_millis(5);

/// The bank does not answer.
#[derive(Debug)]
struct NoAnswer;

/// The bank does not want the card.
#[derive(Debug)]
struct Declined(NoAnswer);

/// Something that was caused by no answer.
#[derive(Debug)]
struct Unpaid(NoAnswer);

impl Display for NoAnswer {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("no answer")
    }
}

impl Display for Declined {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("declined")
    }
}

impl Display for Unpaid {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("unpaid")
    }
}

impl StdError for NoAnswer {}

impl StdError for Declined {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.0)
    }
}

impl StdError for Unpaid {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.0)
    }
}

/// What a handler makes of each name.
fn charged(name: &str) -> Result<(), Failure> {
    match name {
        "declined" => Err(Declined(NoAnswer).into()),
        "unpaid" => Err(Unpaid(NoAnswer).into()),
        "other" => Err(io::Error::other("something else").into()),
        "said" => Err(Failure::reject("the handler has said so")),
        _ => Ok(()),
    }
}

/// K2: of what is said of errors by their type the most specific wins, in whatever order it was said: the error itself before
/// what caused it, the layer next to the handler before the one around it, and what the handler has said before all.
pub(crate) async fn most_specific_wins(trial: &Trial) -> CaseResult {
    let (work, calls) = (trial.work().await?, Notes::new());
    let noted = calls.clone();
    let handler = move |Path(name): Path<String>| {
        let again = noted.all().iter().any(|(other, _): &(String, Instant)| *other == name);
        noted.add((name.clone(), Instant::now()));
        async move { if again && name == "unpaid" { Ok(()) } else { charged(&name) } }
    };
    // Longer than the policy says.
    let later = work.delay() * 2;
    let inner = ErrorClasses::new()
        .of::<NoAnswer>(move |_| ErrorClass::RetryAfter(later))
        .of::<Declined>(|_| ErrorClass::Reject);
    let outer = ErrorClasses::new()
        .of::<Declined>(|_| ErrorClass::Retry)
        .of::<NoAnswer>(|_| ErrorClass::Reject)
        .otherwise(ErrorClass::Retry);
    for name in ["declined", "unpaid", "other", "said", "good"] {
        work.publish(name, "x").await?;
    }
    let worker = work.start(work.binding(work.router(handler)?.layer(inner).layer(outer))?);
    work.is_settled().await?;
    let outcome = worker.stop().await?;
    check_eq!((outcome.done, outcome.retried, outcome.dead_lettered), (2, 3, 3), "what became of them");
    let letters = work.dead_letters().await?;
    let mut letters: Vec<_> =
        letters.iter().map(|letter| (letter.reason.as_str(), letter.attempts)).collect();
    letters.sort_unstable();
    let expected = [("declined: no answer", 1), ("something else", 3), ("the handler has said so", 1)];
    check_eq!(letters, expected, "the dead letters and their attempts");

    let unpaid: Vec<_> =
        calls.all().into_iter().filter(|(name, _)| name == "unpaid").map(|(_, at)| at).collect();
    let [first, second] = unpaid.as_slice() else {
        check!(false, "the unpaid one was handled {} times, to be handled twice", unpaid.len());
        return Ok(());
    };
    let waited = second.duration_since(*first);
    check!(waited + TOLERANCE >= later, "it waited {waited:?}, to wait {later:?} as its cause's class says");
    work.consumer.drained();
    Ok(())
}
