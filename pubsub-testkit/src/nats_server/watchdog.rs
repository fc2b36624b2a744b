//! The shell that runs a server and takes it down when the test is gone.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// What the shell does is written there.
const SCRIPT: &str = include_str!("watchdog.sh");

/// The name of the log in the server's folder, as the script has it.
pub(super) const LOG_FILE: &str = "server.log";

/// How long the shell may take to start, and to take everything down.
const DEADLINE: Duration = Duration::from_secs(10);

/// A pipe to the shell: dropped, the server is killed and its folder removed; the drop waits for it.
#[derive(Debug)]
pub(super) struct Watchdog {
    shell: Child,
    orders: Option<ChildStdin>,
    /// The lines that the shell prints. Behind a lock only so that a server can be shared between threads.
    lines: Mutex<Receiver<String>>,
    server_pid: u32,
    ended: bool,
}

impl Watchdog {
    /// Starts the server; its log goes to [`LOG_FILE`] in the folder.
    pub(super) fn start(folder: &Path, program: &Path, arguments: &[OsString]) -> io::Result<Self> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", SCRIPT, "nats-server-watchdog"]).arg(folder).arg(program).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        // Ctrl-C at a terminal is for the test; the shell has to live on to clean up.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut shell = command.spawn()?;

        let (sender, lines) = channel();
        let output = shell.stdout.take();
        thread::Builder::new().name("nats-server-watchdog".to_owned()).spawn(move || {
            let printed = output.into_iter().flat_map(|output| BufReader::new(output).lines());
            for line in printed.map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        })?;

        let orders = shell.stdin.take();
        let mut watchdog = Self { shell, orders, lines: Mutex::new(lines), server_pid: 0, ended: false };
        let first = watchdog.next_line(DEADLINE).unwrap_or_default();
        let pid = first.strip_prefix("started ").and_then(|pid| pid.parse().ok());
        watchdog.server_pid = pid.ok_or_else(|| io::Error::other("the shell told no process id"))?;
        Ok(watchdog)
    }

    pub(super) fn server_pid(&self) -> u32 {
        self.server_pid
    }

    /// Sends a signal, by its name without `SIG`, unless the server has ended.
    pub(super) fn signal(&mut self, name: &str) {
        self.order(name);
    }

    /// Whether the server ends within this time, or has ended before.
    pub(super) fn wait_for_end(&mut self, within: Duration) -> bool {
        if !self.ended {
            self.ended = match self.next_line(within) {
                Ok(line) => line == "ended",
                Err(RecvTimeoutError::Timeout) => false,
                Err(RecvTimeoutError::Disconnected) => true,
            };
        }
        self.ended
    }

    /// Kills the server if it still runs, but leaves its folder.
    pub(super) fn leave(mut self) {
        self.signal("KILL");
        if self.wait_for_end(DEADLINE) {
            self.order("leave");
        }
    }

    fn order(&mut self, order: &str) {
        if let Some(orders) = &mut self.orders {
            // A shell that is gone has done its work.
            let _ = writeln!(orders, "{order}");
        }
    }

    fn next_line(&mut self, within: Duration) -> Result<String, RecvTimeoutError> {
        self.lines.get_mut().unwrap_or_else(PoisonError::into_inner).recv_timeout(within)
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.orders.take());
        let deadline = Instant::now() + DEADLINE;
        let ending = loop {
            if let Err(ending) = self.next_line(deadline.saturating_duration_since(Instant::now())) {
                break ending;
            }
        };
        // Its output has ended, so it is about to: collect it. One that is still at it must not be disturbed.
        if ending == RecvTimeoutError::Disconnected {
            let _ = self.shell.wait();
        }
    }
}
