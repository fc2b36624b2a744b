//! What travels is plain NATS: other clients read what this publishes, and the reverse.

use std::time::{Duration, SystemTime};

use futures::StreamExt as _;
use pubsub_core::config::timestamp;
use pubsub_core::{
    Capability, ConsumerConfig, OutboundMessage, PriorityGroup, PublishOptions, PublisherExt as _, Schedule,
};
use pubsub_nats::async_nats;

use crate::support::{Bench, eventually, fetch, listen, ride, soon};

#[tokio::test]
async fn another_client_reads_what_this_publishes() {
    let bench = Bench::start().await;
    bench.stream().await;
    let mut received = listen(&bench.foreign().await, "ride.>").await;
    let message = OutboundMessage::new("ride.pickup", "r-17").unwrap();
    let message =
        message.with_id("id-1").unwrap().with_header("tag", "a").unwrap().with_header("tag", "b").unwrap();
    bench.client.publisher().publish_message(message).await.unwrap();
    let got: async_nats::Message = soon(received.next()).await.unwrap();
    assert_eq!((got.subject.as_str(), &got.payload[..]), ("ride.pickup", &b"r-17"[..]));
    let headers = got.headers.unwrap();
    let tags: Vec<_> = headers.get_all("tag").map(async_nats::HeaderValue::as_str).collect();
    assert_eq!(tags, ["a", "b"]);
    assert_eq!(headers.get("Nats-Msg-Id").unwrap().as_str(), "id-1");
}

#[tokio::test]
async fn a_message_without_headers_has_no_header_block() {
    let bench = Bench::start().await;
    bench.stream().await;
    let mut received = listen(&bench.foreign().await, "ride.>").await;
    let once = PublishOptions::default().with_retry(false);
    let message = OutboundMessage::new("ride.pickup", "r-17").unwrap();
    bench.client.publisher().publish_with(message, once).await.unwrap().await.unwrap();
    assert!(soon(received.next()).await.unwrap().headers.is_none());
}

