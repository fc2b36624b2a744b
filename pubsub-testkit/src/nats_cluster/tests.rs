//! The cluster against real servers. Streams are made over the plain NATS protocol: this crate has no NATS client.

use std::time::Duration;

use pubsub_core::{ConsumerName, ErrorKind, StreamName};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use super::{NatsCluster, Node};

const SOON: Duration = Duration::from_secs(30);

/// One request of JetStream's interface; `None` if no answer comes within 2 s.
async fn request(port: u16, subject: &str, body: &Value) -> Option<Value> {
    timeout(Duration::from_secs(2), async {
        let mut stream = BufReader::new(TcpStream::connect(("127.0.0.1", port)).await.ok()?);
        let body = body.to_string();
        let length = body.len();
        let words = format!(
            "CONNECT {{\"verbose\":false}}\r\nSUB reply 1\r\nPUB {subject} reply {length}\r\n{body}\r\n"
        );
        stream.write_all(words.as_bytes()).await.ok()?;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            if line.starts_with("MSG ") {
                let length = line.split_whitespace().last()?.parse().ok()?;
                let mut answer = vec![0; length];
                stream.read_exact(&mut answer).await.ok()?;
                return serde_json::from_slice(&answer).ok();
            }
        }
    })
    .await
    .ok()?
}

async fn until_answered(port: u16, subject: &str, body: &Value) -> Value {
    let deadline = Instant::now() + SOON;
    loop {
        match request(port, subject, body).await {
            Some(answer) if answer.get("error").is_none() => return answer,
            other => assert!(Instant::now() < deadline, "{subject}: {other:?}"),
        }
        sleep(Duration::from_millis(50)).await;
    }
}

async fn with_stream_and_consumer() -> (NatsCluster, StreamName, ConsumerName) {
    let cluster = NatsCluster::start().await.unwrap();
    let port = cluster.port(Node::A);
    let stream = json!({"name": "RIDE", "subjects": ["ride.>"], "num_replicas": 3});
    until_answered(port, "$JS.API.STREAM.CREATE.RIDE", &stream).await;
    let consumer = json!({"stream_name": "RIDE", "config": {"name": "users", "durable_name": "users", "ack_policy": "explicit"}});
    until_answered(port, "$JS.API.CONSUMER.CREATE.RIDE.users", &consumer).await;
    (cluster, StreamName::new("RIDE").unwrap(), ConsumerName::new("users").unwrap())
}

fn another(node: Node) -> Node {
    Node::ALL.into_iter().find(|other| *other != node).unwrap()
}

#[tokio::test]
async fn a_killed_leader_is_followed_by_another_and_comes_back() {
    let (cluster, stream, consumer) = with_stream_and_consumer().await;
    let first = cluster.kill_stream_leader(&stream).await.unwrap();
    assert!(!cluster.is_running(first));
    let second = cluster.stream_leader(&stream).await.unwrap();
    assert_ne!(first, second);
    // What it knows survived.
    let stored = until_answered(cluster.port(second), "ride.pickup", &json!({})).await;
    assert_eq!(stored["seq"], 1);
    cluster.restore().await.unwrap();
    assert!(cluster.is_running(first));

    let leads = cluster.kill_consumer_leader(&stream, &consumer).await.unwrap();
    assert_ne!(cluster.consumer_leader(&stream, &consumer).await.unwrap(), leads);
}

#[tokio::test]
async fn without_a_majority_nothing_is_stored_until_it_is_back() {
    let (cluster, _, _) = with_stream_and_consumer().await;
    let left = cluster.lose_majority().await.unwrap();
    let running: Vec<_> = Node::ALL.into_iter().filter(|node| cluster.is_running(*node)).collect();
    assert_eq!(running, [left]);
    let answer = request(cluster.port(left), "ride.pickup", &json!({})).await;
    assert!(answer.as_ref().is_none_or(|answer| answer.get("seq").is_none()), "{answer:?}");
    cluster.restore().await.unwrap();
    until_answered(cluster.port(left), "ride.pickup", &json!({})).await;
}

#[tokio::test]
async fn a_frozen_leader_is_followed_by_another_and_thaws() {
    let (cluster, stream, _) = with_stream_and_consumer().await;
    let frozen = cluster.freeze_stream_leader(&stream).await.unwrap();
    assert!(!cluster.is_running(frozen));
    assert_ne!(cluster.stream_leader(&stream).await.unwrap(), frozen);
    cluster.restore().await.unwrap();
    assert!(cluster.is_running(frozen));
    assert!(request(cluster.port(frozen), "$JS.API.INFO", &json!({})).await.is_some());
}

#[tokio::test]
async fn ports_stay_over_stop_and_restart() {
    let cluster = NatsCluster::start().await.unwrap();
    let url = cluster.url();
    let leader = cluster.cluster_leader().await.unwrap();
    cluster.stop(leader).await.unwrap();
    assert!(TcpStream::connect(("127.0.0.1", cluster.port(leader))).await.is_err());
    assert_ne!(cluster.cluster_leader().await.unwrap(), leader);
    cluster.restart(leader).await.unwrap();
    cluster.wait_until_healthy().await.unwrap();
    assert_eq!(cluster.url(), url);
    assert_eq!(cluster.url_of(leader), format!("nats://127.0.0.1:{}", cluster.port(leader)));
    assert!(cluster.version() >= crate::nats_server::ServerVersion::OLDEST);
    assert!(!cluster.log_tail(another(leader), 3).is_empty());
}

#[tokio::test]
async fn a_configuration_that_no_server_takes_is_an_error_with_its_words() {
    let refused = NatsCluster::builder().config_text("no_such_setting: 1").start().await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unavailable);
    assert!(refused.context("log").is_some(), "{refused}");
}
