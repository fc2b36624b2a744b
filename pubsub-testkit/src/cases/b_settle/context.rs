//! What a handler holds for its message.

use std::future::pending;
use std::time::Duration;

use pubsub_core::worker::{Attempt, Path, WorkerHandle};
use tokio::time::Instant;

use crate::check::{CaseResult, Failure, check, check_eq};
use crate::trial::{Notes, Trial, Work};

/// Longer than a case: what comes again did not wait for it.
const LONG: Duration = Duration::from_secs(90);

/// How soon after the close others have what it cut off, with room for a busy machine.
const SOON: Duration = Duration::from_secs(12);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Begun,
    Over,
    Settled,
}

type Noted = Notes<(Event, u32, u64)>;

/// What one attempt at one message holds: a lock, a transaction, a place.
struct Context {
    notes: Noted,
    message: u32,
    attempt: u64,
}

impl Context {
    fn begin(notes: &Noted, message: u32, attempt: u64) -> Self {
        notes.add((Event::Begun, message, attempt));
        Self { notes: notes.clone(), message, attempt }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        self.notes.add((Event::Over, self.message, self.attempt));
    }
}

/// B17: what a handler holds for its message is over before the message is settled, whether it ended by itself or by its
/// deadline, and before the next attempt begins; a close ends it too, and the message comes to others at once.
pub(crate) async fn ends_with_the_message(trial: &Trial) -> CaseResult {
    let work = trial.work().await?;
    settled(trial, &work).await?;
    closed(trial, &work).await
}

async fn settled(trial: &Trial, work: &Work<'_>) -> CaseResult {
    const LATE: u32 = 2;
    let notes = Noted::new();
    let begun = notes.clone();
    let handler = move |Path(number): Path<u32>, Attempt(attempt): Attempt| {
        let context = Context::begin(&begun, number, attempt);
        async move {
            let _context = context;
            if (number, attempt) == (LATE, 1) {
                pending::<()>().await;
            }
        }
    };
    work.publish("1", "x").await?;
    work.publish(&LATE.to_string(), "x").await?;
    let told = notes.clone();
    let binding = work.binding(work.router(handler)?)?.with_deadline(trial.ack_wait() / 2);
    let worker = work.worker(binding).after_settle(move |settled| {
        let number = settled.subject.rsplit('.').next().and_then(|token| token.parse().ok());
        told.add((Event::Settled, number.unwrap_or(0), settled.attempt));
    });
    let worker = work.start_worker(worker);
    work.is_settled().await?;
    let outcome = worker.stop().await?;
    check_eq!((outcome.done, outcome.retried), (2, 1), "what became of them");

    let notes = notes.all();
    let at = |event: Event, message: u32, attempt: u64| {
        let place = notes.iter().position(|note| *note == (event, message, attempt));
        place.ok_or_else(|| {
            Failure::new(format!("attempt {attempt} at {message} has no {event:?}: {notes:?}"))
        })
    };
    for (message, attempt) in [(1, 1), (LATE, 1), (LATE, 2)] {
        let (over, settled) = (at(Event::Over, message, attempt)?, at(Event::Settled, message, attempt)?);
        check!(over < settled, "{message} was settled before attempt {attempt} was over: {notes:?}");
    }
    check!(
        at(Event::Over, LATE, 1)? < at(Event::Begun, LATE, 2)?,
        "the second attempt began before the first was over: {notes:?}"
    );
    work.consumer.drained();
    Ok(())
}

async fn closed(trial: &Trial, work: &Work<'_>) -> CaseResult {
    let (notes, told) = (Noted::new(), Notes::new());
    let (begun, heard) = (notes.clone(), told.clone());
    let handler = move |worker: WorkerHandle, Attempt(attempt): Attempt| {
        let (context, heard) = (Context::begin(&begun, 3, attempt), heard.clone());
        async move {
            let _context = context;
            // What a handler has started elsewhere learns of the close too.
            tokio::spawn(async move {
                worker.stopping().await;
                heard.add(());
            });
            pending::<()>().await;
        }
    };
    let config = trial.consumer_config("closed")?.with_filter(trial.filter("work.3")?)?.with_ack_wait(LONG);
    let consumer = trial.create_consumer(&work.stream, config.clone()).await?;
    work.publish("3", "x").await?;
    let binding = work.binding_of(config, work.router(handler)?)?;
    let worker = work.start_worker(work.worker(binding).with_drain(trial.ack_wait() / 5));
    let has_begun = || async { Ok(notes.count() == 1) };
    trial.eventually("the handler has begun", has_begun).await?;
    let outcome = worker.stop().await?;
    let stopped = Instant::now();
    check_eq!(outcome.cut_off, 1, "what was cut off");
    check_eq!(
        notes.all(),
        [(Event::Begun, 3, 1), (Event::Over, 3, 1)],
        "what is over when the worker has ended"
    );
    let was_told = || async { Ok(told.count() == 1) };
    trial.eventually("what the handler has started is told of the close", was_told).await?;

    let came = consumer.take_and_ack(1).await?;
    let took = stopped.elapsed();
    check_eq!(came.first().map(|info| info.attempt), Some(2), "the attempt that comes to others");
    check!(took < SOON, "it took {took:?} until others had it; the ack wait is {LONG:?}");
    consumer.drained();
    Ok(())
}
