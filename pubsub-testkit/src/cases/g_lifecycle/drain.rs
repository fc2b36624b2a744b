//! How a worker stops.

use std::time::Duration;

use pubsub_core::worker::Path;
use tokio::time::{Instant, sleep};

use crate::check::{CaseResult, check, check_eq};
use crate::trial::{Notes, Trial};

/// Longer than a case: what comes again did not wait for it.
const LONG: Duration = Duration::from_secs(90);

/// How soon after the stop others have what it gave back, with room for a busy machine.
const SOON: Duration = Duration::from_secs(12);

/// G8: a worker that is told to stop finishes what runs, gives back what has not begun, and cuts off what is not finished when
/// its time is over; what was given back and what was cut off comes to others at once, long before an ack wait is over.
pub(crate) async fn deadline_gives_back_at_once(trial: &Trial) -> CaseResult {
    const COUNT: usize = 6;
    let (work, begun) = (trial.work().await?, Notes::new());
    let noted = begun.clone();
    let (short, long) = (trial.ack_wait() / 5, trial.ack_wait() * 1000);
    let handler = move |Path(number): Path<usize>| {
        noted.add(number);
        sleep(if number == 1 { long } else { short })
    };
    for number in 1..=COUNT {
        work.publish(&number.to_string(), "x").await?;
    }
    let config = trial.consumer_config("drained")?.with_filter(trial.filter("work.*")?)?.with_ack_wait(LONG);
    let consumer = trial.create_consumer(&work.stream, config.clone()).await?;
    let binding = work.binding_of(config, work.router(handler)?)?.with_concurrency(2).with_prefetch(COUNT);
    let binding = binding.with_deadline(long * 2);
    let worker = work.start_worker(work.worker(binding).with_drain(short * 10));
    let two = || async { Ok(begun.count() == 2) };
    trial.eventually("two have begun", two).await?;
    let outcome = worker.stop().await?;
    let stopped = Instant::now();
    check_eq!((outcome.done, outcome.cut_off), (1, 1), "what was finished, and what was cut off");
    check_eq!(begun.count(), 2, "the handlers that have begun");

    let mut came: Vec<_> =
        consumer.take_and_ack(COUNT - 1).await?.iter().map(|info| info.stream_sequence).collect();
    let took = stopped.elapsed();
    came.sort_unstable();
    check_eq!(came, [1, 3, 4, 5, 6], "what comes to others");
    check!(took < SOON, "it took {took:?} until others had it; the ack wait is {LONG:?}");
    consumer.drained();
    Ok(())
}
