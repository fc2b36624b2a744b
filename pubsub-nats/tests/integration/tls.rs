//! Encryption: what works, and what is refused with a cause, a remedy and in time.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use pubsub_core::{Error, ErrorKind};
use pubsub_nats::{Credentials, NatsConfig, TlsMode};
use pubsub_testkit::nats_server::NatsServer;

use crate::certificates::{Authority, Kind};
use crate::support::{connect_with, soon};

/// Connects, publishes nothing, and closes.
async fn works(config: NatsConfig) {
    let client = soon(connect_with(config)).await.unwrap();
    assert!(client.health().await.is_usable());
    client.close().await.unwrap();
}

/// The error of a connection that cannot be, within 2 s.
async fn refused(config: NatsConfig) -> Error {
    let started = Instant::now();
    let error = soon(connect_with(config)).await.unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}: {error}", started.elapsed());
    assert!(error.remedy().is_some() && error.context("servers").is_some(), "{error}");
    error
}

fn is(error: &Error, kind: ErrorKind, field: Option<&str>) {
    assert_eq!((error.kind(), error.context("field")), (kind, field), "{error:?}");
}

#[tokio::test]
async fn an_own_authority_is_trusted() {
    let authority = Authority::new();
    let server = authority.start(Kind::Good, "");
    works(authority.config(&server)).await;
    works(NatsConfig::new(&format!("tls://localhost:{}", server.port())).unwrap().with_ca(authority.ca()))
        .await;
}

#[tokio::test]
async fn tls_of_the_server_is_taken_up_without_asking_for_it() {
    let authority = Authority::new();
    let server = authority.start(Kind::Good, "");
    let config = NatsConfig::new(&format!("nats://127.0.0.1:{}", server.port())).unwrap();
    works(config.with_ca(authority.ca())).await;
}

#[tokio::test]
async fn an_authority_that_is_not_trusted_is_refused() {
    let authority = Authority::new();
    let server = authority.start(Kind::Good, "");
    let mut config = authority.config(&server);
    config.ca = None;
    is(&refused(config.clone()).await, ErrorKind::Config, Some("ca"));
    is(&refused(config.clone().with_ca(Authority::new().ca())).await, ErrorKind::Config, Some("ca"));
    // Also where only the server asks for TLS.
    let plain = NatsConfig::new(&format!("nats://127.0.0.1:{}", server.port())).unwrap();
    is(&refused(plain).await, ErrorKind::Config, Some("ca"));
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let authority = Authority::new();
    let server = authority.start(Kind::OtherName, "");
    is(&refused(authority.config(&server)).await, ErrorKind::Config, Some("servers"));
}

#[tokio::test]
async fn an_expired_certificate_is_refused() {
    let authority = Authority::new();
    let server = authority.start(Kind::Expired, "");
    let error = refused(authority.config(&server)).await;
    is(&error, ErrorKind::Unavailable, None);
    assert!(error.message().contains("expired"), "{error}");
}

#[tokio::test]
async fn a_client_certificate_is_shown() {
    let authority = Authority::new();
    let server = authority.start(Kind::Good, "verify: true");
    let client = authority.client();
    works(authority.config(&server).with_client_certificate(&client.cert, &client.key)).await;
    let url = format!(
        "tls://127.0.0.1:{}?ca={}&cert={}&key={}",
        server.port(),
        authority.ca().display(),
        client.cert.display(),
        client.key.display()
    );
    works(NatsConfig::new(&url).unwrap()).await;
}

#[tokio::test]
async fn a_missing_or_foreign_client_certificate_is_refused() {
    let authority = Authority::new();
    let server = authority.start(Kind::Good, "verify: true");
    let error = refused(authority.config(&server)).await;
    is(&error, ErrorKind::PermissionDenied, None);
    assert!(error.remedy().is_some_and(|remedy| remedy.contains("`cert`")), "{error}");
    let foreign = Authority::new().client();
    // Its folder is gone, so the files are missing: that is told before anything is sent.
    is(
        &connect_with(authority.config(&server).with_client_certificate(&foreign.cert, &foreign.key))
            .await
            .unwrap_err(),
        ErrorKind::Config,
        Some("cert"),
    );
    let other = Authority::new();
    let foreign = other.client();
    let error = refused(authority.config(&server).with_client_certificate(&foreign.cert, &foreign.key)).await;
    is(&error, ErrorKind::PermissionDenied, None);
}

