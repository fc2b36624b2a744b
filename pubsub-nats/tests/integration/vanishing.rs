//! A server that vanishes during a call: every call ends by itself in its time, says what it knows, and what to do.

use std::time::{Duration, Instant, SystemTime};

use futures::StreamExt as _;
use futures::future::{BoxFuture, FutureExt as _, join_all};
use pubsub_core::{
    Client, ConsumerConfig, Delivery, Error, ErrorKind, FetchOptions, MessageSelector, OutboundMessage,
    Provision, Purge, ReadOptions, RequestManyOptions, Result, StreamConfig, StreamName, SubjectFilter,
};
use pubsub_nats::NatsConfig;
use pubsub_testkit::fault_proxy::{Direction, FaultProxy};

use crate::support::{Bench, connect_with, eventually, fetch, ride, soon};

/// The time that each call has.
const BUDGET: Duration = Duration::from_secs(1);
/// By when each has to have ended, on a busy machine.
const END: Duration = Duration::from_secs(5);

/// What a call does at the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    Reads,
    Changes,
}
use Effect::{Changes, Reads};

type Call = (&'static str, Effect, BoxFuture<'static, Result<()>>);

fn call<T>(
    name: &'static str,
    effect: Effect,
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Call {
    (name, effect, async move { work.await.map(drop) }.boxed())
}

/// A stream with an unsettled delivery, and a client of it whose wire can be cut.
async fn behind_a_proxy() -> (Bench, FaultProxy, Client, Delivery) {
    let (bench, _) = Bench::with_consumer().await;
    let proxy = FaultProxy::in_front_of(&bench.server).await.unwrap();
    let url = format!("{}?publish_timeout=1s&connect_timeout=1s", proxy.url());
    let config = NatsConfig::new(&url).unwrap().with_request_timeout(BUDGET);
    let client = connect_with(config).await.unwrap();
    bench.publish(0..1).await;
    let consumer = client.consumer("RIDE", "users").await.unwrap();
    let delivery = fetch(&consumer, 1).await.pop().unwrap();
    (bench, proxy, client, delivery)
}

/// Every call that waits for the server.
async fn calls(client: &Client, delivery: Delivery) -> Vec<Call> {
    let consumer = client.consumer("RIDE", "users").await.unwrap();
    let users = || "users".try_into().unwrap();
    let config = || StreamConfig::new("OTHER", ["other"]).unwrap();
    let durable = || ConsumerConfig::durable("other").unwrap();
    let message = || OutboundMessage::new("ride.n", "x").unwrap();
    let mut calls = vec![call("ack", Changes, delivery.ack_confirmed())];
    macro_rules! calls {
        ($($name:literal $effect:ident |$admin:ident| $work:expr;)+) => {
            $({
                let $admin = client.admin().unwrap();
                calls.push(call($name, $effect, async move { $work.await }));
            })+
        };
    }
    calls! {
        "create stream" Changes |admin| admin.create_stream(config());
        "update stream" Changes |admin| admin.update_stream(config());
        "stream info" Reads |admin| admin.stream_info(&ride());
        "delete stream" Changes |admin| admin.delete_stream(&StreamName::new("OTHER").unwrap());
        "list streams" Reads |admin| admin.list_streams();
        "purge" Changes |admin| admin.purge_stream(&ride(), Purge::up_to(1));
        "get message" Reads |admin| admin.get_message(&ride(), MessageSelector::Sequence(1));
        "delete message" Changes |admin| admin.delete_message(&ride(), 1);
        "create consumer" Reads |admin| admin.create_consumer(&ride(), durable());
        "update consumer" Reads |admin| admin.update_consumer(&ride(), durable());
        "consumer info" Reads |admin| admin.consumer_info(&ride(), &users());
        "list consumers" Reads |admin| admin.list_consumers(&ride());
        "delete consumer" Changes |admin| admin.delete_consumer(&ride(), &users());
        "subjects" Reads |admin| admin.stream_subjects(&ride(), SubjectFilter::all());
        "gaps" Reads |admin| admin.deleted_sequences(&ride());
        "account" Reads |admin| admin.account_info();
        "ensure stream" Changes |admin| admin.ensure_stream(config(), Provision::Update);
        "ensure consumer" Changes |admin| admin.ensure_consumer(&ride(), durable(), Provision::Update);
    }
    if client.capabilities().has(pubsub_core::Capability::Reset) {
        calls! { "reset" Changes |admin| admin.reset_consumer(&ride(), &users(), None); }
    }
    if client.capabilities().has(pubsub_core::Capability::AtomicBatch) {
        let publisher = client.publisher();
        calls.push(call("atomic batch", Changes, async move {
            publisher.publish_atomic(vec![message(); 2], pubsub_core::PublishOptions::default()).await
        }));
    }
    if client.capabilities().has(pubsub_core::Capability::Pause) {
        let until = SystemTime::now() + Duration::from_secs(60);
        calls! {
            "pause" Changes |admin| admin.pause_consumer(&ride(), &users(), until);
            "resume" Changes |admin| admin.resume_consumer(&ride(), &users());
            "unpin" Reads |admin| admin.unpin_consumer(&ride(), &users());
        }
    }
    let (publisher, core, reader) = (client.publisher(), client.core().unwrap(), client.clone());
    let many = std::sync::Arc::clone(&core);
    calls.push(call("publish", Changes, {
        let client = client.clone();
        async move { client.publish_message(message()).await }
    }));
    calls.push(call("publish without its receipt", Changes, async move {
        publisher.publish_with(message(), pubsub_core::PublishOptions::default()).await?.await
    }));
    calls.push(call("request", Changes, async move { core.request(message(), BUDGET).await }));
    calls.push(call("request to many", Changes, async move {
        let options = RequestManyOptions::default().with_timeout(BUDGET).with_max_messages(1);
        let mut answers = many.request_many(message(), options).await?;
        answers.next().await.unwrap_or_else(|| Err(Error::new(ErrorKind::Timeout, "no answer")))
    }));
    calls.push(call("read", Reads, async move { reader.read("RIDE", ReadOptions::default()).await }));
    calls.push(call("open", Reads, {
        let client = client.clone();
        async move { client.consumer("RIDE", "users").await }
    }));
    calls.push(call("info", Reads, {
        let consumer = std::sync::Arc::clone(&consumer);
        async move { consumer.info().await }
    }));
    calls.push(call("fetch", Reads, async move {
        let options = FetchOptions::up_to(1).with_expires(BUDGET);
        let came = consumer.fetch(options).await?;
        assert!(came.is_empty(), "{came:?}");
        // That nothing came in its time is no error of a fetch.
        Err::<(), _>(Error::new(ErrorKind::Timeout, "nothing").with_remedy("none"))
    }));
    calls
}

/// What each call ended with, all of them being made at once.
async fn outcomes(calls: Vec<Call>) -> Vec<(&'static str, Effect, Result<()>, Duration)> {
    let ended = calls.into_iter().map(|(name, effect, work)| async move {
        let started = Instant::now();
        let outcome = soon(work).await;
        (name, effect, outcome, started.elapsed())
    });
    join_all(ended).await
}

#[tokio::test]
async fn answers_that_do_not_come_end_each_call_at_its_budget() {
    let (_bench, proxy, client, delivery) = behind_a_proxy().await;
    let calls = calls(&client, delivery).await;
    proxy.black_hole(Direction::ToClient);
    for (name, effect, outcome, took) in outcomes(calls).await {
        let error = outcome.expect_err(name);
        assert!(matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Unavailable), "{name}: {error}");
        assert!(took < END, "{name}: {took:?}");
        // What only read has no effect that could be unknown; what changes something may have.
        assert!(effect == Changes || !error.is_effect_unknown(), "{name}: {error}");
        assert_eq!(error.to_string().lines().count(), 1, "{name}: {error}");
    }
    assert!(!soon(client.health()).await.is_usable());
    let closing = Instant::now();
    let _ = soon(client.close()).await;
    assert!(closing.elapsed() < END + Duration::from_secs(10));
}

