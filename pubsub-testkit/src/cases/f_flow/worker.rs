//! How much a worker does at once, and how fast.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use pubsub_core::worker::{BatchLimits, Path, RateLimit, Router, Verdict};
use tokio::time::{Instant, sleep};

use crate::check::{CaseResult, check, check_eq};
use crate::trial::{Notes, Trial, Work};

/// A real clock's answer may be read this much too early.
const TOLERANCE: Duration = Duration::from_millis(5);

async fn publish(work: &Work<'_>, count: usize) -> CaseResult {
    for number in 1..=count {
        work.publish(&number.to_string(), "x").await?;
    }
    Ok(())
}

/// F4: with a limit of one, and of several, so many handlers run at once, and never more.
pub(crate) async fn limit_is_reached_and_kept(trial: &Trial) -> CaseResult {
    const COUNT: usize = 12;
    let work = trial.work().await?;
    let mut before = 0;
    for limit in [1, 3] {
        let (running, peak) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (now, most) = (Arc::clone(&running), Arc::clone(&peak));
        // Long enough that the others come meanwhile.
        let time = trial.ack_wait() / 20;
        let handler = move || {
            let (now, most) = (Arc::clone(&now), Arc::clone(&most));
            async move {
                most.fetch_max(now.fetch_add(1, Ordering::AcqRel) + 1, Ordering::AcqRel);
                sleep(time).await;
                now.fetch_sub(1, Ordering::AcqRel);
            }
        };
        publish(&work, COUNT).await?;
        let worker = work.start(work.binding(work.router(handler)?)?.with_concurrency(limit));
        before += COUNT as u64;
        let floor = before;
        let settled = |info: &pubsub_core::ConsumerInfo| info.delivered.stream >= floor;
        work.consumer.eventually("everything has come", settled).await?;
        work.is_settled().await?;
        check_eq!(worker.stop().await?.done, COUNT as u64, "what was handled by {limit} at once");
        check_eq!(peak.load(Ordering::Acquire), limit, "the most handlers at once");
    }
    work.consumer.drained();
    Ok(())
}

/// F8: a rate limit lets so many attempts begin in its time, and then no more until that is over; those that wait for it use
/// up no attempt.
pub(crate) async fn rate_is_kept(trial: &Trial) -> CaseResult {
    const COUNT: usize = 6;
    let (work, begun) = (trial.work().await?, Notes::new());
    let noted = begun.clone();
    let each = trial.ack_wait() / 5;
    let handler = move || {
        let noted = noted.clone();
        async move { noted.add(Instant::now()) }
    };
    publish(&work, COUNT).await?;
    let router = work.router(handler)?.layer(RateLimit::new(1, each));
    let started = Instant::now();
    let worker = work.start(work.binding(router)?.with_concurrency(4));
    work.is_settled().await?;
    let outcome = worker.stop().await?;
    check_eq!((outcome.done, outcome.retried), (COUNT as u64, 0), "what became of them");
    let mut begun = begun.all();
    begun.sort_unstable();
    // From before the first: how late each of them was does not matter then.
    for (before, begun) in (0_u32..).zip(begun) {
        let since = begun.duration_since(started);
        check!(
            since + TOLERANCE >= each * before,
            "{before} and one more began within {since:?}, one each {each:?}"
        );
    }
    work.consumer.drained();
    Ok(())
}

/// F10: a handler of batches gets what has come when it is full or has waited long enough, and says of each message what
/// becomes of it: the failure of one is not that of the others.
pub(crate) async fn batches_by_size_and_time(trial: &Trial) -> CaseResult {
    const MOST: usize = 4;
    let (work, sizes) = (trial.work().await?, Notes::new());
    let noted = sizes.clone();
    let handler = move |rows: Vec<Path<u32>>| {
        noted.add(rows.len());
        let verdict = |Path(number)| {
            if number == 5 { Verdict::reject("five is refused") } else { Verdict::Done }
        };
        let verdicts: Vec<_> = rows.into_iter().map(verdict).collect();
        async move { verdicts }
    };
    let limits = BatchLimits::new(MOST, wait(trial));
    let router = Router::new().route_batch(&work.pattern()?, limits, handler)?;
    publish(&work, 10).await?;
    let worker = work.start(work.binding(router)?);
    work.is_settled().await?;
    let outcome = worker.stop().await?;
    check_eq!((outcome.done, outcome.dead_lettered, outcome.retried), (9, 1, 0), "what became of them");
    let sizes = sizes.all();
    check_eq!(sizes.iter().sum::<usize>(), 10, "the messages in batches of {sizes:?}");
    check!(sizes.iter().all(|size| *size <= MOST), "a batch was too large: {sizes:?}");
    check!(sizes.contains(&MOST), "no batch was full: {sizes:?}");
    work.consumer.drained();
    Ok(())
}

fn wait(trial: &Trial) -> Duration {
    trial.ack_wait() / 5
}
