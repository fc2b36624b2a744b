//! No secret anywhere: every kind of credentials through every path, and a search for it.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use nkeys::KeyPair;
use pubsub_core::{Broker, Client, ErrorKind, Registry};
use pubsub_nats::{ConfigSources, Credentials, NatsBroker, NatsConfig, NatsConnector};
use pubsub_testkit::nats_server::NatsServer;
use tracing_subscriber::fmt::MakeWriter;

use crate::certificates::{Authority, Kind};
use crate::operator::Operator;
use crate::support::{eventually, soon};

/// All that was printed and logged.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<u8>>>);

impl Seen {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    fn add(&self, text: impl std::fmt::Display) {
        writeln!(self.clone(), "{text}").unwrap();
    }
}

impl Write for Seen {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Seen {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Connects with these credentials, right or wrong, and gathers all that can be seen; the server goes away and comes back
/// with others.
async fn gather(mut server: NatsServer, config: NatsConfig) -> Seen {
    let seen = Seen::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(seen.clone())
        .with_ansi(false)
        .finish();
    // The runtime of a test is this thread's alone.
    let _guard = tracing::subscriber::set_default(subscriber);
    seen.add(format!("{config:?} {config:#?}"));
    match soon(NatsBroker::connect(config)).await {
        Err(error) => seen.add(format!("{error} {error:?} {error:#?}")),
        Ok(broker) => {
            let broker = Arc::new(broker);
            let client = Client::new(Arc::clone(&broker) as Arc<dyn Broker>);
            seen.add(format!("{broker:?} {client:?} {:?}", client.publisher()));
            seen.add(serde_json::to_string(&client.health().await).unwrap());
            server.set_config_text("authorization { token: another }").unwrap();
            server.restart().unwrap();
            eventually("a call fails", || async {
                match client.publish("ride.n", "x").await {
                    Err(error) => {
                        seen.add(format!("{error} {error:?}"));
                        matches!(
                            error.kind(),
                            ErrorKind::PermissionDenied | ErrorKind::Config | ErrorKind::Unavailable
                        )
                    }
                    Ok(_) => false,
                }
            })
            .await;
            seen.add(serde_json::to_string(&client.health().await).unwrap());
            let _ = client.close().await;
        }
    }
    assert!(seen.text().contains("async_nats"), "logs were seen");
    seen
}

fn server(text: impl AsRef<str>) -> NatsServer {
    NatsServer::builder().config_text(text).start().unwrap()
}

fn config(server: &NatsServer) -> NatsConfig {
    NatsConfig::new(&format!("nats://127.0.0.1:{}", server.port())).unwrap()
}

fn assert_unseen(seen: &Seen, secrets: &[&str]) {
    let text = seen.text();
    for secret in secrets {
        assert!(secret.len() > 5 && !text.contains(secret), "`{secret}` is in:\n{text}");
    }
}

#[tokio::test]
async fn passwords() {
    let users = r#"authorization { users: [ { user: canary-user, password: canary-password } ] }"#;
    for password in ["canary-password", "canary-wrong"] {
        let server = server(users);
        let config = config(&server).with_credentials(Credentials::password("canary-user", password));
        let seen = gather(server, config).await;
        assert_unseen(&seen, &["canary-password", "canary-wrong"]);
        // async-nats prints the user's name, at TRACE; this library does not.
        let ours: String =
            seen.text().lines().filter(|line| !line.contains("write operation: CONNECT")).collect();
        assert!(!ours.contains("canary"), "{ours}");
    }
}

#[tokio::test]
async fn tokens() {
    for token in ["canary-token", "canary-wrong"] {
        let server = server("authorization { token: canary-token }");
        let config = config(&server).with_credentials(Credentials::token(token));
        assert_unseen(&gather(server, config).await, &["canary"]);
    }
}

#[tokio::test]
async fn nkeys_as_seed_and_file() {
    let file = tempfile::NamedTempFile::new().unwrap();
    for pair in [KeyPair::new_user(), KeyPair::new_user()] {
        let seed = pair.seed().unwrap();
        std::fs::write(file.path(), &seed).unwrap();
        let users = format!("authorization {{ users: [ {{ nkey: {} }} ] }}", pair.public_key());
        for credentials in [Credentials::nkey(&seed), Credentials::nkey_file(file.path())] {
            let server = server(&users);
            let config = config(&server).with_credentials(credentials);
            assert_unseen(&gather(server, config).await, &[&seed]);
        }
        let closed = server("authorization { token: x }");
        let config = config(&closed).with_credentials(Credentials::nkey(&seed));
        assert_unseen(&gather(closed, config).await, &[&seed]);
    }
}

#[tokio::test]
async fn jwts_with_their_seeds() {
    for right in [true, false] {
        let (operator, other) = (Operator::start(), Operator::start());
        let user = if right { operator.user() } else { other.user() };
        let seed = user.pair.seed().unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), user.text()).unwrap();
        let config = config(&operator.server).with_credentials(Credentials::file(file.path()));
        assert_unseen(&gather(operator.server, config).await, &[&seed, &user.jwt]);

        let operator = Operator::start();
        let config = config_of(&operator.server, Credentials::text(user.text()));
        assert_unseen(&gather(operator.server, config).await, &[&seed, &user.jwt]);

        let operator = Operator::start();
        let fails = |_| async { Err(pubsub_core::Error::closed("canary-vault")) };
        let config = config_of(&operator.server, Credentials::jwt(&user.jwt, fails));
        assert_unseen(&gather(operator.server, config).await, &[&user.jwt, "canary-vault"]);
    }
}

fn config_of(server: &NatsServer, credentials: Credentials) -> NatsConfig {
    config(server).with_credentials(credentials)
}

#[tokio::test]
async fn private_keys() {
    let authority = Authority::new();
    let client = authority.client();
    let key = std::fs::read_to_string(&client.key).unwrap();
    let secret = key.lines().nth(1).unwrap();
    let server = authority.start(Kind::Good, "verify: true");
    let config = authority.config(&server).with_client_certificate(&client.cert, &client.key);
    assert_unseen(&gather(server, config).await, &[secret]);
    // The text in place of the path.
    let server = authority.start(Kind::Good, "verify: true");
    let config = authority.config(&server).with_client_certificate(&client.cert, &key);
    let error = NatsBroker::connect(config).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains(secret), "{error:?}");
}

#[tokio::test]
async fn urls_with_credentials() {
    let server = server("authorization { token: another }");
    let port = server.port();
    let registry = Registry::new().with(NatsConnector);
    for url in [
        format!("nats://canary:canary@127.0.0.1:{port}"),
        format!("nats://canary@127.0.0.1:{port}"),
        format!("nats://127.0.0.1:{port}?token=canary"),
        format!("nats://127.0.0.1:{port}?user=canary&password=canary"),
        format!("nats://127.0.0.1:{port}?creds=canary"),
        format!("nats://127.0.0.1:{port}?nkey=canary"),
        format!("nats://canary@127.0.0.1:{port}?token=canary"),
        format!("nats://127.0.0.1:{port}?token=canary&tiemout=1s"),
        format!("nats://canary:ca@nary@127.0.0.1:{port}"),
    ] {
        let error = Client::connect(url.as_str(), &registry).await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
    let sources: ConfigSources = NatsConfig::sources().url("nats://canary@127.0.0.1").unwrap();
    assert!(!format!("{sources:?}").contains("canary"));
}
