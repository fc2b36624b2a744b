//! Publishing with a message id, so that a publish whose confirmation was lost can be repeated.

use std::sync::Arc;
use std::time::Duration;

use pubsub::{OutboundMessage, PublishOptions, Publisher, Receipt, Result, Retry};

use super::instance::delays;
use super::report::StreamTally;

/// The most time for one try.
const TIMEOUT: Duration = Duration::from_secs(3);
/// How many tries after the first; the delays between them make about 3 s.
const RETRIES: usize = 6;

/// Publishes and counts. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Publishing {
    publisher: Arc<dyn Publisher>,
    tally: Arc<StreamTally>,
}

impl Publishing {
    pub(super) fn new(publisher: Arc<dyn Publisher>, tally: Arc<StreamTally>) -> Self {
        Self { publisher, tally }
    }

    /// Publishes until it is confirmed, always with the same id: a try that was stored without our seeing it
    /// makes the next one a duplicate, not a second message.
    pub(super) async fn publish(&self, message: OutboundMessage) -> Result<Receipt> {
        let mut delays = delays().take(RETRIES);
        loop {
            match self.publish_once(message.clone()).await {
                Ok(receipt) => {
                    self.tally.confirmed(&receipt);
                    return Ok(receipt);
                }
                Err(error) if error.retry() == Retry::Later => match delays.next() {
                    Some(delay) => tokio::time::sleep(delay).await,
                    None => return Err(error.with_retry(Retry::Exhausted)),
                },
                Err(error) => return Err(error),
            }
        }
    }

    async fn publish_once(&self, message: OutboundMessage) -> Result<Receipt> {
        self.publisher.publish_with(message, PublishOptions::default().with_timeout(TIMEOUT)).await?.await
    }
}