#[tokio::test]
async fn tls_first_works_and_is_told_when_it_is_missing() {
    let authority = Authority::new();
    let server = authority.start(Kind::Good, "handshake_first: true");
    works(authority.config(&server).with_tls_first()).await;
    let error = refused(authority.config(&server)).await;
    is(&error, ErrorKind::Config, Some("tls_first"));
}

#[tokio::test]
async fn a_server_that_gives_up_on_tls_first_is_waited_for() {
    let authority = Authority::new();
    let server = authority.start(Kind::Good, "handshake_first: \"900ms\"");
    works(authority.config(&server)).await;
    works(authority.config(&server).with_tls_first()).await;
}

#[tokio::test]
async fn tls_first_to_a_server_that_speaks_first_is_refused() {
    let authority = Authority::new();
    let server = authority.start(Kind::Good, "");
    is(&refused(authority.config(&server).with_tls_first()).await, ErrorKind::Config, Some("tls_first"));
}

#[tokio::test]
async fn a_server_without_tls_is_refused_where_tls_is_demanded() {
    let server = NatsServer::start().unwrap();
    let (port, authority) = (server.port(), Authority::new());
    for config in [
        NatsConfig::new(&format!("tls://127.0.0.1:{port}")).unwrap(),
        NatsConfig::new(&format!("nats://127.0.0.1:{port}?tls=required")).unwrap(),
        NatsConfig::new(&format!("nats://127.0.0.1:{port}")).unwrap().with_ca(authority.ca()),
    ] {
        is(&refused(config).await, ErrorKind::Config, Some("tls"));
    }
}

/// Someone in the network who claims that there is no TLS gets nothing to read.
#[tokio::test]
async fn credentials_are_not_sent_in_clear_where_tls_is_demanded() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let thief = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let info =
            r#"{"server_id":"x","version":"2.12.0","proto":1,"max_payload":1048576,"auth_required":true}"#;
        stream.write_all(format!("INFO {info}\r\n").as_bytes()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let mut got = vec![0; 4096];
        let read = stream.read(&mut got).unwrap();
        stream.write_all(b"-ERR 'Unknown Protocol Operation'\r\n").unwrap();
        got.truncate(read);
        got
    });
    let config = NatsConfig::new(&format!("nats://127.0.0.1:{port}"))
        .unwrap()
        .with_credentials(Credentials::password("canary", "canary"))
        .with_tls(TlsMode::Required);
    is(&refused(config).await, ErrorKind::Config, Some("tls"));
    let got = thief.join().unwrap();
    // The first byte of a TLS handshake.
    assert_eq!(got.first(), Some(&22));
    assert!(!String::from_utf8_lossy(&got).contains("canary"));
}

#[tokio::test]
async fn the_certificates_of_an_outage_are_checked_again() {
    let authority = Authority::new();
    let server = authority.start(Kind::Good, "");
    let client = connect_with(authority.config(&server)).await.unwrap();
    let mut server = server;
    // The same port, with a certificate of an authority that the client does not trust.
    let other = Authority::new();
    server.set_config_text(other.block(Kind::Good, "")).unwrap();
    server.restart().unwrap();
    let started = Instant::now();
    let error = loop {
        match client.publish("ride.n", "x").await {
            Err(error) if error.kind() == ErrorKind::Config => break error,
            other => assert!(started.elapsed() < Duration::from_secs(5), "{other:?}"),
        }
    };
    is(&error, ErrorKind::Config, None);
    assert!(error.message().contains("authority") && error.remedy().is_some(), "{error}");
}
