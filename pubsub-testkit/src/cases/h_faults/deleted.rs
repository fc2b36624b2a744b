//! What goes away while it is in use.

use std::sync::Arc;
use std::time::Duration;

use pubsub_core::{Error, ErrorKind, FetchOptions, PublisherExt as _, Retry, StreamName};
use tokio::time::Instant;

use crate::check::{CaseResult, Failure, check, check_eq, refused_as};
use crate::trial::{TestConsumer, Trial};

/// The most time until who waits learns that it waits in vain.
const SOON: Duration = Duration::from_secs(5);

/// H10: when a consumer or its stream is deleted, a fetch that waits and a subscription learn it soon, by an error that
/// names them and need not be tried again, not by silence; a subscription then ends. What comes later is refused alike.
pub(crate) async fn is_an_error_and_not_silence(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let admin = trial.admin()?;
    let other = trial.consumer(&stream, "other").await?;
    let consumer = trial.consumer(&stream, "deleted").await?;
    learn(trial, &consumer, || async { admin.delete_consumer(&stream, consumer.name()).await }, 10014)
        .await?;
    // The other consumer of the stream is not touched.
    trial.publish("a", "for the other").await?;
    let came = other.take_and_ack(2).await?;
    check_eq!(came.len(), 2, "what the other consumer gets");
    other.eventually("everything is settled", |info| info.ack_pending == 0).await?;
    other.drained();

    learn(trial, &other, || async { admin.delete_stream(&stream).await }, 10059).await?;
    let outcome =
        trial.in_time("a publish", trial.publisher().publish_message(trial.message("a", "late")?)).await?;
    refused_as(outcome, ErrorKind::NotFound, None, "a publish to the deleted stream")?;
    Ok(())
}

/// Has a fetch and a subscription waiting, deletes, and sees what they learn.
async fn learn<F>(
    trial: &Trial,
    consumer: &TestConsumer<'_>,
    delete: impl FnOnce() -> F,
    code: u16,
) -> CaseResult
where
    F: Future<Output = pubsub_core::Result<()>> + Send,
{
    let mut subscription = consumer.subscribe(10);
    // It has begun for certain when its first message has come.
    trial.publish("a", "first").await?;
    subscription.next().await?.ack().await?;
    consumer.eventually("everything is settled", |info| info.ack_pending == 0 && info.pending == 0).await?;
    let handle = Arc::clone(consumer.handle());
    let options = FetchOptions::up_to(1).with_expires(trial.patience() * 4);
    let waiting = tokio::spawn(async move { handle.fetch(options).await });
    // So that it is under way. Nothing depends on it: the outcome has to be the same.
    trial.pass(trial.ack_wait() / 10).await;

    delete().await?;
    let deleted = Instant::now();
    let error = subscription.fails().await?;
    is_gone(&error, consumer.stream(), "a subscription")?;
    subscription.ends().await?;
    let fetched = trial.in_time("the fetch that waits", waiting).await?;
    let fetched = fetched.map_err(|error| Failure::new(format!("the fetch panicked: {error}")))?;
    let error = refused_as(fetched, ErrorKind::NotFound, None, "a fetch of what was deleted meanwhile")?;
    is_gone(&error, consumer.stream(), "a fetch")?;
    let took = deleted.elapsed();
    check!(took < SOON + trial.slack(), "it took {took:?} until who waited learnt of the deletion");

    let later = trial.in_time("a later fetch", consumer.handle().fetch(FetchOptions::up_to(1))).await?;
    let error = refused_as(later, ErrorKind::NotFound, None, "a fetch of what is deleted")?;
    is_gone(&error, consumer.stream(), "a later fetch")?;
    let info = consumer.handle().info().await;
    refused_as(info, ErrorKind::NotFound, Some(code), "to look at what is deleted")?;
    let mut later = consumer.subscribe(10);
    is_gone(&later.fails().await?, consumer.stream(), "a later subscription")?;
    later.ends().await
}

fn is_gone(error: &Error, stream: &StreamName, what: &str) -> CaseResult {
    check_eq!(error.kind(), ErrorKind::NotFound, "the kind of the error of {what} ({error})");
    check_eq!(error.retry(), Retry::Never, "whether {what} may be tried again ({error})");
    check_eq!(
        error.context("stream"),
        Some(stream.as_str()),
        "the stream that the error of {what} names ({error})"
    );
    Ok(())
}
