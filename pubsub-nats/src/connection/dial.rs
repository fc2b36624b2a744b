//! The first connection, and how the later ones are made.

use std::sync::Arc;
use std::time::Duration;

use async_nats::rustls::ClientConfig;
use async_nats::{AuthError, Client, ConnectOptions, Event, ServerAddr};
use pubsub_core::{Error, Result};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::events::Events;
use super::{auth, outage, refusal, tls};
use crate::NatsConfig;
use crate::config::{address, reconnect_delay};

/// The pause of a connection that nobody needs any more: async-nats goes on to make it. tokio takes it for about 30 years.
const GIVEN_UP: Duration = Duration::MAX;
/// A server that says nothing for so long may wait for TLS.
const SILENCE: Duration = Duration::from_millis(600);
/// How long it is then tried.
const TRIAL: Duration = Duration::from_millis(800);
/// Until when a server is waited for that begins with TLS: it may do so for a while only (`handshake_first: "1s"`), and speak
/// after all.
const SPEAKS: Duration = Duration::from_millis(1_500);
/// The least time for one attempt at one server: several round trips, over a slow network too.
const LEAST_SHARE: Duration = Duration::from_secs(2);
/// What async-nats gives a subscription by itself.
const LEAST_ROOM: usize = 65_536;

/// How to reach the servers of a configuration, with all that is read from files.
#[derive(Clone)]
pub(super) struct Dialer {
    config: NatsConfig,
    addresses: Vec<ServerAddr>,
    tls: ClientConfig,
}

impl Dialer {
    /// Reads and checks everything; nothing is sent.
    pub(super) async fn new(config: &NatsConfig) -> Result<Self> {
        let addresses = config.servers.iter().map(|entry| address(entry)?.parse().map_err(not_an_address));
        let addresses = addresses.collect::<Result<Vec<ServerAddr>>>()?;
        auth::check(&config.credentials).await?;
        let reading = tokio::task::spawn_blocking({
            let config = config.clone();
            move || tls::client_config(&config)
        });
        let tls = reading.await.map_err(|_| Error::closed("runtime"))??;
        Ok(Self { config: config.clone(), addresses, tls })
    }

    /// Makes the connection whose events `events` follows.
    pub(super) async fn dial(&self, events: &Arc<Events>) -> Result<Client> {
        let config = &self.config;
        let (on_event, on_delay) = (Arc::clone(events), Arc::clone(events));
        let (first, longest) = (config.reconnect_delay, config.reconnect_max_delay);
        let given_up = {
            let events = Arc::clone(events);
            move || events.is_given_up()
        };
        let options = self
            .options(config.connect_timeout, given_up)
            .reconnect_delay_callback(move |attempt| {
                if on_delay.is_given_up() { GIVEN_UP } else { reconnect_delay(attempt, first, longest) }
            })
            .event_callback(move |event: Event| {
                on_event.on(&event);
                std::future::ready(())
            });
        let connecting = async {
            match timeout(config.connect_timeout, options.connect(&self.addresses[..])).await {
                Ok(connected) => connected.map_err(|error| refusal::refused(error, config)),
                Err(_) => Err(refusal::no_answer(config)),
            }
        };
        tokio::pin!(connecting);
        let speaks = Instant::now() + SPEAKS;
        let connected = tokio::select! {
            biased;
            connected = &mut connecting => connected,
            () = self.waits_for_tls() => match timeout_at(speaks, connecting).await {
                Ok(Ok(connected)) => Ok(connected),
                Ok(Err(error)) if outage::is_refusal(&error) => Err(error),
                _ => Err(Error::config("tls_first", "the server begins with TLS")
                    .with_remedy("set `tls_first`, as the server's `handshake_first` asks for")),
            },
        };
        connected.map_err(|error| error.with_context("servers", config.servers.join(",")))
    }

