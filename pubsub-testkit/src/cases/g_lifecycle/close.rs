//! What closing a connection ends.

use std::sync::Arc;

use futures::StreamExt as _;
use futures::future::join;
use pubsub_core::{Broker, ErrorKind, FetchOptions, PublisherExt as _, Result, StreamName, SubscribeOptions};

use crate::check::{CaseResult, Failure, check, check_eq, refused_as};
use crate::trial::{TestConsumer, Trial};

/// G1: to close a connection twice is as good as once; it ends a waiting fetch and a subscription at once; afterwards each
/// use of what came from it is refused as closed. Other connections and what they store are not touched, and what was
/// held unsettled comes again.
pub(crate) async fn twice_and_used_afterwards(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "worker").await?;
    let broker = trial.another_connection().await?;
    let worker = trial.open(&broker, &consumer).await?;
    let publisher = broker.publisher();
    publisher.publish(trial.subject("a")?, "held over the close").await?;
    let held = worker.next().await?;

    closing_ends_what_waits(trial, &broker, &worker).await?;
    trial.in_time("the second close", broker.close()).await??;

    closed(trial, "a publish", publisher.publish(trial.subject("a")?, "too late")).await?;
    closed(trial, "a fetch", worker.handle().fetch(FetchOptions::up_to(1))).await?;
    closed(trial, "the consumer's info", worker.handle().info()).await?;
    closed(trial, "a new consumer handle", broker.consumer(&stream, consumer.name())).await?;
    closed(trial, "an ack", held.ack()).await?;
    administration_is_closed(trial, &broker, &stream).await?;
    let mut deliveries = Arc::clone(worker.handle()).subscribe(SubscribeOptions::default());
    let after = trial.in_time("a subscription after the close", deliveries.next()).await?;
    check!(after.is_none(), "a subscription after the close gave {after:?} instead of its end");
    let health = trial.in_time("health after the close", broker.health()).await?;
    check!(!health.is_usable(), "after the close the health is {health:?}");
    check!(!health.reasons.is_empty(), "the health after the close gives no reason");
    trial.in_time("the third close", broker.close()).await??;

    let again = consumer.next().await?;
    check_eq!((again.info().stream_sequence, again.info().attempt), (1, 2), "what was held over the close");
    again.ack().await?;
    trial.publish("a", "afterwards").await?;
    consumer.take_and_ack(1).await?;
    check_eq!(trial.admin()?.stream_info(&stream).await?.messages, 2, "the messages in the stream");
    consumer.drained();
    Ok(())
}

async fn closing_ends_what_waits(
    trial: &Trial,
    broker: &Arc<dyn Broker>,
    worker: &TestConsumer<'_>,
) -> CaseResult {
    let mut deliveries = Arc::clone(worker.handle()).subscribe(SubscribeOptions::default());
    let fetch = worker.handle().fetch(FetchOptions::up_to(1).with_expires(trial.patience() * 4));
    let close = async {
        // So that both are under way. Nothing depends on it: the outcome has to be the same.
        trial.pass(trial.ack_wait() / 10).await;
        broker.close().await
    };
    let waiting = join(fetch, deliveries.next());
    let ((fetched, next), ended) =
        trial.in_time("a close with a fetch waiting", join(waiting, close)).await?;
    ended?;
    refused_as(fetched, ErrorKind::Closed, None, "a fetch that waits while the connection is closed")?;
    check!(next.is_none(), "a subscription gave {next:?} at the close instead of its end");
    Ok(())
}

async fn closed<T>(trial: &Trial, what: &str, call: impl Future<Output = Result<T>> + Send) -> CaseResult {
    let outcome = trial.in_time(what, call).await?;
    let error = refused_as(outcome, ErrorKind::Closed, None, what)?;
    check!(!error.is_effect_unknown(), "{what} after the close has an unknown effect: {error}");
    Ok(())
}

async fn administration_is_closed(
    trial: &Trial,
    broker: &Arc<dyn Broker>,
    stream: &StreamName,
) -> CaseResult {
    let admin = broker.admin().ok_or_else(|| Failure::new("the closed connection has no StreamAdmin"))?;
    closed(trial, "a stream's info", admin.stream_info(stream)).await?;
    let config = trial.stream_config("too-late", &["too-late"])?;
    closed(trial, "to create a stream", admin.create_stream(config)).await?;
    closed(trial, "to delete a stream", admin.delete_stream(stream)).await
}
