//! A client in another language as a peer: nats-py reads what this writes, and the reverse.

mod python;

use std::time::{Duration, SystemTime};

use pubsub_core::config::timestamp;
use pubsub_core::{Capability, ConsumerConfig, OutboundMessage, Schedule};
use serde_json::json;

use crate::support::{Bench, eventually, fetch, ride, soon, text};
use python::Peer;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn python_reads_what_this_publishes_and_its_acks_count() {
    let Some(peer) = Peer::find() else { return };
    let (bench, consumer) = Bench::with_consumer().await;
    let message = OutboundMessage::new("ride.pickup", "grüße").unwrap();
    let message = message
        .with_id("id-1")
        .unwrap()
        .with_header("tag", "a b")
        .unwrap()
        .with_header("Upper-x", "é")
        .unwrap();
    bench.client.publish_message(message).await.unwrap();
    bench.publish(0..1).await;
    let job = json!({ "job": "read", "stream": "RIDE", "consumer": "users", "settle": ["ack", "ack"] });
    let seen = peer.does(&bench, job).await;
    let first = &seen[0];
    assert_eq!((&first["subject"], &first["payload"]), (&json!("ride.pickup"), &json!("grüße")));
    assert_eq!((&first["sequence"], &first["attempt"], &first["pending"]), (&json!(1), &json!(1), &json!(1)));
    let headers = &first["headers"];
    assert_eq!((&headers["tag"], &headers["Upper-x"]), (&json!("a b"), &json!("é")), "{headers}");
    assert_eq!(headers["Nats-Msg-Id"], json!("id-1"));
    assert_eq!(seen[1]["payload"], json!("0"));
    let info = consumer.info().await.unwrap();
    assert_eq!((info.ack_pending, info.pending, info.ack_floor.stream), (0, 0, 2));
}

#[tokio::test]
async fn this_reads_what_python_publishes_and_ids_are_known_to_both() {
    let Some(peer) = Peer::find() else { return };
    let (bench, consumer) = Bench::with_consumer().await;
    let ours = |id: &str| OutboundMessage::new("ride.n", "ours").unwrap().with_id(id).unwrap();
    bench.client.publish_message(ours("ours")).await.unwrap();
    let theirs = json!({ "subject": "ride.pickup", "payload": "grüße", "headers": { "tag": "é", "Nats-Msg-Id": "theirs" } });
    let same = json!({ "subject": "ride.n", "payload": "x", "headers": { "Nats-Msg-Id": "ours" } });
    let receipts = peer.does(&bench, json!({ "job": "publish", "messages": [theirs, same] })).await;
    assert_eq!(receipts[0], json!({ "stream": "RIDE", "sequence": 2, "duplicate": false }));
    assert_eq!(receipts[1], json!({ "stream": "RIDE", "sequence": 1, "duplicate": true }));
    let again = bench.client.publish_message(ours("theirs")).await.unwrap();
    assert_eq!((again.sequence, again.duplicate), (Some(2), Some(true)));

    let got = fetch(&consumer, 10).await;
    assert_eq!(got.len(), 2);
    assert_eq!((got[1].subject(), text(&got[1]).as_str()), ("ride.pickup", "grüße"));
    assert_eq!((got[1].headers().get("tag"), got[1].message_id()), (Some("é"), Some("theirs")));
}

#[tokio::test]
async fn what_one_gives_back_comes_to_the_other_and_what_one_ends_does_not() {
    let Some(peer) = Peer::find() else { return };
    let (bench, consumer) = Bench::with_consumer().await;
    bench.publish(0..2).await;
    let read =
        |settle: &[&str]| json!({ "job": "read", "stream": "RIDE", "consumer": "users", "settle": settle });
    peer.does(&bench, read(&["nak"])).await;
    let again = soon(fetch(&consumer, 1)).await.pop().unwrap();
    assert_eq!((text(&again).as_str(), again.info().attempt), ("0", 2));
    again.nak().await.unwrap();
    let seen = peer.does(&bench, read(&["term"])).await;
    assert_eq!((&seen[0]["payload"], &seen[0]["attempt"]), (&json!("0"), &json!(3)));
    let next = soon(fetch(&consumer, 10)).await;
    assert_eq!((next.len(), text(&next[0]).as_str()), (1, "1"), "what was ended does not come again");
}

#[tokio::test]
async fn schedules_and_lifetimes_are_the_same_for_both() {
    let Some(peer) = Peer::find() else { return };
    let bench = Bench::start().await;
    if !bench.has(Capability::Schedules) {
        return;
    }
    bench.stream_with(|stream| stream.with_allow_schedules().with_allow_message_ttl()).await;
    let due = ConsumerConfig::durable("due").unwrap().with_filter("ride.due.>").unwrap();
    let consumer = bench.consumer(due).await;

    let schedule = Schedule::at(SystemTime::now() + SECOND, "ride.due.ours").unwrap();
    let message = OutboundMessage::new("ride.later.ours", "ours").unwrap().with_schedule(schedule);
    bench.client.publish_message(message).await.unwrap();
    let lives = OutboundMessage::new("ride.short.ours", "x").unwrap().with_ttl(SECOND);
    bench.client.publish_message(lives).await.unwrap();
    let at = timestamp::format(SystemTime::now() + SECOND).unwrap();
    let headers = json!({ "Nats-Schedule": format!("@at {at}"), "Nats-Schedule-Target": "ride.due.theirs" });
    let messages = json!([
        { "subject": "ride.later.theirs", "payload": "theirs", "headers": headers },
        { "subject": "ride.short.theirs", "payload": "x", "ttl": 1.0 },
    ]);
    peer.does(&bench, json!({ "job": "publish", "messages": messages })).await;

    // Ours and theirs, each read by the other or by both: whoever comes first takes it.
    let job = json!({ "job": "read", "stream": "RIDE", "consumer": "due", "settle": ["nak", "nak"] });
    let mut theirs: Vec<_> = peer
        .does(&bench, job)
        .await
        .iter()
        .map(|seen| seen["subject"].as_str().unwrap().to_owned())
        .collect();
    let mut ours = Vec::new();
    while ours.len() < 2 {
        for delivery in soon(fetch(&consumer, 2)).await {
            ours.push(delivery.subject().to_owned());
            delivery.ack().await.unwrap();
        }
    }
    ours.sort_unstable();
    theirs.sort_unstable();
    theirs.dedup();
    assert_eq!(ours, ["ride.due.ours", "ride.due.theirs"]);
    assert!(!theirs.is_empty() && theirs.iter().all(|subject| ours.contains(subject)), "{theirs:?}");
    eventually("what lives for a second is gone", || async {
        let short = bench.admin().stream_subjects(&ride(), "ride.short.>".try_into().unwrap()).await.unwrap();
        short.is_empty()
    })
    .await;
}
