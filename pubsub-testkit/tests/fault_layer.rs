//! Each fault of the layer as an application sees it, on virtual time; and that a seed repeats them.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use pubsub_core::{
    Client, Consumer, ConsumerConfig, ErrorKind, FetchOptions, Limit, OutboundMessage, Provision,
    PublishOptions, Result, StreamConfig, SubjectFilter, SubscribeOptions,
};
use pubsub_memory::{MemoryConfig, MemoryServer};
use pubsub_testkit::fault_layer::{
    DeliveryFault, ExtendFault, FaultLayer, FetchFault, PublishFault, SettleFault, When,
};
use tokio::time::{Instant, sleep};

const ACK_WAIT: Duration = Duration::from_secs(30);
const SECOND: Duration = Duration::from_secs(1);

/// A client with the layer, one without on the same store, and a consumer through the layer.
struct Bench {
    client: Client,
    truth: Client,
    consumer: Arc<dyn Consumer>,
}

impl Bench {
    async fn new(faults: &FaultLayer) -> Result<Self> {
        let server = MemoryServer::new(MemoryConfig::default())?;
        let truth = Client::new(Arc::new(server.connect()));
        let client = Client::new(Arc::new(server.connect())).with_layer(faults.clone());
        client.ensure_stream(StreamConfig::new("RIDE", ["ride.>"])?, Provision::CreateIfMissing).await?;
        let config =
            ConsumerConfig::durable("users")?.with_ack_wait(ACK_WAIT).with_max_deliver(Limit::Unlimited);
        let consumer = client.ensure_consumer("RIDE", config, Provision::CreateIfMissing).await?;
        Ok(Self { client, truth, consumer })
    }

    async fn stored(&self) -> Result<u64> {
        Ok(self.truth.admin()?.stream_info(&"RIDE".try_into()?).await?.messages)
    }

    async fn unsettled(&self) -> Result<u64> {
        let (stream, consumer) = ("RIDE".try_into()?, "users".try_into()?);
        let info = self.truth.admin()?.consumer_info(&stream, &consumer).await?;
        Ok(info.ack_pending + info.pending)
    }

