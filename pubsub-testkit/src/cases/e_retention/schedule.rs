//! Messages that the broker publishes at their time.

use std::time::Duration;

use pubsub_core::{
    Capability, Delivery, ErrorKind, MessageSelector, OutboundMessage, PublisherExt as _, Purge, Receipt,
    Result, Schedule, StreamName,
};
use tokio::time::Instant;

use crate::check::{CaseResult, check, check_eq, refused_as, text};
use crate::harness::Clock;
use crate::trial::{TestConsumer, Trial};
use crate::twin;

/// How much later than asked for the product may come: servers look at the full second.
const SOON: Duration = Duration::from_secs(2);

/// How far ahead schedules are.
fn ahead(trial: &Trial) -> Duration {
    match trial.clock() {
        // Within the case's patience, twice over.
        Clock::Virtual => Duration::from_secs(240),
        Clock::Real => Duration::from_secs(1),
    }
}

async fn publish(trial: &Trial, message: OutboundMessage) -> Result<Receipt> {
    trial.publisher().publish_message(message).await
}

/// A message that is published to `due.a` so far from now.
fn scheduled(
    trial: &Trial,
    label: &str,
    payload: &'static str,
    ahead: Duration,
) -> CaseResult<OutboundMessage> {
    let schedule = Schedule::at(trial.wall_clock() + ahead, trial.subject("due.a")?)?;
    Ok(trial.message(label, payload)?.with_schedule(schedule))
}

async fn stream_and_readers<'t>(
    trial: &'t Trial,
) -> CaseResult<(StreamName, TestConsumer<'t>, TestConsumer<'t>)> {
    let config = trial.stream_config("stream", &["plan.*", "due.*"])?.with_allow_schedules();
    let stream = trial.create_stream(config).await?;
    let due = trial.consumer_config("due")?.with_filter(trial.filter("due.*")?)?;
    let due = trial.create_consumer(&stream, due).await?;
    let all = trial.consumer(&stream, "all").await?;
    Ok((stream, due, all))
}

/// E8: a scheduled message comes on its target not before its time, soon after, once, with its headers and without its id
/// and its schedule; the schedule itself is seen only by consumers that its subject matches, and is gone afterwards.
pub(crate) async fn produces_once_at_its_time(trial: &Trial) -> CaseResult {
    let (stream, due, all) = stream_and_readers(trial).await?;
    let (began, ahead) = (Instant::now(), ahead(trial));
    let message = scheduled(trial, "plan.a", "the reminder", ahead)?.with_header("Color", "blue")?;
    let planned = publish(trial, message).await?;
    check_eq!(planned.sequence, Some(1), "the sequence of the schedule");
    let schedule = all.next().await?;
    check_eq!(text(schedule.payload()), "the reminder", "what a consumer of everything sees at once");
    check!(schedule.headers().get("Nats-Schedule").is_some(), "the schedule does not say that it is one");
    schedule.ack().await?;

    let product = came_at(&due, began, ahead).await?;
    check_eq!(product.subject(), trial.subject("due.a")?.as_str(), "where the product came");
    check_eq!(product.headers().get("Color"), Some("blue"), "the header of the product");
    check!(product.headers().get("Nats-Scheduler").is_some(), "the product does not name its schedule");
    check!(product.headers().get("Nats-Schedule").is_none(), "the product is a schedule itself");
    product.ack().await?;
    let admin = trial.admin()?;
    let gone = || async { Ok(admin.stream_info(&stream).await?.messages == 1) };
    trial.eventually("the schedule has left when it was done", gone).await?;
    due.stays_silent("due.b").await?;
    due.drained();
    targets_are_checked(trial).await
}

/// The next message, which has to come in its time.
async fn came_at(consumer: &TestConsumer<'_>, began: Instant, ahead: Duration) -> CaseResult<Delivery> {
    let delivery = consumer.next().await?;
    let waited = began.elapsed();
    check!(waited + Duration::from_millis(3) >= ahead, "it came after {waited:?}, to come after {ahead:?}");
    check!(
        waited < ahead + SOON + consumer.trial().slack(),
        "it came after {waited:?}, to come after {ahead:?}"
    );
    Ok(delivery)
}

/// The target is another subject of the same stream, and the stream must allow schedules.
async fn targets_are_checked(trial: &Trial) -> CaseResult {
    let later = trial.wall_clock() + Duration::from_secs(3600);
    let own = trial.message("plan.b", "x")?.with_schedule(Schedule::at(later, trial.subject("plan.b")?)?);
    let outcome = publish(trial, own).await;
    refused_as(outcome, ErrorKind::InvalidInput, Some(10190), "a schedule for its own subject")?;
    let outside = Schedule::at(later, trial.subject("elsewhere")?)?;
    let outcome = publish(trial, trial.message("plan.b", "x")?.with_schedule(outside)).await;
    check!(outcome.is_err(), "a schedule for a subject of no stream was accepted: {outcome:?}");

    trial.create_stream(trial.stream_config("plain", &["plain.*"])?).await?;
    let schedule = Schedule::at(later, trial.subject("plain.due")?)?;
    let outcome = publish(trial, trial.message("plain.plan", "x")?.with_schedule(schedule)).await;
    refused_as(outcome, ErrorKind::Config, Some(10188), "a schedule that the stream does not allow")?;
    Ok(())
}

