//! The assertions for users' tests: what holds, and what a failure says.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use pubsub_core::{
    Client, Consumer, ConsumerConfig, FetchOptions, OutboundMessage, Provision, PublisherExt as _, Result,
    StreamConfig,
};
use pubsub_memory::{MemoryConfig, MemoryServer};
use pubsub_testkit::Recorder;
use pubsub_testkit::fault_layer::{FaultLayer, PublishFault, When};
use tokio::time::{Instant, sleep};

const SECOND: Duration = Duration::from_secs(1);

async fn recorded() -> Result<(Recorder, Client, Arc<dyn Consumer>)> {
    over(Client::new(Arc::new(MemoryServer::new(MemoryConfig::default())?.connect()))).await
}

async fn over(client: Client) -> Result<(Recorder, Client, Arc<dyn Consumer>)> {
    let recorder = Recorder::new();
    let client = recorder.over(client);
    client.ensure_stream(StreamConfig::new("RIDE", ["ride.>"])?, Provision::CreateIfMissing).await?;
    let config = ConsumerConfig::durable("users")?;
    let consumer = client.ensure_consumer("RIDE", config, Provision::CreateIfMissing).await?;
    Ok((recorder, client, consumer))
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    panic.downcast_ref::<String>().cloned().expect("the assertion says something")
}

fn failure(assertion: impl FnOnce()) -> String {
    words(catch_unwind(AssertUnwindSafe(assertion)).expect_err("it had to fail").as_ref())
}

async fn failure_of(assertion: impl Future<Output = ()>) -> String {
    words(AssertUnwindSafe(assertion).catch_unwind().await.expect_err("it had to fail").as_ref())
}

#[tokio::test(start_paused = true)]
async fn what_was_published_delivered_and_settled_is_counted() -> Result<()> {
    let (recorder, client, consumer) = recorded().await?;
    let message = OutboundMessage::new("ride.pickup", "r-17")?.with_id("one")?.with_header("city", "Bern")?;
    client.publisher().publish_message(message).await?;
    client.publish("ride.drop", "r-17").await?;
    let mut both = consumer.fetch(FetchOptions::up_to(2)).await?;
    both.pop().expect("two").nak().await?;
    both.pop().expect("one more").ack().await?;

    recorder.published("ride.*").times(2);
    recorder.published("ride.pickup").with_id("one").with_header("city", "Bern").with_payload("r-17").once();
    recorder.delivered("ride.>").at_least(2);
    recorder.settled("ride.pickup").as_ack().once();
    recorder.settled("ride.drop").as_nak().once();
    recorder.settled("ride.>").as_term().never();
    let seen = recorder.settled("ride.pickup").seen().remove(0);
    assert_eq!((seen.stream_sequence, seen.attempt), (Some(1), Some(1)));
    assert!(recorder.timeline().contains("delivered"), "{}", recorder.timeline());
    recorder.assert_sound();
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_publish_counts_unless_it_is_known_not_to_be_stored_anew() -> Result<()> {
    let faults = FaultLayer::from_seed(0)
        .on_publish(When::nth(1), PublishFault::UnknownStored)
        .on_publish(When::nth(2), PublishFault::Fail(pubsub_core::ErrorKind::Unavailable));
    let memory = MemoryServer::new(MemoryConfig::default())?.connect();
    let (recorder, client, _) = over(Client::new(Arc::new(memory)).with_layer(faults)).await?;
    let message = OutboundMessage::new("ride.pickup", "r-17")?.with_id("one")?;
    client.publisher().publish_message(message.clone()).await.expect_err("unknown");
    client.publisher().publish_message(message.clone()).await.expect_err("failed");
    assert!(client.publisher().publish_message(message).await?.is_duplicate());
    recorder.published("ride.pickup").never();
    drop(client.publisher().publish_with(OutboundMessage::new("ride.drop", "")?, Default::default()).await?);
    recorder.published("ride.drop").once();
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_as_soon_as_it_is_there() -> Result<()> {
    let (recorder, client, _) = recorded().await?;
    let began = Instant::now();
    tokio::spawn(async move {
        sleep(SECOND * 3).await;
        client.publish("ride.pickup", "r-17").await
    });
    recorder.published("ride.pickup").within(SECOND * 60).once().await;
    assert_eq!(began.elapsed(), SECOND * 3);
    recorder.published("ride.pickup").within(SECOND * 60).at_least(1).await;
    recorder.published("ride.drop").within(SECOND * 60).never().await;
    assert_eq!(began.elapsed(), SECOND * 63);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_failure_shows_what_was_seen_and_why_it_does_not_count() -> Result<()> {
    let (recorder, client, consumer) = recorded().await?;
    client.publish("ride.pickup", "r-18").await?;
    for delivery in consumer.fetch(FetchOptions::up_to(1)).await? {
        delivery.ack().await?;
    }
    let text = failure(|| recorder.published("ride.pickup").with_payload("r-17").once());
    assert!(
        text.starts_with(
            "expected `ride.pickup` to be published once with the payload \"r-17\", and saw none"
        ),
        "{text}"
    );
    assert!(text.contains("`ride.pickup` \"r-18\" sequence 1  (not the payload \"r-17\")"), "{text}");
    assert!(text.contains("the last events:"), "{text}");
    let text = failure(|| recorder.settled("ride.>").as_term().at_least(2));
    assert!(text.contains("attempt 1 ack  (not a term)"), "{text}");
    let text = failure(|| recorder.delivered("ride.>").never());
    assert!(text.contains("saw one") && text.contains("(counts)"), "{text}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_failed_wait_names_its_time_and_its_line() -> Result<()> {
    let (recorder, client, _) = recorded().await?;
    let text = failure_of(recorder.delivered("ride.pickup").within(SECOND * 5).once()).await;
    assert!(text.contains("within 5s, and saw none"), "{text}");
    assert!(text.contains("nothing on a matching subject was delivered"), "{text}");
    assert!(text.contains(file!()), "{text}");
    client.publish("ride.pickup", "1").await?;
    client.publish("ride.pickup", "2").await?;
    let began = Instant::now();
    let text = failure_of(recorder.published("ride.pickup").within(SECOND * 5).once()).await;
    assert!(text.contains("saw 2"), "{text}");
    assert_eq!(began.elapsed(), Duration::ZERO, "more cannot help");
    Ok(())
}

#[test]
fn an_empty_record_says_what_was_most_likely_forgotten() {
    let recorder = Recorder::new();
    assert!(
        failure(|| recorder.published("a").once())
            .contains("is the client the one that `Recorder::over` gave?")
    );
    assert!(failure(|| recorder.published("a..b").once()).contains("the filter of an expectation"));
}

#[tokio::test(start_paused = true)]
async fn an_unsound_history_is_shown() -> Result<()> {
    let faults = FaultLayer::from_seed(0)
        .on_delivery(When::nth(1), pubsub_testkit::fault_layer::DeliveryFault::Duplicate);
    let memory = MemoryServer::new(MemoryConfig::default())?.connect();
    let (recorder, client, consumer) = over(Client::new(Arc::new(memory)).with_layer(faults)).await?;
    client.publish("ride.pickup", "r-17").await?;
    for delivery in consumer.fetch(FetchOptions::up_to(1)).await? {
        delivery.ack().await?;
    }
    let text = failure(|| recorder.assert_sound());
    assert!(text.contains("attempts count up"), "{text}");
    Ok(())
}
