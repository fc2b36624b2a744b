//! What the broker tells of messages that were given up.

use futures::stream::BoxStream;
use pubsub_core::{Advisory, Capability, CoreMessage, Limit, Result, StreamName, SubjectFilter, Terminated};

use crate::check::{CaseResult, Failure, check_eq};
use crate::trial::{Trial, listening};

/// M17: the broker tells of a message that has used up its attempts, of one that was ended, with the reason, and of one that
/// left its stream while it was unsettled; with stream, consumer, sequence and attempts.
pub(crate) async fn are_told(trial: &Trial) -> CaseResult {
    let core = trial.broker().core().ok_or_else(|| Failure::new("advisories are plain messages"))?;
    let [given_up, ended] = Advisory::FILTERS;
    let mut given_up = core.subscribe(SubjectFilter::new(given_up)?, Default::default()).await?;
    let mut ended = core.subscribe(SubjectFilter::new(ended)?, Default::default()).await?;
    core.flush().await?;

    let stream = trial.stream().await?;
    let config = trial.consumer_config("worker")?.with_max_deliver(Limit::At(2));
    let consumer = trial.create_consumer(&stream, config).await?;
    trial.publish_many("a", 2).await?;
    for _ in 0..2 {
        let mut both = consumer.take(2).await?;
        // The second is done; the first is left to its ack wait.
        if let Some(second) = both.pop().filter(|second| second.info().attempt == 2) {
            second.term("it makes no sense").await?;
        }
    }
    let Advisory::Terminated(told) = of_stream(trial, &mut ended, &stream).await? else {
        return Err(Failure::new("the advisory about an ended message is none"));
    };
    check_eq!(told.consumer, *consumer.name(), "the consumer");
    check_eq!((told.stream_sequence, told.deliveries), (2, 2), "sequence and attempts of what was ended");
    check_eq!(told.reason.as_deref(), Some("it makes no sense"), "why it was ended");
    // Somebody has to ask.
    let came = consumer.fetch(1, trial.ack_wait() * 2).await?;
    check_eq!(came.len(), 0, "what comes after the last attempt");
    let Advisory::MaxDeliver(told) = of_stream(trial, &mut given_up, &stream).await? else {
        return Err(Failure::new("the advisory about an exhausted message is none"));
    };
    check_eq!((told.stream_sequence, told.deliveries), (1, 2), "sequence and attempts of what was given up");
    check_eq!(told.consumer, *consumer.name(), "the consumer");

    if trial.has(Capability::StreamLimits) {
        removed(trial, &mut ended).await?;
    }
    Ok(())
}

/// By a limit, while it is unsettled: nobody has ended it.
async fn removed(trial: &Trial, ended: &mut BoxStream<'static, Result<CoreMessage>>) -> CaseResult {
    let config = trial.stream_config("small", &["small"])?.with_max_messages(1);
    // The other stream of this case has all its subjects.
    trial.admin()?.delete_stream(&trial.stream_name("stream")?).await?;
    let stream = trial.create_stream(config).await?;
    let consumer = trial.consumer(&stream, "small").await?;
    trial.publish("small", "removed").await?;
    let held = consumer.next().await?;
    trial.publish("small", "the next one").await?;
    let Advisory::Terminated(told) = of_stream(trial, ended, &stream).await? else {
        return Err(Failure::new("the advisory about a removed message is none"));
    };
    check_eq!(told.stream_sequence, 1, "the sequence of what was removed");
    check_eq!(told.reason.as_deref(), Some(Terminated::REMOVED), "why");
    drop(held);
    consumer.take_and_ack(1).await?;
    Ok(())
}

/// The next advisory about this stream: others may use the broker too.
async fn of_stream(
    trial: &Trial,
    heard: &mut BoxStream<'static, Result<CoreMessage>>,
    stream: &StreamName,
) -> CaseResult<Advisory> {
    loop {
        let message = listening::next(trial, heard).await?;
        let advisory = Advisory::parse(&message.payload)?;
        if advisory.as_ref().map(Advisory::stream) == Some(stream) {
            return advisory.ok_or_else(|| Failure::new("no advisory"));
        }
    }
}
