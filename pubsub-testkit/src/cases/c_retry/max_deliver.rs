//! How often a message is tried.

use pubsub_core::{ConsumerConfig, ErrorKind, Limit};

use crate::check::{CaseResult, check, check_eq, refused_as};
use crate::trial::Trial;

/// C2: a message is delivered `max_deliver` times, whether its attempts end by nak or by ack wait, and then no more. It
/// stays in the stream, and the messages behind it come.
pub(crate) async fn is_the_number_of_attempts(trial: &Trial) -> CaseResult {
    const MOST: u32 = 3;
    let stream = trial.stream().await?;
    let config = trial.consumer_config("reader")?.with_max_deliver(MOST);
    let consumer = trial.create_consumer(&stream, config).await?;

    let nakked = trial.publish("a", "nakked").await?.sequence;
    for attempt in 1..=u64::from(MOST) {
        let delivery = consumer.next().await?;
        let came = (Some(delivery.info().stream_sequence), delivery.info().attempt);
        check_eq!(came, (nakked, attempt), "sequence and attempt of what is nakked");
        delivery.nak().await?;
    }

    let expiring = trial.publish("a", "never settled").await?.sequence;
    let mut held = Vec::new();
    for attempt in 1..=u64::from(MOST) {
        let delivery = consumer.next().await?;
        let came = (Some(delivery.info().stream_sequence), delivery.info().attempt);
        check_eq!(came, (expiring, attempt), "sequence and attempt of what is not settled");
        held.push(delivery);
    }

    consumer.stays_silent("a").await?;
    consumer.eventually("nothing is unsettled any more", |info| info.ack_pending == 0).await?;
    let stored = trial.admin()?.stream_info(&stream).await?.messages;
    check_eq!(stored, 3, "the messages in the stream, the exhausted ones included");
    consumer.drained();
    Ok(())
}

/// C3: a `max_deliver` of 0 is refused and makes nothing; without a word there is a limit; unlimited has to be said, and
/// then there is none.
pub(crate) async fn zero_is_refused(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let admin = trial.admin()?;

    let zero = trial.consumer_config("zero")?.with_max_deliver(0);
    let outcome = admin.create_consumer(&stream, zero).await;
    let error = refused_as(outcome, ErrorKind::Config, None, "a max_deliver of 0")?;
    check_eq!(error.context("field"), Some("max_deliver"), "the field that the error names ({error})");
    check!(error.remedy().is_some(), "the error has no remedy: {error}");
    let made = admin.consumer_info(&stream, &trial.consumer_name("zero")?).await;
    refused_as(made, ErrorKind::NotFound, Some(10014), "to look at a consumer that was refused")?;

    let mut silent = trial.consumer_config("silent")?;
    silent.max_deliver = ConsumerConfig::ephemeral().max_deliver;
    check!(!silent.max_deliver.is_unlimited(), "without a word, max_deliver is unlimited");
    let info = admin.create_consumer(&stream, silent.clone()).await?;
    check_eq!(info.config.max_deliver, silent.max_deliver, "the max_deliver that nobody chose");

    let unlimited = trial.consumer_config("unlimited")?.with_max_deliver(Limit::Unlimited);
    let consumer = trial.create_consumer(&stream, unlimited).await?;
    check!(consumer.info().await?.config.max_deliver.is_unlimited(), "unlimited was not kept");
    trial.publish("a", "again and again").await?;
    for attempt in 1..=20 {
        let delivery = consumer.next().await?;
        check_eq!(delivery.info().attempt, attempt, "the attempt of the next delivery");
        delivery.nak().await?;
    }
    consumer.next().await?.ack().await?;
    consumer.drained();
    Ok(())
}
