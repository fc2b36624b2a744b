//! Faults of a real nats-server, and of the wire to it.

use std::fmt::{self, Debug, Formatter};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use pubsub_core::{Broker, ConnectUrl, Connector, Error, ErrorKind, Result};
use tokio::task::spawn_blocking;

use super::store_faults::{StoreFault, StoreFaults, not_here};
use crate::fault_proxy::{Direction, FaultProxy};
use crate::nats_server::NatsServer;

/// Credentials that no connection of a case has.
const LOCKED: &str = "authorization { user: nobody, password: a-password-that-nobody-has }";

/// A server that several hold, since starting and ending it needs it mutably.
pub(super) type SharedServer = Arc<Mutex<NatsServer>>;

pub(super) fn lock(server: &Mutex<NatsServer>) -> MutexGuard<'_, NatsServer> {
    server.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A proxy in front of the server, and the server itself.
pub(super) struct NatsFaults {
    server: SharedServer,
    connector: Arc<dyn Connector>,
    proxy: FaultProxy,
    /// The lines of its configuration when all is well.
    config: &'static str,
    injected: Mutex<Option<StoreFault>>,
}

impl NatsFaults {
    pub(super) async fn of(
        server: SharedServer,
        connector: Arc<dyn Connector>,
        config: &'static str,
    ) -> Result<Self> {
        let port = lock(&server).port();
        let proxy = FaultProxy::start((std::net::Ipv4Addr::LOCALHOST, port).into()).await?;
        Ok(Self { server, connector, proxy, config, injected: Mutex::default() })
    }

    /// Starting and ending a process blocks for some milliseconds.
    async fn on_server(
        &self,
        act: impl FnOnce(&mut NatsServer) -> Result<()> + Send + 'static,
    ) -> Result<()> {
        let server = Arc::clone(&self.server);
        let done = spawn_blocking(move || act(&mut lock(&server))).await;
        done.map_err(|cause| {
            Error::new(ErrorKind::Unexpected, "harming the server ended early").with_source(cause)
        })?
    }

    async fn configure(&self, lines: String) -> Result<()> {
        self.on_server(move |server| {
            server.set_config_text(lines)?;
            server.restart()
        })
        .await
    }
}

impl Debug for NatsFaults {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsFaults").field("proxy", &self.proxy).finish_non_exhaustive()
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl StoreFaults for NatsFaults {
    fn can(&self, fault: StoreFault) -> bool {
        match fault {
            StoreFault::Crash
            | StoreFault::Cut
            | StoreFault::Reset
            | StoreFault::AnswersLost
            | StoreFault::Slow(_)
            | StoreFault::Refuse => true,
            StoreFault::LeaderLost => false,
        }
    }

    async fn connect(&self) -> Result<Arc<dyn Broker>> {
        self.connector.connect(&ConnectUrl::parse(&self.proxy.url())?).await
    }

    async fn inject(&self, fault: StoreFault) -> Result<()> {
        if !self.can(fault) {
            return Err(not_here(fault));
        }
        *self.injected.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
        match fault {
            StoreFault::Crash => return self.on_server(NatsServer::kill).await,
            StoreFault::Refuse => return self.configure(format!("{}\n{LOCKED}\n", self.config)).await,
            StoreFault::Cut => self.proxy.black_hole(Direction::Both),
            StoreFault::AnswersLost => self.proxy.black_hole(Direction::ToClient),
            StoreFault::Slow(delay) => self.proxy.delay(Direction::Both, delay),
            StoreFault::Reset => self.proxy.reset(),
            StoreFault::LeaderLost => {}
        }
        Ok(())
    }

    async fn heal(&self) -> Result<()> {
        let injected = *self.injected.lock().unwrap_or_else(PoisonError::into_inner);
        match injected {
            Some(StoreFault::Crash) => self.on_server(NatsServer::restart).await?,
            Some(StoreFault::Refuse) => self.configure(format!("{}\n", self.config)).await?,
            // What is held must not arrive after all.
            Some(StoreFault::AnswersLost) => self.proxy.reset(),
            _ => {}
        }
        self.proxy.resume();
        *self.injected.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(())
    }

    /// Its proxy is its own.
    fn is_apart(&self) -> bool {
        true
    }

    fn tried(&self) -> Option<u64> {
        Some(self.proxy.counts().connections)
    }
}
