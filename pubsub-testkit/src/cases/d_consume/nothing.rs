//! Fetching where there is nothing.

use std::time::Duration;

use futures::future::try_join_all;
use pubsub_core::{Capability, FetchOptions};
use tokio::time::Instant;

use crate::check::{CaseResult, check, check_eq};
use crate::trial::{TestConsumer, Trial};

const EXPIRES: Duration = Duration::from_millis(200);

/// D15: a fetch that finds nothing is empty at its deadline and no error: on an empty stream, where nothing matches, when
/// everything is acked, when no more may be unsettled, several at once and one after the other. The next message then
/// comes as if nothing had been.
pub(crate) async fn is_empty_at_its_deadline(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let config = trial.consumer_config("reader")?.with_filter(trial.filter("a")?)?;
    let reader = trial.create_consumer(&stream, config).await?;
    empty(&reader, "an empty stream").await?;
    trial.publish("b", "not for this reader").await?;
    empty(&reader, "a stream where nothing matches").await?;
    trial.publish("a", "x").await?;
    reader.take_and_ack(1).await?;
    reader.eventually("it is settled", |info| info.ack_pending == 0).await?;
    empty(&reader, "a stream whose messages are acked").await?;

    let several = (0..4).map(|_| empty(&reader, "a stream that others ask too"));
    try_join_all(several).await?;
    let late = trial.publish("a", "after many empty fetches").await?.sequence;
    let delivery = reader.next().await?;
    check_eq!(Some(delivery.info().stream_sequence), late, "what comes after many empty fetches");
    delivery.ack().await?;
    if trial.has(Capability::MaxAckPending) {
        at_the_bound(trial, &stream).await?;
    }
    reader.drained();
    Ok(())
}

async fn empty(reader: &TestConsumer<'_>, what: &str) -> CaseResult {
    let slack = reader.trial().slack();
    for expires in [EXPIRES, Duration::ZERO] {
        let asked = Instant::now();
        let options = FetchOptions::up_to(10).with_expires(expires);
        let came = reader.handle().fetch(options).await?;
        let took = asked.elapsed();
        check!(came.is_empty(), "a fetch on {what} got {} messages", came.len());
        check!(
            took + Duration::from_millis(5) >= expires,
            "a fetch on {what} returned after {took:?} of {expires:?}"
        );
        check!(took < expires + slack, "a fetch on {what} returned after {took:?} of {expires:?}");
    }
    Ok(())
}

async fn at_the_bound(trial: &Trial, stream: &pubsub_core::StreamName) -> CaseResult {
    let config = trial
        .consumer_config("bounded")?
        .with_filter(trial.filter("b")?)?
        .with_max_ack_pending(1)
        .with_ack_wait(trial.patience() * 4);
    let bounded = trial.create_consumer(stream, config).await?;
    trial.publish("b", "waits for room").await?;
    let held = bounded.next().await?;
    empty(&bounded, "a consumer that may leave no more unsettled").await?;
    held.ack().await?;
    bounded.take_and_ack(1).await?;
    bounded.drained();
    Ok(())
}
