//! What a consumer shows of its messages, and what it remembers for programs.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::{Setup, durable, stream, take};
use pubsub_core::{Broker as _, OutboundMessage, PublisherExt as _, ReplayPolicy};

#[tokio::test(start_paused = true)]
async fn headers_only_gives_the_size_in_place_of_the_payload() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c").with_headers_only()).await;
    let message = OutboundMessage::new("s.a", "xyz").unwrap().with_header("A", "b").unwrap();
    setup.broker.publisher().publish_message(message).await.unwrap();
    let batch = take(&consumer, 1).await;
    assert!(batch[0].payload().is_empty());
    assert_eq!(batch[0].headers().get("A"), Some("b"));
    assert_eq!(batch[0].headers().get("Nats-Msg-Size"), Some("3"));
}

#[tokio::test(start_paused = true)]
async fn an_update_gives_the_payloads_back() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c").with_headers_only()).await;
    setup.fill(1).await;
    setup.admin().update_consumer(&setup.stream, durable("c")).await.unwrap();
    let batch = take(&consumer, 1).await;
    assert_eq!(&batch[0].payload()[..], b"payload");
    assert!(batch[0].headers().is_empty());
}

#[tokio::test(start_paused = true)]
async fn metadata_is_kept_and_can_be_changed() {
    let setup = Setup::new(stream()).await;
    setup.consumer(durable("c").with_metadata("team", "rides")).await;
    assert_eq!(setup.consumer_info("c").await.unwrap().config.metadata["team"], "rides");
    let changed = durable("c").with_metadata("team", "matching");
    setup.admin().update_consumer(&setup.stream, changed).await.unwrap();
    assert_eq!(setup.consumer_info("c").await.unwrap().config.metadata["team"], "matching");
}

#[tokio::test(start_paused = true)]
async fn how_fast_messages_come_cannot_be_changed() {
    let setup = Setup::new(stream()).await;
    setup.consumer(durable("c")).await;
    let changed = durable("c").with_replay(ReplayPolicy::Original);
    let refused = setup.admin().update_consumer(&setup.stream, changed).await.unwrap_err();
    assert_eq!((refused.broker_code(), refused.context("field")), (Some(10012), Some("replay")));
}
