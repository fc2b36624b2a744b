//! Delays that cannot be kept.

use std::io;
use std::time::Duration;

use pubsub_core::config::duration;
use pubsub_core::worker::{Binding, KeyBy, Path, RetryPolicy};
use pubsub_core::{Capability, ErrorKind};
use tokio::time::Instant;

use crate::check::{CaseResult, check, check_eq, refused_as};
use crate::trial::{Notes, Trial, Work};

/// A real clock's answer may be read this much too early.
const TOLERANCE: Duration = Duration::from_millis(5);

/// C12: a delay that the backend cannot keep is refused where it is configured, before anything is made or taken: one that is
/// longer than a broker can hold, and, where a waiting message cannot be extended, one beyond the ack wait; what is accepted
/// is kept.
pub(crate) async fn what_cannot_be_kept_is_refused(trial: &Trial) -> CaseResult {
    let too_long = duration::MAX + Duration::from_secs(1);
    let work = trial.work().await?;
    work.publish("one", "x").await?;
    consumers(trial, &work, too_long).await?;

    let endless = work.retry().with_max_delay(too_long);
    refused(trial, &work, work.binding(work.router(|| async {})?)?.with_retry(endless)).await?;
    let longer = trial.ack_wait() * 3 / 2;
    let once = |delay: Duration| work.retry().with_attempts(2).with_first_delay(delay).with_max_delay(delay);
    if trial.has(Capability::Extend) {
        return kept(&work, once(longer), longer).await;
    }
    let keyed = work.binding(work.router(|| async {})?)?.with_key(KeyBy::subject());
    refused(trial, &work, keyed.with_retry(once(longer))).await?;
    kept(&work, once(work.delay()), work.delay()).await
}

async fn consumers(trial: &Trial, work: &Work<'_>, too_long: Duration) -> CaseResult {
    let config = |label: &str| trial.consumer_config(label);
    let mut wanted = vec![("ack_wait", config("late")?.with_ack_wait(too_long))];
    if trial.has(Capability::Backoff) {
        wanted.push(("backoff", config("later")?.with_backoff([trial.ack_wait(), too_long])));
    }
    let admin = trial.admin()?;
    for (field, config) in wanted {
        let name = config.name.clone();
        let outcome = admin.create_consumer(&work.stream, config).await;
        let error = refused_as(outcome, ErrorKind::Config, None, "a consumer that waits for too long")?;
        check_eq!(error.context("field"), Some(field), "the field that the error names ({error})");
        if let Some(name) = name {
            let missing = admin.consumer_info(&work.stream, &name).await;
            refused_as(missing, ErrorKind::NotFound, None, "a look at the consumer that was refused")?;
        }
    }
    Ok(())
}

/// A worker with this does not begin.
async fn refused(trial: &Trial, work: &Work<'_>, binding: Binding) -> CaseResult {
    let outcome = trial.in_time("a worker that is refused", work.worker(binding).run()).await?;
    let error = refused_as(outcome, ErrorKind::Config, None, "a policy whose delay cannot be kept")?;
    check_eq!(error.context("field"), Some("max_delay"), "the field that the error names ({error})");
    check_eq!(work.consumer.info().await?.delivered.consumer, 0, "what the refused worker took");
    Ok(())
}

/// A message with a key waits in the worker for so long.
async fn kept(work: &Work<'_>, policy: RetryPolicy, delay: Duration) -> CaseResult {
    let calls = Notes::new();
    let noted = calls.clone();
    let handler = move |Path(_): Path<String>| {
        noted.add(Instant::now());
        let first = noted.count() == 1;
        async move { if first { Err(io::Error::other("not yet")) } else { Ok(()) } }
    };
    let binding = work.binding(work.router(handler)?)?.with_key(KeyBy::subject()).with_retry(policy);
    let worker = work.start(binding);
    work.is_settled().await?;
    let outcome = worker.stop().await?;
    check_eq!((outcome.done, outcome.retried), (1, 1), "what became of it");
    let calls = calls.all();
    let [first, second] = calls.as_slice() else {
        check!(false, "it was handled {} times, to be handled twice", calls.len());
        return Ok(());
    };
    let waited = second.duration_since(*first);
    check!(waited + TOLERANCE >= delay, "it waited {waited:?}, to wait {delay:?}");
    work.consumer.drained();
    Ok(())
}
