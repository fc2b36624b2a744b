//! [`NatsServerBuilder`]: what a test asks of its server.

use std::fs;
use std::path::PathBuf;

use pubsub_core::{Error, ErrorKind, Result};

use super::NatsServer;
use super::binary::ServerBinary;
use super::launch::Launch;

/// Settings of a [`NatsServer`]. Defaults: JetStream on, a free port, a store folder of its own, no
/// authentication, the binary that [`ServerBinary::find`] finds.
///
/// ```
/// use pubsub_testkit::nats_server::NatsServer;
///
/// let server = NatsServer::builder()
///     .config_text(r#"authorization { users: [ { user: "rider", password: "secret" } ] }"#)
///     .start()?;
/// assert!(server.url().starts_with("nats://127.0.0.1:"));
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing runs until `start` is called"]
pub struct NatsServerBuilder {
    binary: Option<ServerBinary>,
    config_text: String,
    jetstream: bool,
    port: Option<u16>,
    store_dir: Option<PathBuf>,
}

impl Default for NatsServerBuilder {
    fn default() -> Self {
        Self { binary: None, config_text: String::new(), jetstream: true, port: None, store_dir: None }
    }
}

impl NatsServerBuilder {
    /// Adds lines to the server's configuration file, in its own language. Called again, adds more.
    ///
    /// Address, port and store folder are set on the command line, which wins over the file.
    pub fn config_text(mut self, lines: impl AsRef<str>) -> Self {
        self.config_text.push_str(lines.as_ref());
        self.config_text.push('\n');
        self
    }

    /// Whether JetStream is on. Default: on.
    pub fn jetstream(mut self, on: bool) -> Self {
        self.jetstream = on;
        self
    }

    /// The port to listen on. Default: a free one, kept over restarts.
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// Where streams are stored. This folder is the caller's: it stays when the server is gone. Default: a
    /// folder that goes with the server.
    pub fn store_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.store_dir = Some(folder.into());
        self
    }

    /// The binary to run, for tests of one certain version.
    pub fn binary(mut self, binary: ServerBinary) -> Self {
        self.binary = Some(binary);
        self
    }

    /// Starts the server and waits until it takes connections.
    ///
    /// # Errors
    ///
    /// As [`NatsServer::start`].
    pub fn start(self) -> Result<NatsServer> {
        let binary = match self.binary {
            Some(binary) => binary,
            None => ServerBinary::find().map_err(|error| error.with_operation("start nats-server"))?,
        };
        let folder = tempfile::Builder::new().prefix("pubsub-nats-server-").tempdir().map_err(no_folder)?;
        let config = folder.path().join("server.conf");
        fs::write(&config, &self.config_text).map_err(no_folder)?;
        let store_dir = self.jetstream.then(|| self.store_dir.unwrap_or_else(|| folder.path().join("store")));

        let launch = Launch { binary, folder: folder.path().to_path_buf(), config, store_dir };
        let run = launch.run(self.port)?;
        // From here on the folder goes with the watchdog.
        let _ = folder.keep();
        Ok(NatsServer { launch, run, running: true })
    }
}

fn no_folder(cause: std::io::Error) -> Error {
    Error::new(ErrorKind::Unavailable, "cannot write the server's own folder")
        .with_operation("start nats-server")
        .with_context("folder", std::env::temp_dir().display())
        .with_remedy("make the folder for temporary files writable, or set TMPDIR to one that is")
        .with_source(cause)
}
