//! What travels beside the payload, and what does not.

use std::time::{Duration, SystemTime};

use pubsub_core::{Capability, MessageSelector, PublishOptions, PublisherExt as _};

use crate::check::{CaseResult, Failure, check, check_eq};
use crate::harness::Clock;
use crate::trial::{TestConsumer, Trial};

/// A20: there is no envelope: a message without any header is readable and gets none, and the headers of other programs
/// and of older ones arrive as they are, beside the untouched payload.
pub(crate) async fn is_none(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    let once = PublishOptions::default().with_retry(false);
    let bare = trial.message("a", r#"{"bare":true}"#)?;
    trial.publisher().publish_with(bare, once).await?.await?;
    let bare = consumer.next().await?;
    check_eq!(bare.headers().len(), 0, "the headers of a message that was published without any");
    check_eq!(bare.message_id(), None, "its message id");
    check_eq!(bare.payload().as_ref(), br#"{"bare":true}"#, "its payload");
    bare.ack().await?;

    let foreign = [
        ("content-type", "application/cloudevents+json; charset=UTF-8"),
        ("ce-specversion", "0.3"),
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ("X-Attempt", "3"),
        ("content-encoding", "gzip"),
        ("version", "unknown"),
    ];
    let mut message = trial.message("a", "not gzip")?;
    for (name, value) in foreign {
        message = message.with_header(name, value)?;
    }
    trial.publisher().publish_message(message).await?;
    let delivery = consumer.next().await?;
    let own = delivery.headers().clone().without_reserved();
    check_eq!(own.len(), foreign.len(), "the number of headers ({own:?})");
    for (name, value) in foreign {
        check_eq!(delivery.headers().get(name), Some(value), "the header `{name}`");
    }
    check_eq!(delivery.payload().as_ref(), b"not gzip", "the payload beside foreign headers");
    delivery.ack().await?;
    consumer.drained();
    Ok(())
}

/// A21: correlation id and source, which are headers, and the time of the publish, which is the broker's, are the same
/// for every consumer, at every attempt and in the store; the time of a later message is later by what passed between.
pub(crate) async fn facts_propagate(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let users = trial.consumer(&stream, "users").await?;
    let rides = trial.consumer(&stream, "rides").await?;
    let tagged = |number: usize| {
        trial
            .message("a", number.to_string())?
            .with_header("correlation-id", format!("c-{number}"))?
            .with_header("source", "ride-service")
            .map_err(Failure::from)
    };
    trial.publisher().publish_message(tagged(1)?).await?;
    let passed = trial.ack_wait() / 2;
    trial.pass(passed).await;
    trial.publisher().publish_message(tagged(2)?).await?;

    let first = facts(&users, 1).await?;
    check_eq!(facts(&rides, 1).await?, first, "the times of the messages for another consumer");
    check_eq!(facts(&users, 2).await?, first, "their times at attempt 2");
    check_eq!(facts(&rides, 2).await?, first, "their times at attempt 2 for another consumer");
    if trial.has(Capability::GetMessage) {
        for (sequence, time) in (1..).zip(first) {
            let stored = trial.admin()?.get_message(&stream, MessageSelector::Sequence(sequence)).await?;
            check_eq!(stored.published_at, time, "the time of message {sequence} in the store");
            check_eq!(stored.headers.get("source"), Some("ride-service"), "the source in the store");
        }
    }
    let [one, two] = first;
    let apart =
        two.duration_since(one).map_err(|_| Failure::new("the later message has the earlier time"))?;
    // On virtual time a store may take the real one for this.
    if trial.clock() == Clock::Real {
        check!(
            apart + Duration::from_millis(3) >= passed && apart < passed + trial.patience(),
            "the times of two messages are {apart:?} apart; {passed:?} passed between them"
        );
    }
    for consumer in [users, rides] {
        consumer.eventually("everything is settled", |info| info.ack_pending == 0).await?;
        consumer.drained();
    }
    Ok(())
}

/// Takes both messages at this attempt, compares their headers and tells their times. The first attempt is nakked, the
/// second acked.
async fn facts(consumer: &TestConsumer<'_>, attempt: u64) -> CaseResult<[SystemTime; 2]> {
    let mut deliveries = consumer.take(2).await?;
    deliveries.sort_by_key(|delivery| delivery.info().stream_sequence);
    let mut times = [SystemTime::UNIX_EPOCH; 2];
    for ((number, time), delivery) in (1..).zip(&mut times).zip(deliveries) {
        let info = delivery.info();
        check_eq!((info.stream_sequence, info.attempt), (number, attempt), "sequence and attempt");
        let correlation = format!("c-{number}");
        check_eq!(delivery.headers().get("correlation-id"), Some(correlation.as_str()), "the correlation id");
        check_eq!(delivery.headers().get("source"), Some("ride-service"), "the source");
        *time = info.published_at;
        if attempt == 1 {
            delivery.nak().await?;
        } else {
            delivery.ack().await?;
        }
    }
    Ok(times)
}
