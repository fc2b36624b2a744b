//! What travels is plain NATS: other clients read what this publishes, and the reverse.

use futures::StreamExt as _;
use pubsub_core::{OutboundMessage, PublishOptions, PublisherExt as _};
use pubsub_nats::async_nats;

use crate::support::{Bench, fetch, listen, soon};

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
