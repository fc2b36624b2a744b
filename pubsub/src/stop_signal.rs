//! How operating systems and orchestrators tell a process to end: [`stop_signal`].

use pubsub_core::{Error, ErrorKind, Result};

/// Resolves when the process is told to end: by SIGTERM or SIGINT, or by Ctrl-C where there are no such signals. With the
/// feature `signal`.
///
/// It is made for [`Worker::run_until`](pubsub_core::worker::Worker::run_until). Signals are listened to from the call on, not only from
/// the first poll. Give the orchestrator more time than [`with_drain`](pubsub_core::worker::Worker::with_drain) does, so that it does
/// not kill the process while handlers finish.
///
/// ```no_run
/// # async fn example(worker: pubsub::worker::Worker) -> pubsub::Result<()> {
/// let outcome = worker.run_until(pubsub::stop_signal()?).await?;
/// println!("{} messages handled", outcome.done);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// `Unexpected` if signals cannot be listened to. Where there is only Ctrl-C, the future resolves at once instead.
///
/// # Panics
/// Outside a tokio runtime with IO enabled.
pub fn stop_signal() -> Result<impl Future<Output = ()> + Send> {
    listen().map_err(|error| {
        Error::new(ErrorKind::Unexpected, "signals of the operating system cannot be listened to")
            .with_source(error)
    })
}

#[cfg(unix)]
fn listen() -> std::io::Result<impl Future<Output = ()> + Send> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn listen() -> std::io::Result<impl Future<Output = ()> + Send> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
