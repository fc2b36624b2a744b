//! Messages with a time to live of their own.

use std::time::Duration;

use pubsub_core::{
    Capability, ErrorKind, OutboundMessage, PublisherExt as _, Receipt, Result, StreamConfig, StreamName,
    TimeToLive,
};
use tokio::time::Instant;

use crate::check::{CaseResult, Failure, check, check_eq, refused_as};
use crate::harness::Clock;
use crate::trial::{TestConsumer, Trial};

/// The shortest that JetStream takes.
const SECOND: Duration = Duration::from_secs(1);

async fn publish(trial: &Trial, message: OutboundMessage) -> Result<Receipt> {
    trial.publisher().publish_message(message).await
}

/// E7: a message leaves at its time to live and not before, delivered or not; one that never expires outlives the stream's
/// age, and one that is to live longer than that does not; a stream that does not allow it refuses such messages.
pub(crate) async fn leaves_at_its_time(trial: &Trial) -> CaseResult {
    let stream = trial.create_stream(trial.stream_config("stream", &["a"])?.with_allow_message_ttl()).await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    let published = Instant::now();
    publish(trial, trial.message("a", "short")?.with_ttl(SECOND)).await?;
    publish(trial, trial.message("a", "in flight")?.with_ttl(SECOND)).await?;
    publish(trial, trial.message("a", "for ever")?.with_ttl(TimeToLive::Never)).await?;
    trial.publish("a", "plain").await?;

    let delivered = consumer.take(2).await?;
    check_eq!(trial.admin()?.stream_info(&stream).await?.messages, 4, "the messages before their time");
    leaves(trial, &stream, 2).await?;
    let lived = published.elapsed();
    // Timers have a granularity of a millisecond.
    check!(lived + Duration::from_millis(3) >= SECOND, "messages to live {SECOND:?} left after {lived:?}");
    check!(lived <= SECOND * 3 + trial.slack(), "messages to live {SECOND:?} left after {lived:?}");
    // Nothing is left of them to come again.
    drop(delivered);
    let left = consumer.take_and_ack(2).await?;
    let left: Vec<_> = left.iter().map(|info| (info.stream_sequence, info.attempt)).collect();
    check_eq!(left, [(3, 1), (4, 1)], "sequences and attempts of what has not expired");
    consumer.eventually("nothing is unsettled", |info| info.ack_pending == 0).await?;
    consumer.stays_silent("a").await?;
    consumer.drained();

    is_refused_where_it_is_not_allowed(trial).await?;
    never_outlives_the_age(trial).await
}

async fn leaves(trial: &Trial, stream: &StreamName, left: u64) -> CaseResult {
    let admin = trial.admin()?;
    let gone = || async { Ok(admin.stream_info(stream).await?.messages == left) };
    trial.eventually("what has outlived its time has left", gone).await
}

async fn is_refused_where_it_is_not_allowed(trial: &Trial) -> CaseResult {
    let stream = trial.create_stream(trial.stream_config("plain", &["plain"])?).await?;
    let outcome = publish(trial, trial.message("plain", "x")?.with_ttl(SECOND)).await;
    refused_as(outcome, ErrorKind::Config, Some(10166), "a time to live that the stream does not allow")?;
    let fraction = trial.message("a", "x")?.with_ttl(Duration::from_millis(1500));
    let outcome = publish(trial, fraction).await;
    refused_as(outcome, ErrorKind::InvalidInput, Some(10165), "a time to live of a fraction of a second")?;
    check_eq!(trial.admin()?.stream_info(&stream).await?.messages, 0, "the messages after the refusals");
    Ok(())
}

/// A stream whose messages live this long; without stream limits there is none.
fn aged(trial: &Trial, label: &str) -> CaseResult<Option<(StreamConfig, Duration)>> {
    if !trial.has(Capability::StreamLimits) {
        return Ok(None);
    }
    let age = match trial.clock() {
        Clock::Virtual => Duration::from_secs(60),
        Clock::Real => SECOND,
    };
    let config = trial.stream_config(label, &[&format!("{label}.*")])?.with_max_age(age);
    Ok(Some((config.with_allow_message_ttl(), age)))
}

async fn never_outlives_the_age(trial: &Trial) -> CaseResult {
    let Some((config, age)) = aged(trial, "aged")? else {
        return Ok(());
    };
    let stream = trial.create_stream(config).await?;
    let consumer = trial.consumer(&stream, "late").await?;
    publish(trial, trial.message("aged.a", "for ever")?.with_ttl(TimeToLive::Never)).await?;
    publish(trial, trial.message("aged.a", "longer")?.with_ttl(age * 10)).await?;
    trial.publish("aged.a", "plain").await?;
    // A time to live shortens what the stream's age allows; only "never" lengthens it (measured on nats-server 2.15.1).
    leaves(trial, &stream, 1).await?;
    let left = consumer.take_and_ack(1).await?;
    let left: Vec<_> = left.iter().map(|info| info.stream_sequence).collect();
    check_eq!(left, [1], "what outlives the stream's age");
    Ok(())
}

/// M14: where a stream wants markers, the expiry of a subject's last message by age leaves one: without payload, with its
/// reason, with a time to live of its own. Consumers get it.
pub(crate) async fn leaves_a_marker(trial: &Trial) -> CaseResult {
    let Some((config, age)) = aged(trial, "marked")? else {
        return Err(Failure::skip("needs `stream_limits`: without them nothing expires by age"));
    };
    let marked = SECOND * 2;
    let stream = trial.create_stream(config.with_subject_delete_marker_ttl(marked)).await?;
    trial.publish("marked.a", "first").await?;
    trial.publish("marked.a", "last").await?;
    let admin = trial.admin()?;
    let marker = || async {
        let info = admin.stream_info(&stream).await?;
        Ok((info.messages, info.last_sequence) == (1, 3))
    };
    trial.eventually("a marker stands for what has expired", marker).await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    let marker = read_marker(&consumer).await?;
    check_eq!(marker, (3, trial.subject("marked.a")?.to_string(), "MaxAge".to_owned()), "the marker");
    leaves(trial, &stream, 0).await?;
    check!(age < trial.patience(), "what is waited for is shorter than the patience of the case");
    Ok(())
}

async fn read_marker(consumer: &TestConsumer<'_>) -> CaseResult<(u64, String, String)> {
    let delivery = consumer.next().await?;
    check!(delivery.payload().is_empty(), "the marker has a payload of {} bytes", delivery.payload().len());
    let reason = delivery.headers().get("Nats-Marker-Reason").unwrap_or_default().to_owned();
    let read = (delivery.info().stream_sequence, delivery.subject().to_owned(), reason);
    delivery.ack().await?;
    Ok(read)
}
