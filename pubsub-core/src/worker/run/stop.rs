//! Tells every part of a worker that it is stopping: [`StopSignal`].

use std::sync::Arc;

use tokio::sync::watch;

/// Set once, seen by all clones.
#[derive(Debug, Clone)]
pub(crate) struct StopSignal {
    sender: Arc<watch::Sender<bool>>,
}

impl StopSignal {
    pub(crate) fn new() -> Self {
        Self { sender: Arc::new(watch::Sender::new(false)) }
    }

    pub(crate) fn set(&self) {
        self.sender.send_replace(true);
    }

    pub(crate) fn is_set(&self) -> bool {
        *self.sender.borrow()
    }

    pub(crate) async fn wait(&self) {
        // The sender is held here, so that waiting cannot fail.
        let _ = self.sender.subscribe().wait_for(|set| *set).await;
    }
}
