//! Connecting: once, failing fast, refusing what cannot work.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use async_nats::{Client, ConnectError, ConnectErrorKind, ConnectOptions, Event, ServerAddr};
use pubsub_core::{Error, ErrorKind, Result};
use secrecy::ExposeSecret as _;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::timeout;

use super::events::Events;
use super::replies::Replies;
use super::version::ServerVersion;
use super::{Connection, Inboxes, Phase, Waiter};
use crate::api;
use crate::config::address;
use crate::publish::Window;
use crate::{Credentials, NatsConfig};

/// A dead peer is noticed after three of these; async-nats' own 60 s is too long for a message flow.
const PING_INTERVAL: Duration = Duration::from_secs(10);
/// The longest pause before the next attempt to connect again, plus up to half of it as jitter.
const RECONNECT_CAP: Duration = Duration::from_millis(250);
/// A connection that nobody needs any more, but that async-nats goes on to make, tries this seldom.
const GIVEN_UP: Duration = Duration::from_secs(3600);
/// How long to wait for the event of a connection that is known to be there.
const FIRST_EVENT: Duration = Duration::from_secs(1);

impl Connection {
    pub(crate) async fn open(config: NatsConfig) -> Result<Arc<Self>> {
        config.validate()?;
        let runtime = Handle::try_current().map_err(|error| {
            Error::new(ErrorKind::Config, "there is no tokio runtime here")
                .with_remedy("connect from inside a tokio runtime")
                .with_source(error)
        })?;
        let publishes = Replies::new();
        let requests = Replies::new();
        let events = Arc::new(Events::new(Arc::clone(&publishes), Arc::clone(&requests)));

        let client = dial(&config, &events).await?;
        let version = ServerVersion::checked(&client.server_info().version)?;
        let (publish_prefix, publish_router) = listen(&client, &publishes, &runtime).await?;
        let (request_prefix, request_router) = listen(&client, &requests, &runtime).await?;

        // From here on the drop of the connection ends what was started.
        let connection = Arc::new(Self {
            window: Window::new(config.max_in_flight, config.max_in_flight_bytes),
            client,
            config,
            version,
            publishes,
            publish_prefix,
            requests,
            request_prefix,
            inboxes: Inboxes::default(),
            events,
            phase: watch::Sender::new(Phase::Open),
            runtime,
            routers: [publish_router, request_router],
        });
        connection.check_jetstream().await?;
        connection.first_event().await;
        Ok(connection)
    }

    async fn check_jetstream(&self) -> Result<()> {
        let Err(error) = api::account_info(self).await else {
            return Ok(());
        };
        if let Some(subject) = self.events.denied_subscription() {
            return Err(Error::new(ErrorKind::PermissionDenied, "this client may not receive any answer")
                .with_context("subject", subject)
                .with_remedy("let this user subscribe to `_INBOX.>`, or set `inbox_prefix` to what it may")
                .with_source(error));
        }
        // A user who may not ask how JetStream does may still be allowed to use it.
        if error.kind() == ErrorKind::PermissionDenied { Ok(()) } else { Err(error) }
    }

    /// Waits for the event of the first connection, so that whoever counts connections later counts only new ones.
    async fn first_event(&self) {
        // Without it a consumer makes its first request twice, nothing worse.
        let _ = timeout(FIRST_EVENT, self.connections().wait_for(|times| *times > 0)).await;
    }
}

async fn dial(config: &NatsConfig, events: &Arc<Events>) -> Result<Client> {
    let addresses = config.servers.iter().map(|entry| address(entry)?.parse().map_err(not_an_address));
    let addresses = addresses.collect::<Result<Vec<ServerAddr>>>()?;
    // Each server gets its share, so that a silent one does not use up the time of the others.
    let share = config.connect_timeout / u32::try_from(addresses.len()).unwrap_or(u32::MAX);
    let connecting = options(config, events).connection_timeout(share).connect(addresses);
    let connected = match timeout(config.connect_timeout, connecting).await {
        Ok(connected) => connected.map_err(refused),
        Err(_) => Err(no_answer()),
    };
    connected.map_err(|error| error.with_context("servers", config.servers.join(",")))
}

