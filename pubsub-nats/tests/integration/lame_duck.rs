//! A server that is about to stop is left for another one, before it stops.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use pubsub_core::{Broker as _, Client, ErrorKind, OutboundMessage, PublishOptions, StreamConfig};
use pubsub_nats::{NatsBroker, NatsConfig, NatsEvent, async_nats};
use pubsub_testkit::nats_cluster::{NatsCluster, Node};
use pubsub_testkit::nats_server::NatsServer;
use tokio::time::timeout;

use crate::support::{DEADLINE, eventually, soon};

async fn connected_to(url: &str) -> (Arc<NatsBroker>, Client) {
    let broker = Arc::new(NatsBroker::connect(NatsConfig::new(url).unwrap()).await.unwrap());
    let client = Client::new(Arc::<NatsBroker>::clone(&broker));
    (broker, client)
}

fn server_of(client: &Client) -> String {
    client.native().unwrap().downcast_ref::<async_nats::Client>().unwrap().server_info().server_id
}

#[tokio::test]
async fn a_client_moves_to_another_node_and_loses_nothing() {
    let cluster = NatsCluster::builder()
        .config_text("lame_duck_grace_period: \"60s\"\nlame_duck_duration: \"120s\"")
        .start()
        .await
        .unwrap();
    let (_broker, client) = connected_to(&cluster.url_of(Node::A)).await;
    let config = StreamConfig::new("RIDE", ["ride.>"]).unwrap().with_replicas(3);
    client.admin().unwrap().create_stream(config).await.unwrap();
    let first = server_of(&client);
    let publishing = tokio::spawn({
        let client = client.clone();
        async move {
            for number in 0..200 {
                client.publish("ride.n", number.to_string()).await.unwrap();
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    });
    cluster.lame_duck(Node::A);
    // Long before the node cuts anybody off.
    eventually("the client is elsewhere", || async { server_of(&client) != first }).await;
    timeout(3 * DEADLINE, publishing).await.unwrap().unwrap();
    let info = client.admin().unwrap().stream_info(&"RIDE".try_into().unwrap()).await.unwrap();
    assert_eq!(info.messages, 200);
}

#[tokio::test]
async fn a_client_that_knows_no_other_server_stays() {
    let mut server = NatsServer::start().unwrap();
    let (broker, client) = connected_to(server.url()).await;
    let mut events = broker.events();
    server.lame_duck();
    let told = soon(async {
        loop {
            match events.next().await {
                Some(NatsEvent::LameDuck) => return true,
                Some(NatsEvent::Disconnected) | None => return false,
                Some(_) => {}
            }
        }
    });
    assert!(told.await);
    // Plain messages are still answered: by nobody, which is an answer.
    let publisher = client.publisher();
    let message = OutboundMessage::new("nobody.there", "x").unwrap();
    let options = PublishOptions::default().with_retry(false);
    let outcome = soon(async { publisher.publish_with(message, options).await?.await }).await;
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::NotFound);
}