#[tokio::test]
async fn this_reads_what_another_client_publishes() {
    let (bench, consumer) = Bench::with_consumer().await;
    let mut headers = async_nats::HeaderMap::new();
    headers.append("tag", "a");
    headers.append("tag", "b");
    headers.append("Nats-Msg-Id", "theirs");
    let foreign = async_nats::jetstream::new(bench.foreign().await);
    foreign.publish_with_headers("ride.pickup", headers, "r-18".into()).await.unwrap().await.unwrap();
    let got = fetch(&consumer, 1).await;
    assert_eq!((got[0].subject(), &got[0].payload()[..]), ("ride.pickup", &b"r-18"[..]));
    assert_eq!(got[0].headers().get_all("tag").collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(got[0].message_id(), Some("theirs"));
}

#[tokio::test]
async fn an_update_keeps_what_another_client_configured() {
    let bench = Bench::start().await;
    let foreign = async_nats::jetstream::new(bench.foreign().await);
    foreign
        .create_stream(async_nats::jetstream::stream::Config {
            name: "THEIRS".to_owned(),
            subjects: vec!["theirs".to_owned()],
            allow_direct: true,
            allow_rollup: true,
            ..Default::default()
        })
        .await
        .unwrap();
    let admin = bench.client.admin().unwrap();
    let info = admin.stream_info(&"THEIRS".try_into().unwrap()).await.unwrap();
    let mut config = info.config;
    config.description = Some("ours".to_owned());
    admin.update_stream(config).await.unwrap();
    let after = foreign.get_stream("THEIRS").await.unwrap().cached_info().config.clone();
    assert!(after.allow_direct && after.allow_rollup);
    assert_eq!(after.description.as_deref(), Some("ours"));
}

#[tokio::test]
async fn an_id_of_one_client_is_known_to_the_other() {
    let bench = Bench::start().await;
    bench.stream().await;
    let foreign = async_nats::jetstream::new(bench.foreign().await);
    let theirs = || {
        let mut headers = async_nats::HeaderMap::new();
        headers.insert("Nats-Msg-Id", "one");
        foreign.publish_with_headers("ride.n", headers, "x".into())
    };
    let ours = |id: &str| OutboundMessage::new("ride.n", "x").unwrap().with_id(id).unwrap();
    assert!(!theirs().await.unwrap().await.unwrap().duplicate);
    let receipt = bench.client.publish_message(ours("one")).await.unwrap();
    assert_eq!((receipt.sequence, receipt.duplicate), (Some(1), Some(true)));
    bench.client.publish_message(ours("two")).await.unwrap();
    let mut headers = async_nats::HeaderMap::new();
    headers.insert("Nats-Msg-Id", "two");
    let again = foreign.publish_with_headers("ride.n", headers, "x".into()).await.unwrap().await.unwrap();
    assert!(again.duplicate);
}

#[tokio::test]
async fn a_schedule_is_written_and_read_as_other_clients_do() {
    let bench = Bench::start().await;
    if !bench.has(Capability::Schedules) {
        return;
    }
    bench.stream_with(pubsub_core::StreamConfig::with_allow_schedules).await;
    let foreign = bench.foreign().await;
    let mut seen = listen(&foreign, "ride.>").await;
    let schedule = Schedule::at(SystemTime::now() + Duration::from_secs(1), "ride.due.ours").unwrap();
    let message = OutboundMessage::new("ride.later.ours", "ours").unwrap().with_schedule(schedule);
    bench.client.publish_message(message).await.unwrap();
    let headers = soon(seen.next()).await.unwrap().headers.unwrap();
    assert!(headers.get("Nats-Schedule").unwrap().as_str().starts_with("@at "), "{headers:?}");
    assert_eq!(headers.get("Nats-Schedule-Target").unwrap().as_str(), "ride.due.ours");

    let mut headers = async_nats::HeaderMap::new();
    let soon_due = timestamp::format(SystemTime::now() + Duration::from_secs(1)).unwrap();
    headers.insert("Nats-Schedule", format!("@at {soon_due}"));
    headers.insert("Nats-Schedule-Target", "ride.due.theirs");
    let theirs = async_nats::jetstream::new(foreign);
    theirs.publish_with_headers("ride.later.theirs", headers, "theirs".into()).await.unwrap().await.unwrap();
    let config = ConsumerConfig::durable("due").unwrap().with_filter("ride.due.>").unwrap();
    let mut came = Vec::new();
    let consumer = bench.consumer(config).await;
    while came.len() < 2 {
        for delivery in fetch(&consumer, 2).await {
            came.push(delivery.subject().to_owned());
            delivery.ack().await.unwrap();
        }
    }
    came.sort_unstable();
    assert_eq!(came, ["ride.due.ours", "ride.due.theirs"]);
}

/// The names of the group's members, the id of the pin and its refusal are those of other clients.
#[tokio::test]
async fn a_pinned_group_is_shared_with_another_client() {
    let bench = Bench::start().await;
    if !bench.has(Capability::PriorityGroups) {
        return;
    }
    bench.stream().await;
    bench.publish(0..3).await;
    let group = PriorityGroup::pinned("members").unwrap();
    let consumer = bench.consumer(ConsumerConfig::durable("users").unwrap().with_priority(group)).await;
    assert_eq!(fetch(&consumer, 1).await.len(), 1);
    let foreign = bench.foreign().await;
    let inbox = foreign.new_inbox();
    let mut pulled = foreign.subscribe(inbox.clone()).await.unwrap();
    let pull = r#"{"batch":1,"expires":10000000000,"group":"members"}"#;
    let subject = "$JS.API.CONSUMER.MSG.NEXT.RIDE.users";
    foreign.publish_with_reply(subject, inbox, pull.into()).await.unwrap();
    let users = "users".try_into().unwrap();
    eventually("theirs waits", || async {
        bench.admin().consumer_info(&ride(), &users).await.unwrap().waiting > 0
    })
    .await;
    // Ours is pinned, so theirs waits on.
    let second = fetch(&consumer, 1).await.pop().unwrap();
    assert_eq!(second.info().stream_sequence, 2);
    assert!(!second.headers().contains("Nats-Pin-Id"), "{:?}", second.headers());
    bench.admin().unpin_consumer(&ride(), &users).await.unwrap();
    let third = soon(pulled.next()).await.unwrap();
    assert_eq!(&third.payload[..], b"2");
    assert!(third.headers.is_some_and(|headers| headers.get("Nats-Pin-Id").is_some()));
}
