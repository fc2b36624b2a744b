//! Stopping from within.

use pubsub_core::worker::{Path, WorkerHandle};

use crate::check::{CaseResult, check, check_eq};
use crate::trial::{Notes, Trial};

/// D19: a handler can stop the worker that runs it: it is still finished and its message settled, nothing further begins, and
/// what the worker held goes to others at once.
pub(crate) async fn from_inside_a_handler(trial: &Trial) -> CaseResult {
    const COUNT: usize = 8;
    let (work, handled) = (trial.work().await?, Notes::new());
    let noted = handled.clone();
    let handler = move |Path(number): Path<usize>, worker: WorkerHandle| {
        noted.add(number);
        async move {
            if number == 3 {
                worker.stop();
            }
        }
    };
    for number in 1..=COUNT {
        work.publish(&number.to_string(), "x").await?;
    }
    let worker = work.start(work.binding(work.router(handler)?)?.with_concurrency(1));
    let outcome = worker.ends().await?;
    let handled = handled.all();
    check!(handled.contains(&3) && handled.len() < COUNT, "it handled {handled:?}, to stop at 3");
    check_eq!(outcome.done, handled.len() as u64, "what it has settled");
    check!(outcome.errors.is_empty(), "it ended with an error: {:?}", outcome.errors);
    let rest = work.consumer.take_and_ack(COUNT - handled.len()).await?;
    check!(rest.iter().all(|info| info.stream_sequence > 3), "what came to others was settled: {rest:?}");
    work.consumer.drained();
    Ok(())
}
