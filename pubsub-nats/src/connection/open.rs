//! Connecting: once, failing fast, refusing what cannot work.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_nats::Client;
use pubsub_core::{Error, ErrorKind, Result};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::timeout;

use super::dial::Dialer;
use super::events::{self, Events};
use super::replies::Replies;
use super::retire::Retiring;
use super::version::ServerVersion;
use super::{Connection, Inboxes, Phase, Router, Waiter, lame_duck};
use crate::NatsConfig;
use crate::api;
use crate::features;
use crate::observe::Known;
use crate::publish::{Courier, Ids, Lanes, Outbox, Window};
use crate::streams::Streams;

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
        let events =
            Events::new(config.clone(), Arc::clone(&publishes), Arc::clone(&requests), runtime.clone());
        let events = Arc::new(events);

        let dialer = Dialer::new(&config).await?;
        let client = dialer.dial(&events).await?;
        events.look_with(dialer);
        let server = client.server_info();
        let version = ServerVersion::checked(&server.version)?;
        warn_of_other_cluster(&config, server.cluster.as_deref());
        let (publish_prefix, publish_router) = listen(&client, &events, &publishes, &runtime).await?;
        let (request_prefix, request_router) = listen(&client, &events, &requests, &runtime).await?;

        let (outbox, jobs) = Outbox::new();

        // From here on the drop of the connection ends what was started.
        let connection = Arc::new(Self {
            window: Window::new(config.max_in_flight, config.max_in_flight_bytes),
            outbox: Arc::new(outbox),
            lanes: Lanes::default(),
            ids: Ids::new(&client),
            streams: Streams::default(),
            interface_prefix: config.interface_prefix(),
            client,
            config,
            version,
            features: OnceLock::new(),
            publishes,
            publish_prefix,
            requests,
            request_prefix,
            echo_is_forbidden: AtomicBool::new(false),
            inboxes: Inboxes::default(),
            retiring: Retiring::default(),
            known: Known::default(),
            events,
            phase: watch::Sender::new(Phase::Open),
            runtime,
            routers: [publish_router, request_router],
        });
        connection.check_jetstream().await?;
        connection.first_event().await;
        connection.spawn(Courier::new(&connection, jobs).run());
        connection.spawn(lame_duck::follow(
            Arc::downgrade(&connection),
            connection.listen(),
            connection.phase(),
        ));
        Ok(connection)
    }

    async fn check_jetstream(&self) -> Result<()> {
        let error = match api::account_info(self).await {
            Ok(account) => {
                self.features.get_or_init(|| features::of(&self.version, Some(account.api.level)));
                return Ok(());
            }
            Err(error) => error,
        };
        if let Some(subject) = self.events.refused_answers() {
            return Err(events::deaf(&subject).with_source(error));
        }
        // A user who may not ask how JetStream does may still be allowed to use it.
        if error.kind() == ErrorKind::PermissionDenied || !self.config.jetstream {
            return Ok(());
        }
        Err(match &self.config.domain {
            Some(domain) => error.with_context("domain", domain),
            None => error,
        })
    }

    /// Waits for the event of the first connection, so that whoever counts connections later counts only new ones.
    async fn first_event(&self) {
        // Without it a consumer makes its first request twice, nothing worse.
        let _ = timeout(FIRST_EVENT, self.connections().wait_for(|times| *times > 0)).await;
    }
}

/// The name is a hint for people, and a server alone has none; so it is no reason to fail.
fn warn_of_other_cluster(config: &NatsConfig, found: Option<&str>) {
    if let (Some(expected), Some(found)) = (config.cluster.as_deref(), found)
        && expected != found
    {
        tracing::warn!(expected, found, "the server belongs to another cluster than expected");
    }
}

async fn listen<W: Waiter>(
    client: &Client,
    events: &Events,
    replies: &Arc<Replies<W>>,
    runtime: &Handle,
) -> Result<(String, Router)> {
    let prefix = format!("{}.", client.new_inbox());
    events.answers_on(format!("{prefix}*"));
    let subscriber = client.subscribe(format!("{prefix}*")).await.map_err(|error| {
        Error::new(ErrorKind::Unavailable, "the connection ended at once").with_source(error)
    })?;
    let router = runtime.spawn(Arc::clone(replies).route(subscriber, prefix.len()));
    Ok((prefix, Router(router.abort_handle())))
}
