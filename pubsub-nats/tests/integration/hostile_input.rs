//! What other publishers and strangers may send, and what must not happen then.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use pubsub_core::{ConsumerConfig, ReadOptions, SubscribeOptions};

use crate::support::{Bench, eventually, fetch, listen, ride, soon, sync, text};

/// Speaks the protocol by hand, since no client library would send this.
fn send_raw(bench: &Bench, lines: &[u8]) {
    let mut stream = TcpStream::connect(("127.0.0.1", bench.server.port())).unwrap();
    stream.write_all(b"CONNECT {\"verbose\":false,\"headers\":true}\r\n").unwrap();
    stream.write_all(lines).unwrap();
    stream.write_all(b"PING\r\n").unwrap();
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    while !seen.windows(4).any(|window| window == b"PONG") {
        let read = stream.read(&mut buffer).unwrap();
        assert!(read > 0, "the server closed the connection");
        seen.extend_from_slice(&buffer[..read]);
    }
}

fn hpub(subject: &str, header: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut block = b"NATS/1.0\r\n".to_vec();
    block.extend_from_slice(header);
    block.extend_from_slice(b"\r\n\r\n");
    let mut lines =
        format!("HPUB {subject} {} {}\r\n", block.len(), block.len() + payload.len()).into_bytes();
    lines.extend_from_slice(&block);
    lines.extend_from_slice(payload);
    lines.extend_from_slice(b"\r\n");
    lines
}

#[tokio::test]
async fn a_stored_wildcard_subject_is_delivered_as_it_is() {
    let (bench, consumer) = Bench::with_consumer().await;
    send_raw(&bench, b"PUB ride.* 1\r\nx\r\nPUB ride.> 1\r\ny\r\n");
    let got = fetch(&consumer, 10).await;
    let subjects: Vec<_> = got.iter().map(|delivery| delivery.subject().to_owned()).collect();
    assert_eq!(subjects, ["ride.*", "ride.>"]);
}

#[tokio::test]
async fn odd_headers_are_left_out_and_the_message_is_not_lost() {
    let (bench, consumer) = Bench::with_consumer().await;
    send_raw(&bench, &hpub("ride.n", b"ok: 1\r\nctl: a\x07b\r\nempty:", b"still here"));
    let got = fetch(&consumer, 1).await;
    assert_eq!(text(&got[0]), "still here");
    assert_eq!(got[0].headers().get("ok"), Some("1"));
    assert_eq!(got[0].headers().get("empty"), Some(""));
}

#[tokio::test]
async fn a_payload_that_is_not_utf8_is_delivered() {
    let (bench, consumer) = Bench::with_consumer().await;
    send_raw(&bench, b"PUB ride.n 3\r\n\xff\xfe\x00\r\n");
    assert_eq!(&fetch(&consumer, 1).await[0].payload()[..], b"\xff\xfe\x00");
}

/// async-nats takes such headers for a protocol error and connects again; the message goes when it is exhausted, and those
/// behind it come.
#[tokio::test]
async fn headers_that_are_not_utf8_do_not_stop_the_messages_behind_them() {
    let bench = Bench::start().await;
    bench.stream().await;
    let config = ConsumerConfig::durable("users")
        .unwrap()
        .with_ack_wait(Duration::from_millis(300))
        .with_max_deliver(3);
    let consumer = bench.consumer(config).await;
    send_raw(&bench, &hpub("ride.n", b"bad: \xff\xfe", b"poison"));
    send_raw(&bench, b"PUB ride.n 4\r\ngood\r\n");
    let mut deliveries = consumer.subscribe(SubscribeOptions::default());
    let delivery = soon(deliveries.next()).await.unwrap().unwrap();
    assert_eq!(text(&delivery), "good");
    delivery.ack().await.unwrap();
}

