//! What may not be left when a case is over and everything of it is closed and dropped.

use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::{Instant, sleep};

use crate::check::{CaseResult, check};

/// How long tasks may take to notice that everything is closed.
const SOON: Duration = Duration::from_secs(5);

const POLL: Duration = Duration::from_millis(1);

/// Waits until the runtime of the case has no task any more. The case itself is not one.
pub(crate) async fn no_task_is_left() -> CaseResult {
    let metrics = Handle::current().metrics();
    let deadline = Instant::now() + SOON;
    loop {
        let alive = metrics.num_alive_tasks();
        if alive == 0 {
            return Ok(());
        }
        check!(
            Instant::now() < deadline,
            "{alive} tasks still run {SOON:?} after everything was closed and dropped"
        );
        sleep(POLL).await;
    }
}
