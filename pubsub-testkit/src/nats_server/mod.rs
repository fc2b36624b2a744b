//! A real nats-server for one test: [`NatsServer`].
//!
//! It listens on a free port of the loopback interface, stores in a folder of its own, is ready in about
//! 10 ms, and is gone with its folder when the value is dropped or the test process dies, even by `kill -9`
//! (see [`NatsServer`]). Many may run side by side.

mod binary;
mod builder;
mod launch;
pub(crate) mod monitoring;
mod ports;
mod version;
mod watchdog;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::time::{Duration, Instant};

use pubsub_core::{ErrorKind, Result};

pub use binary::ServerBinary;
pub use builder::NatsServerBuilder;
pub use version::ServerVersion;

use launch::{Launch, Run, START_DEADLINE};

/// How long a server may take to end by itself once asked, before it is killed.
const STOP_DEADLINE: Duration = Duration::from_secs(5);

/// How long to wait before the next try when a restarted server did not get its port back.
const PORT_PAUSE: Duration = Duration::from_millis(50);

/// A running nats-server that belongs to one test.
///
/// The binary is searched for as [`ServerBinary::find`] says. Without one, starting fails: a test on a real
/// server is never skipped in silence.
///
/// Starting, restarting and dropping block the calling thread for a few milliseconds (measured on
/// nats-server 2.15.1: ready after 10 ms), and never use tokio's clock, so a test may pause it.
///
/// # Clean-up
///
/// The server is started by a small shell that holds the reading end of a pipe. The test process holds the
/// other end. When that closes, because the value is dropped or because the process is gone in whatever way,
/// the shell kills the server and removes its folder.
///
/// Works where there is a POSIX `/bin/sh`.
///
/// ```
/// use std::io::Read;
/// use std::net::TcpStream;
///
/// use pubsub_testkit::nats_server::NatsServer;
///
/// let server = NatsServer::start()?;
/// let mut greeting = [0; 5];
/// TcpStream::connect(("127.0.0.1", server.port()))?.read_exact(&mut greeting)?;
/// assert_eq!(&greeting, b"INFO ");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct NatsServer {
    launch: Launch,
    run: Run,
    running: bool,
}

impl NatsServer {
    /// Starts a server with JetStream, without authentication.
    ///
    /// # Errors
    ///
    /// `NotFound` without a nats-server binary, `Unavailable` when the server ends while it starts, `Timeout`
    /// when it is not ready within 15 s. The last two hold the last lines of the server's log: the very last
    /// one in the error's line, up to 20 of them as its sources.
    pub fn start() -> Result<Self> {
        Self::builder().start()
    }

    /// A server with settings of its own: configuration, fixed port, store folder.
    pub fn builder() -> NatsServerBuilder {
        NatsServerBuilder::default()
    }

    /// Where clients connect: `nats://127.0.0.1:PORT`, without credentials; `tls://` when the configuration
    /// asks for TLS.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.run.endpoint.url
    }

    /// The port that clients connect to. The same after a restart.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.run.endpoint.port
    }

    /// The port of the HTTP monitoring interface (`/healthz`, `/jsz`, ...), if the configuration asks for one, as with
    /// `http: "127.0.0.1:-1"`. It may change with a restart.
    #[must_use]
    pub fn monitoring_port(&self) -> Option<u16> {
        self.run.endpoint.monitoring
    }

    /// The process id, or `None` after [`stop`](Self::stop) and [`kill`](Self::kill).
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.running.then(|| self.run.watchdog.server_pid())
    }

    /// The server's version.
    #[must_use]
    pub fn version(&self) -> ServerVersion {
        self.launch.binary.version()
    }

    /// The binary that it runs.
    #[must_use]
    pub fn binary(&self) -> &ServerBinary {
        &self.launch.binary
    }

    /// The folder of its own: log, ports file, and the store unless the builder named another one.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.launch.folder
    }

    /// The last lines of the server's log, oldest first, without blank ones.
    #[must_use]
    pub fn log_tail(&self, lines: usize) -> Vec<String> {
        self.launch.log_tail(lines)
    }

    /// Ends the server in good order (SIGTERM). Port, folder and store stay for [`restart`](Self::restart).
    ///
    /// A server that has ended already is left alone.
    ///
    /// # Errors
    ///
    /// `Timeout` when the server is still there 5 s later even though it was killed then.
    pub fn stop(&mut self) -> Result<()> {
        // A frozen process would not see the signal.
        self.run.watchdog.signal("CONT");
        self.run.watchdog.signal("TERM");
        if self.run.watchdog.wait_for_end(STOP_DEADLINE) {
            self.running = false;
            return Ok(());
        }
        self.kill()
    }

    /// Kills the server (SIGKILL), as a crash does. Port, folder and store stay for
    /// [`restart`](Self::restart).
    ///
    /// A server that has ended already is left alone.
    ///
    /// # Errors
    ///
    /// `Timeout` when the server is still there 5 s later.
    pub fn kill(&mut self) -> Result<()> {
        self.run.watchdog.signal("KILL");
        if self.run.watchdog.wait_for_end(STOP_DEADLINE) {
            self.running = false;
            return Ok(());
        }
        Err(self
            .launch
            .failure(ErrorKind::Timeout, "the nats-server did not end")
            .with_context("pid", self.run.watchdog.server_pid()))
    }

    /// Stops the server if it runs, and starts it again on the same port and store.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start) and [`stop`](Self::stop). When another process holds the port meanwhile, it
    /// is tried again for 15 s.
    pub fn restart(&mut self) -> Result<()> {
        self.stop()?;
        let give_up = Instant::now() + START_DEADLINE;
        loop {
            match self.launch.run(Some(self.port())) {
                Ok(run) => {
                    std::mem::replace(&mut self.run, run).watchdog.leave();
                    self.running = true;
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::Unavailable && Instant::now() < give_up => {
                    std::thread::park_timeout(PORT_PAUSE);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Replaces the configuration's lines, as [`config_text`](NatsServerBuilder::config_text) gave them. They take
    /// effect with a [`reload`](Self::reload) or a restart.
    ///
    /// # Errors
    ///
    /// `Unavailable` when the file cannot be written.
    pub fn set_config_text(&mut self, lines: impl AsRef<str>) -> Result<()> {
        std::fs::write(&self.launch.config, lines.as_ref()).map_err(|cause| {
            self.launch.failure(ErrorKind::Unavailable, "cannot write the configuration").with_source(cause)
        })
    }

    /// Asks the running server to read its configuration again (SIGHUP). It does so a moment later; what cannot be
    /// changed while it runs stays, and is told in its log.
    pub fn reload(&mut self) {
        self.run.watchdog.signal("HUP");
    }

    /// Lets the server go into lame duck mode (SIGUSR2): JetStream on it stops, it takes no connection any more, tells its
    /// clients to go elsewhere, and cuts those off that are still there after its `lame_duck_grace_period`, one after the other
    /// over its `lame_duck_duration` (by default 10 s and 2 min). Then it ends.
    pub fn lame_duck(&mut self) {
        self.run.watchdog.signal("USR2");
    }

    /// Freezes the process (SIGSTOP): connections stay open and nothing answers, until
    /// [`thaw`](Self::thaw), a restart or the drop.
    pub fn freeze(&mut self) {
        self.run.watchdog.signal("STOP");
    }

    /// Lets a frozen process go on (SIGCONT).
    pub fn thaw(&mut self) {
        self.run.watchdog.signal("CONT");
    }
}
