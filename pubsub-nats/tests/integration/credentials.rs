//! Each way to prove who one is, right and wrong.

use std::time::{Duration, Instant};

use nkeys::KeyPair;
use pubsub_core::{ErrorKind, Provision, StreamConfig};
use pubsub_nats::{Credentials, NatsConfig};
use pubsub_testkit::nats_server::NatsServer;

use crate::certificates::{Authority, Kind};
use crate::operator::Operator;
use crate::support::{connect_with, soon};

fn config(server: &NatsServer) -> NatsConfig {
    NatsConfig::new(&format!("nats://127.0.0.1:{}", server.port())).unwrap()
}

fn with_auth(text: &str) -> NatsServer {
    NatsServer::builder().config_text(text).start().unwrap()
}

/// Connects and uses JetStream.
async fn works(config: NatsConfig) {
    let client = soon(connect_with(config)).await.unwrap();
    let stream = StreamConfig::new("RIDE", ["ride.>"]).unwrap();
    client.ensure_stream(stream, Provision::CreateIfMissing).await.unwrap();
    client.publish("ride.n", "x").await.unwrap();
    client.close().await.unwrap();
}

/// Refused within 2 s, with a remedy.
async fn denied(config: NatsConfig) {
    let started = Instant::now();
    let error = soon(connect_with(config)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    assert!(error.remedy().is_some() && error.context("servers").is_some(), "{error}");
}

#[tokio::test]
async fn user_and_password() {
    let server = with_auth(r#"authorization { users: [ { user: "ride", password: "right" } ] }"#);
    works(config(&server).with_credentials(Credentials::password("ride", "right"))).await;
    denied(config(&server).with_credentials(Credentials::password("ride", "wrong"))).await;
    denied(config(&server).with_credentials(Credentials::token("right"))).await;
    denied(config(&server)).await;
}

#[tokio::test]
async fn token() {
    let server = with_auth(r#"authorization { token: "right" }"#);
    works(config(&server).with_credentials(Credentials::token("right"))).await;
    denied(config(&server).with_credentials(Credentials::token("wrong"))).await;
    denied(config(&server)).await;
}

#[tokio::test]
async fn nkey() {
    let pair = KeyPair::new_user();
    let seed = pair.seed().unwrap();
    let server = with_auth(&format!("authorization {{ users: [ {{ nkey: {} }} ] }}", pair.public_key()));
    works(config(&server).with_credentials(Credentials::nkey(&seed))).await;
    works(NatsConfig::new(&format!("nats://127.0.0.1:{}?nkey={seed}", server.port())).unwrap()).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("{seed}\n")).unwrap();
    works(config(&server).with_credentials(Credentials::nkey_file(file.path()))).await;
    denied(config(&server).with_credentials(Credentials::nkey(KeyPair::new_user().seed().unwrap()))).await;
    denied(config(&server)).await;
}

#[tokio::test]
async fn credentials_file_text_and_signer() {
    let operator = Operator::start();
    let user = operator.user();
    let server = &operator.server;
    works(config(server).with_credentials(Credentials::text(user.text()))).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), user.text()).unwrap();
    works(config(server).with_credentials(Credentials::file(file.path()))).await;
    let seed = user.pair.seed().unwrap();
    let url = format!("nats://127.0.0.1:{}?jwt={}&seed={seed}", server.port(), user.jwt);
    works(NatsConfig::new(&url).unwrap()).await;
    let signer = move |nonce: Vec<u8>| {
        let signed = KeyPair::from_seed(&seed).unwrap().sign(&nonce).unwrap();
        async move { Ok(signed) }
    };
    works(config(server).with_credentials(Credentials::jwt(&user.jwt, signer))).await;

    denied(config(server)).await;
    denied(config(server).with_credentials(Credentials::text(Operator::start().user().text()))).await;
    let other = KeyPair::new_user();
    let foreign = move |nonce: Vec<u8>| {
        let signed = other.sign(&nonce).unwrap();
        async move { Ok(signed) }
    };
    denied(config(server).with_credentials(Credentials::jwt(&user.jwt, foreign))).await;
    let silent = |_| async { Err(pubsub_core::Error::closed("vault")) };
    denied(config(server).with_credentials(Credentials::jwt(&user.jwt, silent))).await;
}

#[tokio::test]
async fn a_client_certificate_can_be_the_user() {
    let authority = Authority::new();
    let users = r#"authorization { users: [ { user: "client.example.org" } ] }"#;
    let server = with_auth(&format!("{}{users}", authority.block(Kind::Good, "verify_and_map: true")));
    let client = authority.client();
    works(authority.config(&server).with_client_certificate(&client.cert, &client.key)).await;
    denied(authority.config(&server)).await;
}

#[tokio::test]
async fn several_connections_of_different_users_share_nothing() {
    let text = r#"accounts {
        A: { jetstream: enabled, users: [ { user: "a", password: "p" } ] }
        B: { jetstream: enabled, users: [ { user: "b", password: "p" } ] }
    }"#;
    let server = with_auth(text);
    let a = connect_with(config(&server).with_credentials(Credentials::password("a", "p"))).await.unwrap();
    let b = connect_with(config(&server).with_credentials(Credentials::password("b", "p"))).await.unwrap();
    let stream = StreamConfig::new("RIDE", ["ride.>"]).unwrap();
    a.ensure_stream(stream, Provision::CreateIfMissing).await.unwrap();
    assert_eq!(b.publish("ride.n", "x").await.unwrap_err().kind(), ErrorKind::NotFound);
    a.close().await.unwrap();
    assert!(b.health().await.is_usable());
}
