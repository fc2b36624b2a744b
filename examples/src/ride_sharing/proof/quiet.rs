//! Waiting until all is quiet.

use std::time::Duration;

use pubsub::{Result, Retry, StreamAdmin};
use tokio::time::Instant;

use crate::ride_sharing::provision::OpenRoute;
use crate::ride_sharing::report::{PATIENCE, Progress};

/// How often the broker is asked.
const INTERVAL: Duration = Duration::from_millis(100);
/// How long the broker may be out of reach: a connection that was lost for a moment comes back by itself.
const OUTAGE: Duration = Duration::from_secs(5);

/// Waits until no consumer has anything left to deliver or to settle. `false` if it gave up because nothing was
/// acked for too long.
pub(crate) async fn wait_until_quiet(
    admin: &dyn StreamAdmin,
    routes: &[OpenRoute],
    progress: &Progress,
) -> Result<bool> {
    let mut acked = progress.watch();
    let mut interval = tokio::time::interval(INTERVAL);
    let mut last_change = Instant::now();
    let mut failing_since = None;
    loop {
        interval.tick().await;
        match are_idle(admin, routes).await {
            Ok(true) => return Ok(true),
            Ok(false) => failing_since = None,
            Err(error) => {
                let since = *failing_since.get_or_insert_with(Instant::now);
                if error.retry() != Retry::Later || since.elapsed() > OUTAGE {
                    return Err(error);
                }
            }
        }
        if acked.has_changed().unwrap_or(false) {
            acked.mark_unchanged();
            last_change = Instant::now();
        }
        if last_change.elapsed() > PATIENCE {
            return Ok(false);
        }
    }
}

/// One pass is enough, because of the order of the routes: what an idle consumer's handlers published was stored
/// before their acks, and so before the consumers that read it are asked.
async fn are_idle(admin: &dyn StreamAdmin, routes: &[OpenRoute]) -> Result<bool> {
    for open in routes {
        let info = admin.consumer_info(&open.stream, &open.consumer).await?;
        if info.pending > 0 || info.ack_pending > 0 {
            return Ok(false);
        }
    }
    Ok(true)
}
