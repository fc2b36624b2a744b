//! Ends what does not end by itself.

use std::any::Any;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// The most time of a case by a real clock: for a backend that spins or blocks its thread.
const REAL: Duration = Duration::from_secs(120);

/// The most time by the clock of the case. On virtual time it passes at once when nothing can happen any more.
const OF_THE_CASE: Duration = Duration::from_secs(365 * 24 * 3600);

/// Runs on a thread of its own, which is left behind if it does not end. The error says why there is no outcome.
pub(super) fn in_real_time<T: Send + 'static>(
    name: &str,
    body: impl FnOnce() -> T + Send + 'static,
) -> Result<T, String> {
    let (sender, receiver) = channel();
    let run = move || {
        // The other side has given up if it cannot be sent.
        let _ = sender.send(body());
    };
    let thread = thread::Builder::new().name(name.to_owned()).spawn(run);
    let thread = thread.map_err(|error| format!("no thread for it: {error}"))?;
    match receiver.recv_timeout(REAL) {
        Ok(outcome) => {
            // Its runtime and its harness go with it.
            let _ = thread.join();
            Ok(outcome)
        }
        Err(RecvTimeoutError::Timeout) => Err(format!("did not end within {REAL:?}")),
        Err(RecvTimeoutError::Disconnected) => {
            let words =
                thread.join().map_or_else(|panic| words_of(panic.as_ref()), |()| "no verdict".to_owned());
            Err(format!("panicked: {words}"))
        }
    }
}

/// The error says that there is no outcome any more.
pub(super) async fn in_virtual_time<T>(outcome: impl Future<Output = T>) -> Result<T, String> {
    let words = "came to a stand: nothing that the case waits for can happen any more";
    tokio::time::timeout(OF_THE_CASE, outcome).await.map_err(|_| words.to_owned())
}

/// What a panic says.
pub(super) fn words_of(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|words| (*words).to_owned()))
        .unwrap_or_else(|| "without words".to_owned())
}