/// M15: a second schedule on a subject replaces the first, and a purge of the subject cancels it; a time that has passed is
/// at once.
pub(crate) async fn is_replaced_and_cancelled(trial: &Trial) -> CaseResult {
    let (stream, due, all) = stream_and_readers(trial).await?;
    let (began, ahead) = (Instant::now(), ahead(trial));
    publish(trial, scheduled(trial, "plan.a", "first", ahead)?).await?;
    publish(trial, scheduled(trial, "plan.a", "second", ahead * 2)?).await?;
    publish(trial, scheduled(trial, "plan.b", "cancelled", ahead)?).await?;
    let held = trial.admin()?.stream_info(&stream).await?.messages;
    check_eq!(held, 2, "the schedules after one was replaced");
    let purge = Purge::all().with_filter(trial.filter("plan.b")?)?;
    trial.admin()?.purge_stream(&stream, purge).await?;

    let product = came_at(&due, began, ahead * 2).await?;
    check_eq!(text(product.payload()), "second", "what came of the two on one subject");
    product.ack().await?;
    let passed = Schedule::at(trial.wall_clock() - ahead, trial.subject("due.a")?)?;
    publish(trial, trial.message("plan.c", "late")?.with_schedule(passed)).await?;
    let product = due.next().await?;
    check_eq!(text(product.payload()), "late", "what was due before it was said");
    product.ack().await?;
    due.stays_silent("due.b").await?;
    // What it saw of the schedules depends on when it looked.
    drop(all);
    Ok(())
}

/// M16: a schedule with an interval produces again and again until it is purged; its product may have a time to live, and
/// the payload of another subject.
pub(crate) async fn recurs(trial: &Trial) -> CaseResult {
    const TIMES: usize = 3;
    let second = Duration::from_secs(1);
    let mut config = trial.stream_config("stream", &["plan.*", "due.*", "data.*"])?.with_allow_schedules();
    config.allow_message_ttl = trial.has(Capability::MessageTtl);
    let stream = trial.create_stream(config).await?;
    let due = trial.consumer_config("due")?.with_filter(trial.filter("due.*")?)?;
    let due = trial.create_consumer(&stream, due).await?;

    trial.publish("data.a", "the newest reading").await?;
    let mut schedule =
        Schedule::every(second, trial.subject("due.a")?)?.with_source(trial.subject("data.a")?)?;
    if trial.has(Capability::MessageTtl) {
        schedule = schedule.with_ttl(Duration::from_secs(3600));
    }
    let began = Instant::now();
    publish(trial, trial.message("plan.a", "")?.with_schedule(schedule)).await?;
    for time in 1..=TIMES {
        let product = due.next().await?;
        let waited = began.elapsed();
        let earliest = second * u32::try_from(time - 1).unwrap_or_default();
        check!(waited + Duration::from_millis(3) >= earliest, "product {time} came after {waited:?}");
        check_eq!(text(product.payload()), "the newest reading", "the payload of product {time}");
        if trial.has(Capability::MessageTtl) {
            check!(product.headers().get("Nats-TTL").is_some(), "product {time} has no time to live");
        }
        product.ack().await?;
    }
    let admin = trial.admin()?;
    admin.purge_stream(&stream, Purge::all().with_filter(trial.filter("plan.a")?)?).await?;
    // One may have been on its way.
    let last = admin.get_message(&stream, MessageSelector::LastOf(trial.subject("due.a")?)).await;
    let last = last.map_or(0, |message| message.sequence);
    while due.info().await?.pending > 0 {
        due.next().await?.ack().await?;
    }
    trial.pass(second * 3).await;
    let after = admin.get_message(&stream, MessageSelector::LastOf(trial.subject("due.a")?)).await;
    check_eq!(after.map_or(0, |message| message.sequence), last, "the last product after the purge");
    Ok(())
}

/// E9: what would be delayed by a backend that cannot delay is refused and not delivered at once: a nak with a delay, a
/// schedule. One that can does not refuse it.
pub(crate) async fn delay_is_kept_or_refused(trial: &Trial) -> CaseResult {
    let stream = trial.create_stream(trial.stream_config("stream", &["a"])?).await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    trial.publish("a", "x").await?;
    consumer.take_and_ack(1).await?;
    consumer.drained();
    for capability in [Capability::NakDelay, Capability::Schedules, Capability::RecurringSchedules] {
        if trial.has(capability) {
            twin::is_accepted(trial, capability).await?;
        } else {
            twin::is_refused(trial, capability).await?;
        }
    }
    Ok(())
}
