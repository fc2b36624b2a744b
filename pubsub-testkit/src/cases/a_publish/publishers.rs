//! Which publisher, and to which subject.

use pubsub_core::publish::Confirm;
use pubsub_core::{Capability, ErrorKind, PublishOptions, PublisherExt as _, Subject};

use crate::check::{CaseResult, Failure, check, check_eq, refused_as, text};
use crate::trial::Trial;

/// A23: a publisher that was made before there was a stream works as well as one that was made afterwards, over each
/// connection, and the close of another connection does not touch it.
pub(crate) async fn made_before_or_after(trial: &Trial) -> CaseResult {
    let other = trial.another_connection().await?;
    let (early, early_elsewhere) = (trial.broker().publisher(), other.publisher());
    let message = trial.message("a", "too early")?;
    refused_as(
        early.publish_message(message).await,
        ErrorKind::NotFound,
        None,
        "a publish without a stream",
    )?;

    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    let (late, late_elsewhere) = (trial.broker().publisher(), other.publisher());
    let publishers = [early, early_elsewhere, late, late_elsewhere];
    let mut expected = Vec::new();
    for round in 0..5 {
        for (place, publisher) in publishers.iter().enumerate() {
            let payload = format!("publisher {place} round {round}");
            publisher.publish_message(trial.message("a", payload.clone())?).await?;
            expected.push(payload);
        }
    }
    other.close().await?;
    let [early, early_elsewhere, ..] = publishers;
    early.publish_message(trial.message("a", "after the other was closed")?).await?;
    expected.push("after the other was closed".to_owned());
    let outcome = early_elsewhere.publish_message(trial.message("a", "closed")?).await;
    refused_as(outcome, ErrorKind::Closed, None, "a publish over the connection that was closed")?;

    let mut came = Vec::new();
    for delivery in consumer.take(expected.len()).await? {
        came.push(text(delivery.payload()).into_owned());
        delivery.ack().await?;
    }
    check_eq!(came, expected, "the messages in the order of their publishes");
    consumer.stays_silent("a").await?;
    consumer.drained();
    Ok(())
}

/// A24: a subject that is computed for each message is checked then: a legal one is stored under exactly that text, where
/// consumers with wildcards see it; an illegal one never leaves the program. Nothing is normalised.
pub(crate) async fn computed_subjects(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let by_driver = trial.consumer_config("by-driver")?.with_filter(trial.filter("ride.*.position")?)?;
    let by_driver = trial.create_consumer(&stream, by_driver).await?;
    let everything = trial.consumer(&stream, "everything").await?;

    let legal = ["d-17", "D-17", "d_17", "m\u{fc}ller", "mu\u{308}ller", "d:17", "0"];
    let mut subjects = Vec::new();
    for driver in legal {
        let subject = trial.subject("ride")?.join(&Subject::new(format!("{driver}.position"))?)?;
        trial.publisher().publish(&subject, driver).await?;
        subjects.push(subject.to_string());
    }
    for driver in ["", "two words", "star*.>", "line\r\nbreak", "a..b", ".", "\u{200b}"] {
        let computed = trial.subject(&format!("ride.{driver}.position"));
        check!(computed.is_err(), "the subject of the driver {driver:?} was accepted");
    }
    for consumer in [&by_driver, &everything] {
        let mut came = Vec::new();
        for delivery in consumer.take(legal.len()).await? {
            came.push(delivery.subject().to_owned());
            delivery.ack().await?;
        }
        check_eq!(came, subjects, "the subjects that `{}` saw", trial.shorten(consumer.name().as_str()));
    }
    let info = trial.admin()?.stream_info(&stream).await?;
    check_eq!((info.messages, info.subjects), (7, 7), "the messages in the stream, and its subjects");
    by_driver.drained();
    everything.drained();
    Ok(())
}

/// A25: the options of a publish hold for that call alone, and what they do not set is the default; a value that the
/// backend cannot honour fails the publish, with nothing stored.
pub(crate) async fn options_of_one_call(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    let publish = |options: PublishOptions| {
        let message = trial.message("a", "x");
        async move { trial.publisher().publish_with(message?, options).await?.await.map_err(Failure::from) }
    };
    let patient = PublishOptions::default().with_timeout(trial.patience());
    let receipt = publish(patient.clone()).await?;
    check_eq!((receipt.sequence, receipt.duplicate), (Some(1), Some(false)), "what a receipt tells");
    let brief = publish(PublishOptions::default().with_confirm(Confirm::StoredOnly)).await?;
    check_eq!(brief.stream, stream, "the stream of a receipt that need not tell more");
    check!(
        brief.sequence.is_none_or(|sequence| sequence == 2),
        "the brief receipt tells {:?}",
        brief.sequence
    );
    let receipt = publish(PublishOptions::default()).await?;
    check_eq!((receipt.sequence, receipt.duplicate), (Some(3), Some(false)), "what the next receipt tells");

    let mut stored = 3;
    let again = PublishOptions::default().with_retry(true);
    if trial.has(Capability::PublishRetry) {
        let receipt = publish(again).await?;
        check_eq!(
            (receipt.sequence, receipt.duplicate),
            (Some(4), Some(false)),
            "a publish that may be tried again"
        );
        stored += 1;
    } else {
        let outcome = trial.publisher().publish_with(trial.message("a", "x")?, again.clone()).await;
        let what = "a publish that is to be tried again";
        let error = refused_as(outcome.map(drop), ErrorKind::Unsupported, None, what)?;
        check_eq!(error.context("field"), Some("retry"), "the field that the error names ({error})");
        for outcome in trial.publisher().publish_batch(vec![trial.message("a", "x")?], again).await {
            refused_as(outcome.map(drop), ErrorKind::Unsupported, None, what)?;
        }
    }
    publish(PublishOptions::default().with_retry(false)).await?;
    check_eq!(trial.admin()?.stream_info(&stream).await?.messages, stored + 1, "the messages in the stream");
    for delivery in consumer.take(usize::try_from(stored + 1).unwrap_or(usize::MAX)).await? {
        let has_id = delivery.headers().contains("Nats-Msg-Id");
        match delivery.info().stream_sequence {
            4 if stored == 4 => check!(has_id, "a publish that may be tried again has no message id"),
            last if last == stored + 1 => check!(!has_id, "one that may not be tried again has a message id"),
            _ => {}
        }
        delivery.ack().await?;
    }
    consumer.stays_silent("a").await?;
    consumer.drained();
    Ok(())
}