    async fn publish(&self, texts: &[&'static str]) -> Result<()> {
        for text in texts {
            self.truth.publish("ride.n", *text).await?;
        }
        Ok(())
    }

    /// Fetches once and acks: the payloads with their attempts.
    async fn take(&self, expires: Duration) -> Result<Vec<(String, u64)>> {
        let mut taken = Vec::new();
        for delivery in self.consumer.fetch(FetchOptions::up_to(100).with_expires(expires)).await? {
            taken.push((text(&delivery), delivery.info().attempt));
            delivery.ack().await?;
        }
        Ok(taken)
    }
}

fn text(delivery: &pubsub_core::Delivery) -> String {
    String::from_utf8_lossy(delivery.payload()).into_owned()
}

fn once(text: &str) -> (String, u64) {
    (text.to_owned(), 1)
}

#[tokio::test(start_paused = true)]
async fn a_failed_publish_stores_nothing() -> Result<()> {
    let faults = FaultLayer::from_seed(1).on_publish(When::nth(2), PublishFault::Fail(ErrorKind::Overloaded));
    let bench = Bench::new(&faults).await?;
    bench.client.publish("ride.n", "1").await?;
    let error = bench.client.publish("ride.n", "2").await.expect_err("injected");
    assert_eq!((error.kind(), error.is_effect_unknown()), (ErrorKind::Overloaded, false));
    bench.client.publish("ride.n", "3").await?;
    assert_eq!(bench.stored().await?, 2);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_unknown_publish_is_stored_or_not_as_asked() -> Result<()> {
    for (fault, stored) in [(PublishFault::UnknownStored, 1), (PublishFault::UnknownNotStored, 0)] {
        let bench = Bench::new(&FaultLayer::from_seed(1).on_publish(When::first(1), fault)).await?;
        let message = OutboundMessage::new("ride.n", "x")?.with_id("one")?;
        let publisher = bench.client.publisher();
        let error = publisher.publish_with(message.clone(), PublishOptions::default()).await?.await;
        assert!(error.expect_err("injected").is_effect_unknown());
        assert_eq!(bench.stored().await?, stored, "{fault:?}");
        let again = publisher.publish_with(message, PublishOptions::default()).await?.await?;
        assert_eq!(again.is_duplicate(), stored == 1);
        assert_eq!(bench.stored().await?, 1);
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_doubled_publish_is_stored_twice_unless_it_has_an_id() -> Result<()> {
    let bench =
        Bench::new(&FaultLayer::from_seed(1).on_publish(When::always(), PublishFault::Duplicate)).await?;
    bench.client.publish("ride.n", "x").await?;
    assert_eq!(bench.stored().await?, 2);
    let message = OutboundMessage::new("ride.n", "y")?.with_id("one")?;
    let receipt = bench.client.publisher().publish_with(message, PublishOptions::default()).await?.await?;
    assert!(!receipt.is_duplicate());
    assert_eq!(bench.stored().await?, 3);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_delayed_publish_takes_that_long() -> Result<()> {
    let bench =
        Bench::new(&FaultLayer::from_seed(1).on_publish(When::nth(1), PublishFault::Delay(SECOND))).await?;
    let began = Instant::now();
    bench.client.publish("ride.n", "x").await?;
    assert_eq!(began.elapsed(), SECOND);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_dropped_delivery_comes_again_after_its_ack_wait() -> Result<()> {
    let bench = Bench::new(&FaultLayer::from_seed(1).on_delivery(When::nth(2), DeliveryFault::Drop)).await?;
    bench.publish(&["1", "2", "3"]).await?;
    let began = Instant::now();
    assert_eq!(bench.take(SECOND).await?, [once("1"), once("3")]);
    assert_eq!(bench.take(ACK_WAIT * 2).await?, [("2".to_owned(), 2)]);
    assert!(began.elapsed() >= ACK_WAIT);
    assert_eq!(bench.unsettled().await?, 0);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_batch_of_which_nothing_arrives_is_still_waited_for() -> Result<()> {
    let bench = Bench::new(&FaultLayer::from_seed(1).on_delivery(When::nth(1), DeliveryFault::Drop)).await?;
    bench.publish(&["1"]).await?;
    assert_eq!(bench.take(ACK_WAIT * 2).await?, [("1".to_owned(), 2)]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_doubled_delivery_is_settled_by_the_first_settlement() -> Result<()> {
    let bench =
        Bench::new(&FaultLayer::from_seed(1).on_delivery(When::nth(1), DeliveryFault::Duplicate)).await?;
    bench.publish(&["1"]).await?;
    assert_eq!(bench.take(SECOND).await?, [once("1"), once("1")]);
    assert_eq!(bench.take(ACK_WAIT * 2).await?, []);
    assert_eq!(bench.unsettled().await?, 0);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_doubled_delivery_of_which_one_is_dropped_is_settled_by_the_other() -> Result<()> {
    let bench =
        Bench::new(&FaultLayer::from_seed(1).on_delivery(When::nth(1), DeliveryFault::Duplicate)).await?;
    bench.publish(&["1"]).await?;
    let mut both = bench.consumer.fetch(FetchOptions::up_to(2)).await?;
    let last = both.pop().expect("two");
    drop(both);
    last.extend().await?;
    last.ack().await?;
    assert_eq!(bench.unsettled().await?, 0);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_reordered_delivery_is_overtaken_by_one() -> Result<()> {
    let fault = DeliveryFault::Reorder { within: SECOND };
    let bench = Bench::new(&FaultLayer::from_seed(1).on_delivery(When::nth(1), fault)).await?;
    bench.publish(&["1", "2", "3"]).await?;
    assert_eq!(bench.take(SECOND).await?, [once("2"), once("1"), once("3")]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_subscription_reorders_delays_doubles_and_drops() -> Result<()> {
    let faults = FaultLayer::from_seed(1)
        .on_delivery(When::nth(1), DeliveryFault::Reorder { within: SECOND })
        .on_delivery(When::nth(3), DeliveryFault::Duplicate)
        .on_delivery(When::nth(4), DeliveryFault::Drop)
        .on_delivery(When::nth(5), DeliveryFault::Delay(SECOND));
    let bench = Bench::new(&faults).await?;
    bench.publish(&["1", "2", "3", "4", "5"]).await?;
    let mut deliveries = Arc::clone(&bench.consumer).subscribe(SubscribeOptions::default());
    let (began, mut came) = (Instant::now(), Vec::new());
    for _ in 0..6 {
        let delivery = deliveries.next().await.expect("it goes on")?;
        came.push((text(&delivery), began.elapsed()));
        delivery.ack().await?;
    }
    let expected = [("2", 0), ("1", 0), ("3", 0), ("3", 0), ("5", 1), ("4", 30)];
    let expected = expected.map(|(text, seconds)| (text.to_owned(), SECOND * seconds));
    assert_eq!(came, expected);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_nothing_overtakes_comes_when_its_time_is_over() -> Result<()> {
    let fault = DeliveryFault::Reorder { within: SECOND };
    let bench = Bench::new(&FaultLayer::from_seed(1).on_delivery(When::nth(1), fault)).await?;
    bench.publish(&["1"]).await?;
    let began = Instant::now();
    let mut deliveries = Arc::clone(&bench.consumer).subscribe(SubscribeOptions::default());
    deliveries.next().await.expect("it comes")?.ack().await?;
    assert_eq!(began.elapsed(), SECOND);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_lost_settlement_says_ok_unless_it_is_to_be_confirmed() -> Result<()> {
    let bench = Bench::new(&FaultLayer::from_seed(1).on_settle(When::first(2), SettleFault::Lose)).await?;
    bench.publish(&["1", "2"]).await?;
    let mut both = bench.consumer.fetch(FetchOptions::up_to(2)).await?;
    let unknown = both.pop().expect("two").ack_confirmed().await.expect_err("lost");
    assert!(unknown.is_effect_unknown());
    both.pop().expect("one more").ack().await?;
    assert_eq!(bench.take(ACK_WAIT * 2).await?, [("1".to_owned(), 2), ("2".to_owned(), 2)]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_leaves_the_message_settled() -> Result<()> {
    let bench =
        Bench::new(&FaultLayer::from_seed(1).on_settle(When::always(), SettleFault::LoseAnswer)).await?;
    bench.publish(&["1"]).await?;
    let delivery = bench.consumer.fetch(FetchOptions::up_to(1)).await?.pop().expect("one");
    assert!(delivery.ack_confirmed().await.expect_err("no answer").is_effect_unknown());
    assert_eq!(bench.unsettled().await?, 0);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_failed_settlement_settles_nothing() -> Result<()> {
    let fault = SettleFault::Fail(ErrorKind::Unavailable);
    let bench = Bench::new(&FaultLayer::from_seed(1).on_settle(When::nth(1), fault)).await?;
    bench.publish(&["1"]).await?;
    let delivery = bench.consumer.fetch(FetchOptions::up_to(1)).await?.pop().expect("one");
    assert_eq!(delivery.ack().await.expect_err("injected").kind(), ErrorKind::Unavailable);
    assert_eq!(bench.take(ACK_WAIT * 2).await?, [("1".to_owned(), 2)]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_lost_extension_extends_nothing() -> Result<()> {
    let faults = FaultLayer::from_seed(1)
        .on_extend(When::nth(1), ExtendFault::Lose)
        .on_extend(When::nth(2), ExtendFault::Fail(ErrorKind::Timeout));
    let bench = Bench::new(&faults).await?;
    bench.publish(&["1"]).await?;
    let delivery = bench.consumer.fetch(FetchOptions::up_to(1)).await?.pop().expect("one");
    sleep(ACK_WAIT / 2).await;
    delivery.extend().await?;
    assert_eq!(delivery.extend().await.expect_err("injected").kind(), ErrorKind::Timeout);
    let again = bench.consumer.fetch(FetchOptions::up_to(1).with_expires(ACK_WAIT)).await?;
    assert_eq!(again.len(), 1, "the lease ended as if it had not been extended");
    for delivery in again {
        delivery.ack().await?;
    }
    delivery.ack().await
}

#[tokio::test(start_paused = true)]
async fn a_fetch_fails_or_begins_later_as_asked() -> Result<()> {
    let faults = FaultLayer::from_seed(1)
        .on_fetch(When::nth(1), FetchFault::Fail(ErrorKind::Unavailable))
        .on_fetch(When::nth(2), FetchFault::Delay(SECOND));
    let bench = Bench::new(&faults).await?;
    bench.publish(&["1"]).await?;
    assert_eq!(bench.take(SECOND).await.expect_err("injected").kind(), ErrorKind::Unavailable);
    let began = Instant::now();
    assert_eq!(bench.take(SECOND).await?, [once("1")]);
    assert_eq!(began.elapsed(), SECOND);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn without_a_connection_calls_wait_as_long_as_they_may() -> Result<()> {
    let faults = FaultLayer::from_seed(1);
    let bench = Bench::new(&faults).await?;
    bench.publish(&["1"]).await?;
    let held = bench.consumer.fetch(FetchOptions::up_to(1)).await?.pop().expect("one");
    faults.disconnect(SECOND * 3);
    let began = Instant::now();

    let options = PublishOptions::default().with_timeout(SECOND);
    let message = OutboundMessage::new("ride.n", "never")?;
    let error = bench.client.publisher().publish_with(message, options).await.expect_err("no connection");
    assert_eq!((error.kind(), began.elapsed()), (ErrorKind::Unavailable, SECOND));
    assert_eq!(bench.take(SECOND).await.expect_err("no connection").kind(), ErrorKind::Unavailable);
    assert_eq!(began.elapsed(), SECOND * 2);
    held.ack().await?; // lost

    bench.client.publish("ride.n", "2").await?;
    assert_eq!(began.elapsed(), SECOND * 3);
    assert_eq!(bench.take(SECOND).await?, [once("2")]);
    assert_eq!(bench.take(ACK_WAIT).await?, [("1".to_owned(), 2)]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_subscription_tells_of_a_lost_connection_once_and_goes_on() -> Result<()> {
    let faults = FaultLayer::from_seed(1).on_publish(When::nth(1), PublishFault::Disconnect(SECOND));
    let bench = Bench::new(&faults).await?;
    let mut deliveries = Arc::clone(&bench.consumer).subscribe(SubscribeOptions::default());
    let (published, first) = futures::join!(bench.client.publish("ride.n", "1"), deliveries.next());
    published?;
    assert_eq!(first.expect("an error first").expect_err("lost").kind(), ErrorKind::Unavailable);
    deliveries.next().await.expect("it goes on")?.ack().await
}

#[tokio::test(start_paused = true)]
async fn healed_it_injects_nothing_any_more() -> Result<()> {
    let faults = FaultLayer::from_seed(1).on_publish(When::always(), PublishFault::Fail(ErrorKind::Timeout));
    let bench = Bench::new(&faults).await?;
    bench.client.publish("ride.n", "1").await.expect_err("injected");
    faults.disconnect(SECOND * 1000);
    faults.heal();
    bench.client.publish("ride.n", "2").await?;
    assert_eq!(faults.injected().len(), 1);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_rule_can_be_for_some_subjects_and_some_times() -> Result<()> {
    let when = When::always().on(SubjectFilter::new("ride.drop")?).at_most(2);
    let faults = FaultLayer::from_seed(1).on_publish(when, PublishFault::Fail(ErrorKind::Timeout));
    let bench = Bench::new(&faults).await?;
    let mut failed = Vec::new();
    for subject in ["ride.n", "ride.drop", "ride.n", "ride.drop", "ride.drop"] {
        failed.push(bench.client.publish(subject, "x").await.is_err());
    }
    assert_eq!(failed, [false, true, false, true, false]);
    let told = faults.injected().first().map(ToString::to_string).expect("two were injected");
    assert!(told.contains("ride.drop"), "{told}");
    Ok(())
}

/// What a run with chance at every point injects.
async fn chance(seed: u64) -> Result<Vec<String>> {
    let faults = FaultLayer::from_seed(seed)
        .on_publish(When::one_in(10), PublishFault::Duplicate)
        .on_delivery(When::one_in(10), DeliveryFault::Drop)
        .on_delivery(When::one_in(10), DeliveryFault::Reorder { within: SECOND })
        .on_settle(When::one_in(10), SettleFault::Lose);
    let bench = Bench::new(&faults).await?;
    for _ in 0..100 {
        bench.client.publish("ride.n", "x").await?;
    }
    while bench.unsettled().await? > 0 {
        bench.take(ACK_WAIT * 2).await?;
    }
    Ok(faults.injected().iter().map(ToString::to_string).collect())
}

#[tokio::test(start_paused = true)]
async fn a_seed_repeats_its_faults_and_another_has_others() -> Result<()> {
    let first = chance(42).await?;
    assert!(first.len() > 20, "one in ten of each: {first:#?}");
    assert_eq!(chance(42).await?, first);
    assert_ne!(chance(43).await?, first);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn without_a_connection_nothing_passes() -> Result<()> {
    let faults = FaultLayer::from_seed(1);
    let bench = Bench::new(&faults).await?;
    let (core, listener) = (bench.client.core()?, bench.client.core()?);
    let mut heard =
        listener.subscribe(SubjectFilter::new("told")?, pubsub_core::CoreSubscribeOptions::default()).await?;
    faults.disconnect(SECOND * 60);
    let stream = "RIDE".try_into()?;
    let began = Instant::now();
    let publisher = bench.client.publisher();
    for refused in [
        publisher.flush().await,
        bench.consumer.info().await.map(drop),
        bench.client.admin()?.stream_info(&stream).await.map(drop),
        core.publish(OutboundMessage::new("told", "lost")?).await,
    ] {
        assert_eq!(refused.expect_err("there is no connection").kind(), ErrorKind::Unavailable);
    }
    assert_eq!(began.elapsed(), SECOND * 20, "each has waited for it");
    bench.truth.core()?.publish(OutboundMessage::new("told", "missed")?).await?;

    sleep(SECOND * 60).await;
    publisher.flush().await?;
    bench.consumer.info().await?;
    bench.client.admin()?.stream_info(&stream).await?;
    let next = tokio::spawn(async move { heard.next().await });
    sleep(SECOND).await;
    core.publish(OutboundMessage::new("told", "heard")?).await?;
    let next = next.await.expect("no panic").expect("it goes on")?;
    assert_eq!(&next.payload[..], b"heard", "what was said meanwhile is lost");
    Ok(())
}