#[tokio::test]
async fn without_a_connection_each_call_says_that_nothing_was_sent() {
    let (_bench, proxy, client, delivery) = behind_a_proxy().await;
    let calls = calls(&client, delivery).await;
    proxy.refuse();
    proxy.reset();
    eventually("the connection is lost", || async { !client.health().await.is_usable() }).await;
    for (name, _, outcome, took) in outcomes(calls).await {
        let error = outcome.expect_err(name);
        assert!(matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Unavailable), "{name}: {error}");
        assert!(!error.is_effect_unknown(), "{name}: {error}");
        assert!(took < END, "{name}: {took:?}");
    }
    proxy.resume();
    eventually("it is well again", || async { client.health().await.is_usable() }).await;
    client.publish("ride.n", "x").await.unwrap();
}

#[tokio::test]
async fn a_settlement_that_nobody_confirms_ends_in_its_time() {
    let (_bench, proxy, client, first) = behind_a_proxy().await;
    proxy.black_hole(Direction::ToClient);
    let started = Instant::now();
    // It was handed over; more was not asked for.
    soon(first.ack()).await.unwrap();
    assert!(started.elapsed() < END, "{:?}", started.elapsed());
    proxy.resume();
    client.publish("ride.n", "x").await.unwrap();
    let consumer = client.consumer("RIDE", "users").await.unwrap();
    let second = fetch(&consumer, 1).await.pop().unwrap();
    proxy.refuse();
    proxy.reset();
    eventually("the connection is lost", || async { !client.health().await.is_usable() }).await;
    let error = soon(second.ack()).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Unavailable && !error.is_effect_unknown(), "{error}");
}