/// A reader has no acks, so nothing would ever be exhausted.
#[tokio::test]
async fn a_reader_passes_a_message_that_breaks_its_connection_and_misses_nothing() {
    let bench = Bench::start().await;
    bench.stream().await;
    bench.publish(0..3).await;
    send_raw(&bench, &hpub("ride.bad", b"ok: 1\r\nbad: \xff\xfe", b"poison"));
    send_raw(&bench, &hpub("ride.bad", b"bad: \xff\xfe", b"poison"));
    bench.publish(3..6).await;
    let mut reader = bench.client.read("RIDE", ReadOptions::default()).await.unwrap();
    let mut seen = Vec::new();
    while seen.len() < 8 {
        let message = soon(reader.next()).await.unwrap().unwrap();
        assert_eq!(message.sequence, seen.len() as u64 + 1);
        if message.sequence == 4 {
            assert_eq!(message.headers.get("ok"), Some("1"));
        }
        seen.push(String::from_utf8(message.payload.to_vec()).unwrap());
    }
    assert_eq!(seen, ["0", "1", "2", "poison", "poison", "3", "4", "5"]);
    bench.publish(6..7).await;
    assert_eq!(&soon(reader.next()).await.unwrap().unwrap().payload[..], b"6");
}

#[tokio::test]
async fn a_stranger_on_an_inbox_is_ignored() {
    let (bench, consumer) = Bench::with_consumer().await;
    let mut deliveries = Arc::clone(&consumer).subscribe(SubscribeOptions::default());
    assert!(tokio::time::timeout(Duration::from_millis(50), deliveries.next()).await.is_err());
    let foreign = bench.foreign().await;
    // Whoever may subscribe to all inboxes sees ours, and may write to them.
    let mut spied = listen(&foreign, "_INBOX.>").await;
    bench.publish(0..1).await;
    let mut inboxes = Vec::new();
    while inboxes.len() < 2 {
        let message = soon(spied.next()).await.unwrap();
        inboxes.push(message.subject);
    }
    for inbox in inboxes {
        for reply in ["$JS.ACK.x", "$JS.ACK.RIDE.users.1.2.3.4.notanumber", "elsewhere"] {
            foreign.publish_with_reply(inbox.clone(), reply, "rubbish".into()).await.unwrap();
        }
        foreign.publish(inbox, "rubbish".into()).await.unwrap();
    }
    sync(&foreign).await;
    assert_eq!(text(&soon(deliveries.next()).await.unwrap().unwrap()), "0");
    bench.publish(1..2).await;
    let delivery = soon(deliveries.next()).await.unwrap().unwrap();
    assert_eq!(text(&delivery), "1");
    delivery.ack().await.unwrap();
}

/// What nobody took is given back with this client's rights, so it must be JetStream's to take.
#[tokio::test]
async fn what_a_stranger_left_on_an_inbox_is_not_given_back() {
    let (bench, consumer) = Bench::with_consumer().await;
    let foreign = bench.foreign().await;
    let mut pulls = listen(&foreign, "$JS.API.CONSUMER.MSG.NEXT.RIDE.users").await;
    let mut deliveries = Arc::clone(&consumer).subscribe(SubscribeOptions::default());
    assert!(tokio::time::timeout(Duration::from_millis(50), deliveries.next()).await.is_err());
    let inbox = soon(pulls.next()).await.unwrap().reply.unwrap();
    foreign.publish_with_reply(inbox, "ride.stolen", "rubbish".into()).await.unwrap();
    sync(&foreign).await;
    bench.publish(0..1).await;
    drop(deliveries);
    // It was given back after the stranger's message would have been.
    let delivery = fetch(&consumer, 1).await.pop().unwrap();
    assert_eq!((text(&delivery).as_str(), delivery.info().attempt), ("0", 2));
    assert_eq!(bench.admin().stream_info(&ride()).await.unwrap().messages, 1);
}

#[tokio::test]
async fn foreign_names_do_not_hide_the_others_in_a_list() {
    let bench = Bench::start().await;
    bench.stream().await;
    // A stream that stores no subject of its own and is named with a character that this library does not use.
    send_raw(
        &bench,
        b"PUB $JS.API.STREAM.CREATE.th+eirs 36\r\n{\"name\":\"th+eirs\",\"subjects\":[\"th\"]}\r\n",
    );
    let admin = bench.client.admin().unwrap();
    eventually("ours is listed", || async {
        let listed = admin.list_streams().await.unwrap();
        listed.len() == 1 && listed[0].config.name == *"RIDE"
    })
    .await;
}
