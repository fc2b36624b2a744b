//! Starts the process and waits until it is ready; says why when it is not.

use std::error::Error as StdError;
use std::ffi::OsString;
use std::fmt::{self, Display, Formatter};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use pubsub_core::{Error, ErrorKind, Result};

use super::binary::ServerBinary;
use super::ports::{self, Endpoint};
use super::watchdog::{LOG_FILE, Watchdog};

/// How long a server may take to be ready. It takes 10 ms; this is for machines that are busy.
pub(super) const START_DEADLINE: Duration = Duration::from_secs(15);

const POLL: Duration = Duration::from_millis(1);

const LOG_LINES: usize = 20;

/// What stays the same over restarts.
#[derive(Debug)]
pub(super) struct Launch {
    pub(super) binary: ServerBinary,
    pub(super) folder: PathBuf,
    pub(super) config: PathBuf,
    /// `None`: without JetStream.
    pub(super) store_dir: Option<PathBuf>,
}

/// One life of the process.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) watchdog: Watchdog,
    pub(super) endpoint: Endpoint,
}

impl Launch {
    /// Starts the server. On failure it is gone, and the folder is the caller's to remove.
    pub(super) fn run(&self, port: Option<u16>) -> Result<Run> {
        let mut watchdog =
            Watchdog::start(&self.folder, self.binary.path(), &self.arguments(port)).map_err(|cause| {
                self.failure(ErrorKind::Unavailable, "cannot run `/bin/sh`").with_source(cause)
            })?;
        match self.wait_until_ready(&mut watchdog) {
            Ok(endpoint) => Ok(Run { watchdog, endpoint }),
            Err(error) => {
                watchdog.leave();
                Err(error)
            }
        }
    }

    fn arguments(&self, port: Option<u16>) -> Vec<OsString> {
        let port = port.map_or_else(|| "-1".to_owned(), |port| port.to_string());
        let mut arguments: Vec<OsString> =
            ["--addr", "127.0.0.1", "--port", &port].iter().map(OsString::from).collect();
        arguments.extend(["--config".into(), self.config.clone().into_os_string()]);
        arguments.extend(["--ports_file_dir".into(), self.folder.clone().into_os_string()]);
        if let Some(store_dir) = &self.store_dir {
            arguments.extend([
                "--jetstream".into(),
                "--store_dir".into(),
                store_dir.clone().into_os_string(),
            ]);
        }
        arguments
    }

    fn wait_until_ready(&self, watchdog: &mut Watchdog) -> Result<Endpoint> {
        let deadline = Instant::now() + START_DEADLINE;
        loop {
            if let Some(endpoint) = ports::read(&self.folder, watchdog.server_pid()) {
                return Ok(endpoint);
            }
            if watchdog.wait_for_end(POLL) {
                return Err(self.failure(ErrorKind::Unavailable, "the nats-server ended while it started"));
            }
            if Instant::now() >= deadline {
                return Err(self.failure(ErrorKind::Timeout, "the nats-server is not ready after 15 s"));
            }
        }
    }

    pub(super) fn failure(&self, kind: ErrorKind, message: &'static str) -> Error {
        let error = Error::new(kind, message)
            .with_operation("run nats-server")
            .with_context("binary", self.binary.path().display())
            .with_context("version", self.binary.version())
            .with_remedy("read the server's log lines in the `Debug` form of this error");
        let log = self.log_tail(LOG_LINES);
        let Some(last) = log.last() else { return error };
        let error = error.with_context("log", last);
        match LogLine::chain(log) {
            Some(lines) => error.with_source(lines),
            None => error,
        }
    }

    pub(super) fn log_tail(&self, lines: usize) -> Vec<String> {
        let log = fs::read(self.folder.join(LOG_FILE)).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let all: Vec<&str> = log.lines().filter(|line| !line.trim().is_empty()).collect();
        all.iter().skip(all.len().saturating_sub(lines)).map(|&line| line.to_owned()).collect()
    }
}

/// The server's log as a chain of causes, newest first: an error's report prints one line for each.
#[derive(Debug)]
struct LogLine {
    text: String,
    before: Option<Box<LogLine>>,
}

impl LogLine {
    fn chain(oldest_first: Vec<String>) -> Option<Self> {
        oldest_first.into_iter().fold(None, |before, text| Some(Self { text, before: before.map(Box::new) }))
    }
}

impl Display for LogLine {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "server log: {}", self.text)
    }
}

impl StdError for LogLine {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.before.as_deref().map(|line| line as &(dyn StdError + 'static))
    }
}
