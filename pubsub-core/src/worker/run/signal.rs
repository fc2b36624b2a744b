//! Stopping a worker as operating systems and orchestrators do.

use super::Worker;
use crate::worker::Outcome;
use crate::{Error, ErrorKind, Result};

impl Worker {
    /// Runs until the process is told to end: by SIGTERM or SIGINT, or Ctrl-C where there are no such signals. With the
    /// feature `signal`.
    ///
    /// Give the orchestrator more time than [`with_drain`](Self::with_drain) does, so that it does not kill the process
    /// while handlers finish.
    ///
    /// # Errors
    /// As [`run`](Self::run); `Unexpected` if signals cannot be listened to.
    ///
    /// # Cancel safety
    /// As [`run`](Self::run).
    pub async fn run_until_signal(self) -> Result<Outcome> {
        let stop = told_to_end()?;
        self.run_until(stop).await
    }
}

#[cfg(unix)]
fn told_to_end() -> Result<impl Future<Output = ()> + Send> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate()).map_err(deaf)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(deaf)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn told_to_end() -> Result<impl Future<Output = ()> + Send> {
    Ok(async {
        if let Err(error) = tokio::signal::ctrl_c().await.map_err(deaf) {
            tracing::error!(%error, "the worker stops, since nobody could tell it to");
        }
    })
}

fn deaf(source: std::io::Error) -> Error {
    Error::new(ErrorKind::Unexpected, "signals of the operating system cannot be listened to")
        .with_source(source)
}
