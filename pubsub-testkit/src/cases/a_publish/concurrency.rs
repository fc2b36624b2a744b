//! Many at a time.

use futures::future::try_join_all;
use pubsub_core::{OutboundMessage, PublishOptions, PublisherExt as _};

use crate::check::{CaseResult, Failure};
use crate::trial::Trial;

const PUBLISHERS: usize = 20;
const MESSAGES: usize = 500;

/// A9: of twenty publishers with 500 messages each nothing is lost, and each one's order is kept.
pub(crate) async fn publishers(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    // Longer than the handling of whole batches can take.
    let config = trial.consumer_config("reader")?.with_ack_wait(trial.patience());
    let consumer = trial.create_consumer(&stream, config).await?;
    let mut publishing = Vec::new();
    for number in 0..PUBLISHERS {
        let publisher = trial.broker().publisher();
        let subject = trial.subject(&format!("publisher-{number}"))?;
        publishing.push(spawn(async move {
            let mut pending = Vec::with_capacity(MESSAGES);
            for message in 0..MESSAGES {
                let message = OutboundMessage::new(&subject, message.to_string())?;
                pending.push(publisher.publish_with(message, PublishOptions::default()).await?);
            }
            try_join_all(pending).await?;
            Ok(())
        }));
    }
    consumer.take_and_ack(PUBLISHERS * MESSAGES).await?;
    try_join_all(publishing).await?;
    consumer.drained();
    Ok(())
}

const SUBJECTS: usize = 20;
const EACH: usize = 25;

/// A10: twenty tasks at once each make a consumer of their own subject, publish to it and consume what they published.
pub(crate) async fn subjects(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let one_subject = |number: usize| {
        let stream = stream.clone();
        async move {
            let label = format!("subject-{number}");
            let config = trial.consumer_config(&label)?.with_filter(trial.subject(&label)?)?;
            let consumer = trial.create_consumer(&stream, config).await?;
            let publisher = trial.broker().publisher();
            for message in 0..EACH {
                publisher.publish_message(trial.message(&label, message.to_string())?).await?;
            }
            consumer.take_and_ack(EACH).await?;
            consumer.drained();
            Ok::<_, Failure>(())
        }
    };
    try_join_all((0..SUBJECTS).map(one_subject)).await?;
    Ok(())
}

/// Runs from now on, on a task of its own, so that a runtime with threads really runs it beside the others.
fn spawn(task: impl Future<Output = CaseResult> + Send + 'static) -> impl Future<Output = CaseResult> {
    let task = tokio::spawn(task);
    async move { task.await.map_err(|error| Failure::new(format!("a task panicked: {error}")))? }
}
