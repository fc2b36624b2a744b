//! Ends what does not end by itself.

use std::any::Any;
use std::future::Future;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use crate::report::Outcome;

/// The most time of a case by a real clock: for a backend that spins or blocks its thread.
const REAL: Duration = Duration::from_secs(120);

/// The most time by the clock of the case. On virtual time it passes at once when nothing can happen any more.
const OF_THE_CASE: Duration = Duration::from_secs(365 * 24 * 3600);

type Verdict = (Outcome, String);

/// Runs on a thread of its own, which is left behind if it does not end.
pub(super) fn in_real_time(name: &str, body: impl FnOnce() -> Verdict + Send + 'static) -> Verdict {
    let (sender, receiver) = channel();
    let run = move || {
        // The other side has given up if it cannot be sent.
        let _ = sender.send(body());
    };
    let thread = match thread::Builder::new().name(name.to_owned()).spawn(run) {
        Ok(thread) => thread,
        Err(error) => return (Outcome::Failed, format!("no thread for the case: {error}")),
    };
    match receiver.recv_timeout(REAL) {
        Ok(verdict) => {
            // Its runtime and its harness go with it.
            let _ = thread.join();
            verdict
        }
        Err(RecvTimeoutError::Timeout) => (Outcome::Failed, format!("did not end within {REAL:?}")),
        Err(RecvTimeoutError::Disconnected) => {
            let words =
                thread.join().map_or_else(|panic| words_of(panic.as_ref()), |()| "no verdict".to_owned());
            (Outcome::Failed, format!("panicked: {words}"))
        }
    }
}

pub(super) async fn in_virtual_time(verdict: impl Future<Output = Verdict>) -> Verdict {
    tokio::time::timeout(OF_THE_CASE, verdict).await.unwrap_or_else(|_| {
        (Outcome::Failed, "came to a stand: nothing that the case waits for can happen any more".to_owned())
    })
}

/// What a panic says.
pub(super) fn words_of(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|words| (*words).to_owned()))
        .unwrap_or_else(|| "without words".to_owned())
}
