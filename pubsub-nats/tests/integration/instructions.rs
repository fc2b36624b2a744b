//! What a message tells the server besides its id: expectations, times to live, schedules, rollups.

use std::time::{Duration, SystemTime};

use pubsub_core::{
    Capability, ConsumerConfig, ErrorKind, Expectations, MessageSelector, OutboundMessage, PublisherExt as _,
    Receipt, Result, Rollup, Schedule, TimeToLive,
};

use crate::support::{Bench, assert_unsupported, eventually, fetch, ride, soon, texts};

const SECOND: Duration = Duration::from_secs(1);

fn message(subject: &str) -> OutboundMessage {
    OutboundMessage::new(subject, subject.to_owned()).unwrap()
}

impl Bench {
    async fn send(&self, message: OutboundMessage) -> Result<Receipt> {
        soon(self.client.publisher().publish_message(message)).await
    }

    async fn count(&self) -> u64 {
        self.admin().stream_info(&ride()).await.unwrap().messages
    }

    /// Refused with that kind and code, and nothing is stored.
    async fn refuses(&self, message: OutboundMessage, kind: ErrorKind, code: u16) {
        let before = self.count().await;
        let error = self.send(message).await.unwrap_err();
        assert_eq!((error.kind(), error.broker_code()), (kind, Some(code)), "{error}");
        assert!(!error.is_effect_unknown());
        assert_eq!(self.count().await, before);
    }
}

#[tokio::test]
async fn expectations_that_hold_are_stored_and_others_conflict() {
    let bench = Bench::start().await;
    bench.stream().await;
    let expecting = |expectations| message("ride.a").with_expectations(expectations);
    let first = message("ride.a").with_id("one").unwrap();
    bench.send(first.with_expectations(Expectations::none().with_last_subject_sequence(0))).await.unwrap();
    bench.send(expecting(Expectations::none().with_last_sequence(1))).await.unwrap();
    bench.send(expecting(Expectations::none().with_stream("RIDE").unwrap())).await.unwrap();
    for (expectations, code) in [
        (Expectations::none().with_last_sequence(1), 10071),
        (Expectations::none().with_last_subject_sequence(0), 10071),
        (Expectations::none().with_last_id("other").unwrap(), 10070),
        (Expectations::none().with_stream("OTHER").unwrap(), 10060),
    ] {
        bench.refuses(expecting(expectations), ErrorKind::Conflict, code).await;
    }
}

#[tokio::test]
async fn the_expected_subject_may_be_a_filter() {
    let bench = Bench::start().await;
    bench.stream().await;
    bench.send(message("ride.a.1")).await.unwrap();
    bench.send(message("ride.b.1")).await.unwrap();
    let expecting = |sequence| {
        let expectations = Expectations::none().with_last_subject_sequence(sequence);
        message("ride.a.2").with_expectations(expectations.with_last_subject_filter("ride.a.*").unwrap())
    };
    if !bench.has(Capability::ExpectedSubjectFilter) {
        assert_unsupported(bench.send(expecting(1)).await, Capability::ExpectedSubjectFilter);
        assert_eq!(bench.count().await, 2);
        return;
    }
    bench.refuses(expecting(0), ErrorKind::Conflict, 10071).await;
    bench.send(expecting(1)).await.unwrap();
}

#[tokio::test]
async fn a_message_with_a_time_to_live_goes_by_itself() {
    let bench = Bench::start().await;
    let limited = message("ride.a").with_ttl(SECOND);
    if !bench.has(Capability::MessageTtl) {
        bench.stream().await;
        assert_unsupported(bench.send(limited).await, Capability::MessageTtl);
        assert_eq!(bench.count().await, 0);
        return;
    }
    bench.stream_with(pubsub_core::StreamConfig::with_allow_message_ttl).await;
    bench.send(limited).await.unwrap();
    bench.send(message("ride.b").with_ttl(TimeToLive::Never)).await.unwrap();
    eventually("it goes", || async { bench.count().await == 1 }).await;
}

#[tokio::test]
async fn what_the_stream_does_not_allow_is_refused_by_its_code() {
    let bench = Bench::start().await;
    bench.stream().await;
    bench.refuses(message("ride.a").with_rollup(Rollup::Subject), ErrorKind::Config, 10111).await;
    if bench.has(Capability::MessageTtl) {
        bench.refuses(message("ride.a").with_ttl(SECOND), ErrorKind::Config, 10166).await;
    }
    if bench.has(Capability::Schedules) {
        let schedule = Schedule::at(SystemTime::now(), "ride.due").unwrap();
        bench.refuses(message("ride.later").with_schedule(schedule), ErrorKind::Config, 10188).await;
    }
}