fn options(config: &NatsConfig, events: &Arc<Events>) -> ConnectOptions {
    let (on_event, on_delay) = (Arc::clone(events), Arc::clone(events));
    let options =
        ConnectOptions::new()
            .name(&config.name)
            .custom_inbox_prefix(&config.inbox_prefix)
            .ping_interval(PING_INTERVAL)
            .request_timeout(Some(config.request_timeout))
            .reconnect_delay_callback(move |attempt| {
                if on_delay.is_given_up() { GIVEN_UP } else { reconnect_delay(attempt) }
            })
            .event_callback(move |event: Event| {
                on_event.on(&event);
                std::future::ready(())
            });
    match &config.credentials {
        Credentials::None => options,
        Credentials::Password { user, password } => {
            options.user_and_password(user.clone(), password.expose_secret().to_owned())
        }
        Credentials::Token(token) => options.token(token.expose_secret().to_owned()),
    }
}

/// Doubles from 4 ms to the cap; the jitter keeps clients that lost one server together from coming back together.
fn reconnect_delay(attempt: usize) -> Duration {
    if attempt <= 1 {
        return Duration::ZERO;
    }
    let doublings = u32::try_from(attempt).unwrap_or(u32::MAX).min(16);
    let delay = Duration::from_millis(2_u64.saturating_pow(doublings)).min(RECONNECT_CAP);
    // The standard library's hasher is seeded at random, which is all that jitter needs.
    let percent = u32::try_from(RandomState::new().hash_one(attempt) % 50).unwrap_or(0);
    delay + delay * percent / 100
}

async fn listen<W: Waiter>(
    client: &Client,
    replies: &Arc<Replies<W>>,
    runtime: &Handle,
) -> Result<(String, tokio::task::AbortHandle)> {
    let prefix = format!("{}.", client.new_inbox());
    let subscriber = client.subscribe(format!("{prefix}*")).await.map_err(|error| {
        Error::new(ErrorKind::Unavailable, "the connection ended at once").with_source(error)
    })?;
    let router = runtime.spawn(Arc::clone(replies).route(subscriber, prefix.len()));
    Ok((prefix, router.abort_handle()))
}

fn not_an_address(error: std::io::Error) -> Error {
    Error::config("servers", "an address cannot be read").with_remedy("write `host:port`").with_source(error)
}

fn no_answer() -> Error {
    Error::new(ErrorKind::Unavailable, "no server answered in time")
        .with_remedy("check the address, that the server is up, and `connect_timeout`")
}

fn refused(error: ConnectError) -> Error {
    let mapped = match error.kind() {
        ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication => {
            Error::new(ErrorKind::PermissionDenied, "the server refused the credentials")
                .with_remedy("check user and password, or the token")
        }
        ConnectErrorKind::ServerParse => Error::config("servers", "an address cannot be read"),
        ConnectErrorKind::TimedOut => no_answer(),
        ConnectErrorKind::Dns => Error::new(ErrorKind::Unavailable, "the name of a server is not known")
            .with_remedy("check the address"),
        ConnectErrorKind::Tls => Error::new(ErrorKind::Unavailable, "no TLS connection could be made"),
        ConnectErrorKind::Io | ConnectErrorKind::MaxReconnects => {
            Error::new(ErrorKind::Unavailable, "no server could be reached")
                .with_remedy("check the address and that the server is up")
        }
    };
    mapped.with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_before_connecting_again_grows_to_its_cap() {
        assert_eq!(reconnect_delay(1), Duration::ZERO);
        assert!(reconnect_delay(2) < Duration::from_millis(8));
        for attempt in [9, 100, usize::MAX] {
            let delay = reconnect_delay(attempt);
            assert!(delay >= RECONNECT_CAP && delay < RECONNECT_CAP * 3 / 2, "{delay:?}");
        }
    }
}