    /// Makes one attempt to connect, for its error: what async-nats says of the attempts of its own has no cause.
    pub(super) async fn attempt(&self, limit: Duration) -> Result<()> {
        match timeout(limit, self.options(limit, || false).connect(&self.addresses[..])).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(refusal::refused(error, &self.config)),
            Err(_) => Err(refusal::no_answer(&self.config)),
        }
    }

    /// Resolves if the server seems to wait for TLS, which it does not say; never otherwise.
    async fn waits_for_tls(&self) {
        if !self.config.tls_first {
            sleep(SILENCE).await;
            let first = Self { config: self.config.clone().with_tls_first(), ..self.clone() };
            let trial = timeout(TRIAL, first.options(TRIAL, || false).connect(&self.addresses[..])).await;
            let begins_with_tls = match trial {
                Ok(Ok(_)) => true,
                Ok(Err(error)) => refusal::came_from_tls(&error),
                Err(_) => false,
            };
            if begins_with_tls {
                return;
            }
        }
        std::future::pending::<()>().await;
    }

    /// Without credentials too, the server is shown something: until then nothing that is queued can leave, so that is
    /// where a connection ends that was given up in the meantime.
    fn options(
        &self,
        limit: Duration,
        is_given_up: impl Fn() -> bool + Clone + Send + Sync + 'static,
    ) -> ConnectOptions {
        let config = &self.config;
        let credentials = config.credentials.clone();
        let mut options = ConnectOptions::with_auth_callback(move |nonce| {
            let (credentials, is_given_up) = (credentials.clone(), is_given_up.clone());
            async move {
                // A signer may take its time, and is not asked in vain.
                let check = || if is_given_up() { Err(AuthError::new("it was closed")) } else { Ok(()) };
                check()?;
                let auth = auth::answer(credentials, nonce).await?;
                check().map(|()| auth)
            }
        });
        options = options
            .name(&config.name)
            .custom_inbox_prefix(&config.inbox_prefix)
            .ping_interval(config.ping_interval)
            .request_timeout(Some(config.request_timeout))
            .connection_timeout(share(limit, self.addresses.len()))
            .subscription_capacity(room(config.max_in_flight))
            .tls_client_config(self.tls.clone())
            .require_tls(config.demands_tls());
        if config.tls_first {
            options = options.tls_first();
        }
        if !config.follows_discovered_servers() {
            options = options.ignore_discovered_servers();
        }
        options
    }
}

impl std::fmt::Debug for Dialer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dialer").field("config", &self.config).finish_non_exhaustive()
    }
}

/// The most time of one attempt at one of so many servers. Each gets its share, so that a silent one does not use up the time
/// of the others; but the attempts of later outages have no other limit, so it must be enough for a server far away. Two can
/// always be tried.
fn share(limit: Duration, servers: usize) -> Duration {
    let share = limit / u32::try_from(servers).unwrap_or(u32::MAX).max(1);
    share.max(LEAST_SHARE.min(limit / 2))
}

/// How many messages a subscription holds before async-nats drops them. All receipts of a window may come at once.
fn room(max_in_flight: usize) -> usize {
    max_in_flight.saturating_mul(2).max(LEAST_ROOM)
}

fn not_an_address(error: std::io::Error) -> Error {
    Error::config("servers", "an address cannot be read").with_remedy("write `host:port`").with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_of_many_has_the_time_for_several_round_trips() {
        let seconds = Duration::from_secs;
        assert_eq!(share(seconds(5), 1), seconds(5));
        assert_eq!(share(seconds(9), 3), seconds(3));
        assert_eq!(share(seconds(5), 10), LEAST_SHARE);
        assert_eq!(share(seconds(2), 10), seconds(1), "there is not more");
        assert_eq!(share(TRIAL, 0), TRIAL);
    }

    #[test]
    fn a_subscription_has_room_for_the_receipts_of_two_windows() {
        assert_eq!(room(4_096), LEAST_ROOM);
        assert_eq!(room(500_000), 1_000_000);
    }
}