#[tokio::test]
async fn a_rollup_replaces_what_was_before() {
    let bench = Bench::start().await;
    bench.stream_with(pubsub_core::StreamConfig::with_allow_rollup).await;
    for subject in ["ride.a", "ride.b", "ride.a"] {
        bench.send(message(subject)).await.unwrap();
    }
    bench.send(message("ride.a").with_rollup(Rollup::Subject)).await.unwrap();
    assert_eq!(bench.count().await, 2);
    bench.send(message("ride.c").with_rollup(Rollup::All)).await.unwrap();
    assert_eq!(bench.count().await, 1);
}

#[tokio::test]
async fn a_schedule_publishes_when_its_time_comes() {
    let bench = Bench::start().await;
    let scheduled = || {
        let schedule = Schedule::at(SystemTime::now() + SECOND, "ride.due.1").unwrap();
        message("ride.later.1").with_header("tag", "a").unwrap().with_schedule(schedule)
    };
    if !bench.has(Capability::Schedules) {
        bench.stream().await;
        assert_unsupported(bench.send(scheduled()).await, Capability::Schedules);
        assert_eq!(bench.count().await, 0);
        return;
    }
    bench.stream_with(pubsub_core::StreamConfig::with_allow_schedules).await;
    let due = ConsumerConfig::durable("due").unwrap().with_filter("ride.due.>").unwrap();
    let consumer = bench.consumer(due).await;
    bench.send(scheduled()).await.unwrap();
    let got = fetch(&consumer, 1).await;
    assert_eq!((got[0].subject(), texts(&got)), ("ride.due.1", vec!["ride.later.1".to_owned()]));
    assert_eq!(got[0].headers().get("tag"), Some("a"));
    assert_eq!(got[0].headers().get("Nats-Scheduler"), Some("ride.later.1"));
}

#[tokio::test]
async fn a_schedule_that_cannot_be_is_refused_by_its_code() {
    let bench = Bench::start().await;
    if !bench.has(Capability::Schedules) {
        return;
    }
    bench.stream_with(pubsub_core::StreamConfig::with_allow_schedules).await;
    let at = |target: &str| {
        message("ride.later").with_schedule(Schedule::at(SystemTime::now() + SECOND, target).unwrap())
    };
    bench.refuses(at("elsewhere"), ErrorKind::InvalidInput, 10190).await;
    let own = bench.send(at("ride.later")).await.unwrap_err();
    assert_eq!((own.kind(), own.broker_code()), (ErrorKind::InvalidInput, Some(10190)));
    let cron = |text: &str| message("ride.later").with_schedule(Schedule::cron(text, "ride.due").unwrap());
    if !bench.has(Capability::RecurringSchedules) {
        assert_unsupported(bench.send(cron("0 30 2 * * *")).await, Capability::RecurringSchedules);
        assert_eq!(bench.count().await, 0);
        return;
    }
    bench.refuses(cron("every other day"), ErrorKind::InvalidInput, 10189).await;
    let schedule = Schedule::cron("0 30 2 * * *", "ride.due").unwrap().with_time_zone("Moon/Crater");
    bench.refuses(message("ride.later").with_schedule(schedule), ErrorKind::InvalidInput, 10223).await;
    let schedule = Schedule::at(SystemTime::now(), "ride.due").unwrap().with_ttl(SECOND);
    bench.refuses(message("ride.later").with_schedule(schedule), ErrorKind::Config, 10166).await;
}

#[tokio::test]
async fn a_recurring_schedule_goes_on_until_it_is_purged() {
    let bench = Bench::start().await;
    if !bench.has(Capability::RecurringSchedules) {
        return;
    }
    bench.stream_with(pubsub_core::StreamConfig::with_allow_schedules).await;
    let due = ConsumerConfig::durable("due").unwrap().with_filter("ride.due").unwrap();
    let consumer = bench.consumer(due).await;
    let every = Schedule::every(SECOND, "ride.due").unwrap().with_source("ride.source").unwrap();
    bench.send(message("ride.source")).await.unwrap();
    bench.send(message("ride.each").with_schedule(every)).await.unwrap();
    for _ in 0..2 {
        assert_eq!(texts(&fetch(&consumer, 1).await), ["ride.source"]);
    }
    let each = MessageSelector::LastOf("ride.each".try_into().unwrap());
    let stored = bench.admin().get_message(&ride(), each).await.unwrap();
    assert!(stored.headers.get("Nats-Schedule").is_some());
}
