//! From arguments to a broker: a server, or a snapshot of the memory backend.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pubsub::memory::{MemoryConfig, MemoryServer};
use pubsub::nats::{NatsBroker, NatsConfig};
use pubsub::{Client, Result, StreamAdmin};

use crate::arguments::ConnectionArguments;
use crate::failure::Failure;

/// What a server's operator sees this command as, unless `NATS_NAME` or the URL says otherwise.
const NAME: &str = "pubsub command";

/// What the command works on.
pub(crate) struct Connection {
    client: Client,
    kept: Option<Kept>,
}

/// A store that is read from a file, and written back if something changed.
struct Kept {
    server: MemoryServer,
    file: PathBuf,
    has_changed: AtomicBool,
}

impl Connection {
    pub(crate) async fn open(arguments: &ConnectionArguments) -> Result<Self, Failure> {
        match &arguments.snapshot {
            Some(_) if arguments.server.is_some() || arguments.config.is_some() => Err(Failure::usage(
                "a snapshot has no server; leave out `--snapshot`, or `--server` and `--config`",
            )),
            Some(file) => Ok(Self::of_snapshot(file)?),
            None => Self::of_server(arguments).await,
        }
    }

    async fn of_server(arguments: &ConnectionArguments) -> Result<Self, Failure> {
        let mut sources = NatsConfig::sources();
        if let Some(file) = &arguments.config {
            sources = sources.file(file)?;
        }
        sources = sources.environment()?;
        match arguments.server.as_deref() {
            Some(url) if url.starts_with("memory:") => {
                return Err(Failure::usage(
                    "a store in the memory of another process cannot be reached; name the file that it is kept in: \
                     `--snapshot FILE`",
                ));
            }
            Some(url) if !names_a_host(url) => {
                return Err(Failure::usage(
                    "`--server` names no host; say for example `nats://localhost:4222`",
                ));
            }
            Some(url) if url.contains("://") => sources = sources.url(url)?,
            Some(hosts) => sources = sources.url(&format!("nats://{hosts}"))?,
            None => {}
        }
        let mut config = sources.read()?;
        if config.name == NatsConfig::default().name {
            config = config.with_name(NAME);
        }
        let broker = NatsBroker::connect(config).await.map_err(|error| error.with_operation("connect"))?;
        Ok(Self { client: Client::new(Arc::new(broker)), kept: None })
    }

    /// The file is not the store's own, so that a command which only reads does not write it.
    fn of_snapshot(file: &Path) -> Result<Self> {
        let server = MemoryServer::restore(file, MemoryConfig::default())?;
        let client = Client::new(Arc::new(server.connect()));
        let kept = Kept { server, file: file.to_owned(), has_changed: AtomicBool::new(false) };
        Ok(Self { client, kept: Some(kept) })
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn admin(&self) -> Result<Arc<dyn StreamAdmin>> {
        self.client.admin()
    }

    /// Whether nothing comes but what is there.
    pub(crate) fn is_snapshot(&self) -> bool {
        self.kept.is_some()
    }

    /// Said before something is changed, so that a snapshot is written at the end, whatever becomes of the rest.
    pub(crate) fn will_change(&self) {
        if let Some(kept) = &self.kept {
            kept.has_changed.store(true, Ordering::Relaxed);
        }
    }

    pub(crate) async fn close(self) -> Result<()> {
        let closed = self.client.close().await;
        match self.kept {
            Some(Kept { server, file, has_changed }) if has_changed.load(Ordering::Relaxed) => {
                server.save(file)
            }
            _ => closed,
        }
    }
}

/// A variable of a script that is not set must not lead to whatever else the environment names.
fn names_a_host(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit('@').next().is_some_and(|hosts| !hosts.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_not_named_is_noticed() {
        for url in ["", " ", "nats://", "tls:///", "nats://?name=x", "nats://user:secret@"] {
            assert!(!names_a_host(url), "{url:?}");
        }
        for url in ["h", "h:4222", "nats://h", "tls://u:p@h:4222/?name=x", "a,b"] {
            assert!(names_a_host(url), "{url:?}");
        }
    }
}
