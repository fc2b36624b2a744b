//! Which messages a consumer sees.

use std::time::Duration;

use pubsub_core::StreamName;

use crate::check::{CaseResult, check, check_eq};
use crate::trial::{TestConsumer, Trial};

/// How often each subject is published.
const ROUNDS: usize = 10;

/// D6: a filter is respected: two durable consumers of one stream get only what theirs match, counted exactly; one with
/// two filters gets both; one whose filter no subject of the stream matches gets nothing.
pub(crate) async fn are_respected(trial: &Trial) -> CaseResult {
    let stream = trial.create_stream(trial.stream_config("stream", &["a", "b.>", "c"])?).await?;
    let one = filtered(trial, &stream, "one", &["a"]).await?;
    let wild = filtered(trial, &stream, "wild", &["b.*"]).await?;
    let both = filtered(trial, &stream, "both", &["a", "b.x.deep"]).await?;
    let none = filtered(trial, &stream, "none", &["elsewhere"]).await?;

    for _ in 0..ROUNDS {
        for label in ["a", "b.x", "b.y", "b.x.deep", "c"] {
            trial.publish(label, label).await?;
        }
    }
    expect(trial, &one, &["a"]).await?;
    expect(trial, &wild, &["b.x", "b.y"]).await?;
    expect(trial, &both, &["a", "b.x.deep"]).await?;
    check_eq!(none.info().await?.pending, 0, "what waits for a filter outside the stream");

    // What matches no filter of `one` passes it by.
    trial.publish("b.x", "not for one").await?;
    trial.publish("c", "not for one").await?;
    one.stays_silent("a").await?;
    let nothing = none.fetch(1, Duration::ZERO).await?;
    check!(nothing.is_empty(), "a filter outside the stream got a message");
    one.drained();
    Ok(())
}

async fn filtered<'t>(
    trial: &'t Trial,
    stream: &StreamName,
    label: &str,
    filters: &[&str],
) -> CaseResult<TestConsumer<'t>> {
    let filters = filters.iter().map(|filter| trial.filter(filter)).collect::<Result<Vec<_>, _>>()?;
    trial.create_consumer(stream, trial.consumer_config(label)?.with_filters(filters)?).await
}

/// All rounds of these subjects, and nothing else.
async fn expect(trial: &Trial, consumer: &TestConsumer<'_>, labels: &[&str]) -> CaseResult {
    let pending = (labels.len() * ROUNDS) as u64;
    consumer.eventually("what matches is pending", |info| info.pending == pending).await?;
    let mut came = Vec::new();
    for delivery in consumer.take(labels.len() * ROUNDS).await? {
        came.push(delivery.subject().to_owned());
        delivery.ack().await?;
    }
    for label in labels {
        let subject = trial.subject(label)?;
        let of_subject = came.iter().filter(|came| subject == came.as_str()).count();
        check_eq!(of_subject, ROUNDS, "the messages on `{subject}`");
    }
    check_eq!(consumer.info().await?.pending, 0, "what is pending when all came");
    consumer.drained();
    Ok(())
}
