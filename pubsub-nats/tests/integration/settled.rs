//! What was settled does not come again, whatever became of the settlement on its way and in the server.

use std::sync::Arc;
use std::time::{Duration, Instant};

use pubsub_core::{
    Client, Consumer, ConsumerConfig, ErrorKind, FetchOptions, Provision, Storage, StreamConfig,
};
use pubsub_testkit::fault_proxy::{Direction, FaultProxy};

use crate::support::{Bench, ack_all, connect, eventually, fetch, ride, soon, text, texts};

const ACK_WAIT: Duration = Duration::from_secs(1);

fn users() -> ConsumerConfig {
    ConsumerConfig::durable("users").unwrap().with_ack_wait(ACK_WAIT)
}

/// A stream on disk with a consumer, and a client whose wire can be broken.
async fn behind_a_proxy() -> (Bench, FaultProxy, Client, Arc<dyn Consumer>) {
    let bench = Bench::start().await;
    let config = StreamConfig::new("RIDE", ["ride.>"]).unwrap().with_storage(Storage::File);
    bench.client.ensure_stream(config, Provision::CreateIfMissing).await.unwrap();
    bench.consumer(users()).await;
    let proxy = FaultProxy::in_front_of(&bench.server).await.unwrap();
    let client = connect(&proxy.url()).await.unwrap();
    let consumer = client.consumer("RIDE", "users").await.unwrap();
    (bench, proxy, client, consumer)
}

/// Mends the wire, without what was held on it.
async fn reset_what_is_held(proxy: &FaultProxy) {
    let resets = proxy.counts().resets;
    proxy.reset();
    eventually("the connection is reset", || async { proxy.counts().resets > resets }).await;
    proxy.resume();
}

/// Fetches until this text has come, and gives all that came before it.
async fn until(consumer: &Arc<dyn Consumer>, last: &str) -> Vec<String> {
    let mut before = Vec::new();
    soon(async {
        loop {
            for delivery in fetch(consumer, 10).await {
                let text = text(&delivery);
                delivery.ack().await.unwrap();
                if text == last {
                    return;
                }
                before.push(text);
            }
        }
    })
    .await;
    before
}

async fn all_is_settled(bench: &Bench, last: u64) {
    let admin = bench.admin();
    eventually("all is settled", || async {
        admin.consumer_info(&ride(), &"users".try_into().unwrap()).await.unwrap().ack_floor.stream >= last
    })
    .await;
}

#[tokio::test]
async fn a_plain_ack_that_was_lost_is_said_again_and_the_message_is_not_handed_out() {
    let (bench, proxy, _client, consumer) = behind_a_proxy().await;
    bench.publish(0..1).await;
    let delivery = fetch(&consumer, 1).await.pop().unwrap();
    proxy.black_hole(Direction::ToServer);
    delivery.ack().await.unwrap();
    reset_what_is_held(&proxy).await;
    // It comes again after its ack wait, to nobody.
    let fetching = tokio::spawn(async move { until(&consumer, "1").await });
    all_is_settled(&bench, 1).await;
    bench.publish(1..2).await;
    assert!(soon(fetching).await.unwrap().is_empty(), "it came again");
}

#[tokio::test]
async fn what_a_killed_server_has_forgotten_is_not_handed_out() {
    let (mut bench, _proxy, client, consumer) = behind_a_proxy().await;
    bench.publish(0..50).await;
    let mut deliveries = fetch(&consumer, 50).await;
    let rest = deliveries.split_off(1);
    deliveries.pop().unwrap().ack_confirmed().await.unwrap();
    for delivery in rest {
        delivery.ack_confirmed().await.unwrap();
    }
    bench.server.kill().unwrap();
    bench.server.restart().unwrap();
    soon(client.publish("ride.n", "last")).await.unwrap();
    let mut before = until(&consumer, "last").await;
    // Some of it comes again only after its ack wait.
    let fetching = tokio::spawn(async move {
        before.extend(until(&consumer, "end").await);
        before
    });
    all_is_settled(&bench, 51).await;
    soon(client.publish("ride.n", "end")).await.unwrap();
    let again = soon(fetching).await.unwrap();
    assert!(again.is_empty(), "{again:?} came again after a confirmed ack");
}

#[tokio::test]
async fn a_confirmed_ack_whose_answer_was_lost_is_said_again_at_once() {
    let (bench, proxy, _client, consumer) = behind_a_proxy().await;
    bench.publish(0..1).await;
    let delivery = fetch(&consumer, 1).await.pop().unwrap();
    proxy.black_hole(Direction::ToClient);
    let acking = tokio::spawn(delivery.ack_confirmed());
    all_is_settled(&bench, 1).await;
    let started = Instant::now();
    reset_what_is_held(&proxy).await;
    soon(acking).await.unwrap().unwrap();
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
}

#[tokio::test]
async fn another_consumer_of_the_name_delivers_all_again() {
    let (bench, proxy, _client, consumer) = behind_a_proxy().await;
    bench.publish(0..3).await;
    for delivery in fetch(&consumer, 3).await {
        delivery.ack_confirmed().await.unwrap();
    }
    let admin = bench.admin();
    admin.delete_consumer(&ride(), &"users".try_into().unwrap()).await.unwrap();
    admin.create_consumer(&ride(), users()).await.unwrap();
    // As if a server had been killed, so that there is reason to doubt.
    proxy.reset();
    let mut again = Vec::new();
    while again.len() < 3 {
        // After a break they come one by one at first. Held, so that none comes twice.
        again.extend(soon(fetch(&consumer, 3 - again.len())).await);
    }
    assert_eq!(texts(&again), ["0", "1", "2"]);
    ack_all(again).await;
}

#[tokio::test]
async fn a_message_that_another_process_gave_back_is_handed_out() {
    let (bench, _proxy, _client, consumer) = behind_a_proxy().await;
    bench.publish(0..1).await;
    fetch(&consumer, 1).await.pop().unwrap().ack_confirmed().await.unwrap();
    let admin = bench.admin();
    admin.delete_consumer(&ride(), &"users".try_into().unwrap()).await.unwrap();
    admin.create_consumer(&ride(), users()).await.unwrap();
    let elsewhere = bench.client.consumer("RIDE", "users").await.unwrap();
    fetch(&elsewhere, 1).await.pop().unwrap().nak().await.unwrap();
    let delivery = soon(fetch(&consumer, 1)).await.pop().unwrap();
    assert_eq!(delivery.info().attempt, 2);
    delivery.ack().await.unwrap();
}

#[tokio::test]
async fn a_cancelled_confirmed_ack_does_not_hold_up_a_close() {
    let (bench, proxy, client, consumer) = behind_a_proxy().await;
    bench.publish(0..1).await;
    let delivery = fetch(&consumer, 1).await.pop().unwrap();
    proxy.black_hole(Direction::ToClient);
    let acking = tokio::time::timeout(Duration::from_millis(100), delivery.ack_confirmed()).await;
    assert!(acking.is_err(), "nothing can answer");
    reset_what_is_held(&proxy).await;
    let started = Instant::now();
    soon(client.close()).await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    let late = consumer.fetch(FetchOptions::up_to(1)).await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Closed);
}
