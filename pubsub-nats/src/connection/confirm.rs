//! Requests that may be made twice.

use std::time::Duration;

use async_nats::{Message, Subject};
use bytes::Bytes;
use pubsub_core::Result;
use tokio::time::{Instant, sleep};

use super::Connection;

/// How long the first try waits; each one that follows twice as long.
const FIRST_TRY: Duration = Duration::from_secs(1);

impl Connection {
    /// As [`request_within`](Self::request_within) until a deadline, but what is not answered is asked again: at once over a
    /// new connection, since the one before took the request or its answer with it.
    pub(crate) async fn request_again(
        &self,
        deadline: Instant,
        subject: &Subject,
        payload: &Bytes,
    ) -> Result<Message> {
        let mut connections = self.connections();
        let mut patience = FIRST_TRY;
        loop {
            let _ = connections.borrow_and_update();
            let left = deadline.saturating_duration_since(Instant::now());
            let asking = self.request_within(left, subject.clone(), None, payload.clone());
            tokio::select! {
                biased;
                answer = asking => return answer,
                _ = connections.changed() => {}
                () = sleep(patience), if patience < left => patience *= 2,
            }
        }
    }
}
