//! Stores the copies of messages that are given up: [`Keeper`].

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::publish::{PublishOptions, Publisher};
use crate::{OutboundMessage, Result};

/// Stores copies, however long it takes: until then the original is held, extended and not settled.
#[derive(Debug, Clone)]
pub(super) struct Keeper {
    publisher: Arc<dyn Publisher>,
    trouble: Arc<Mutex<Option<String>>>,
}

impl Keeper {
    /// The longest wait between two tries.
    const LONGEST_PAUSE: Duration = Duration::from_secs(30);

    pub(super) fn new(publisher: Arc<dyn Publisher>) -> Self {
        Self { publisher, trouble: Arc::default() }
    }

    /// Tries until it is stored. Its id makes that once.
    ///
    /// # Errors
    /// What is wrong with the copy itself.
    pub(super) async fn keep(&self, copy: Result<OutboundMessage>) -> Result<()> {
        let copy = copy?;
        let mut pause = Duration::from_millis(100);
        loop {
            let stored =
                async { self.publisher.publish_with(copy.clone(), PublishOptions::default()).await?.await };
            let Err(error) = stored.await else {
                self.set_trouble(None);
                return Ok(());
            };
            tracing::error!(%error, ?pause, "a dead letter could not be stored; it is tried again");
            self.set_trouble(Some(format!("a dead letter cannot be stored: {error}")));
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Self::LONGEST_PAUSE);
        }
    }

    /// What keeps it from storing at present.
    pub(super) fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_trouble(&self, trouble: Option<String>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }
}
