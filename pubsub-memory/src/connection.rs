//! One connection to a store: open or closed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pubsub_core::{Capabilities, Error, Result};

use crate::store::Store;

/// What everything made from one broker shares.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) store: Arc<Store>,
    pub(crate) id: u64,
    closed: AtomicBool,
    /// Whether the store was to be saved when it was closed, and was not.
    pub(crate) unsaved: AtomicBool,
}

impl Connection {
    pub(crate) fn new(store: Arc<Store>) -> Self {
        let id = store.next_id();
        Self { store, id, closed: AtomicBool::new(false), unsaved: AtomicBool::new(false) }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    pub(crate) fn check_open(&self, what: &'static str) -> Result<()> {
        if self.is_closed() { Err(Error::closed(what)) } else { Ok(()) }
    }

    /// Closes it, wakes what waits through it and hands back what its subscriptions have not taken. A fetch or a
    /// subscription looks at the flag under its stream's lock before it waits, so none can miss this.
    /// Returns whether it was open.
    pub(crate) fn close(&self) -> bool {
        if self.closed.swap(true, Ordering::AcqRel) {
            return false;
        }
        self.store.listeners.close_connection(self.id);
        for stream in self.store.streams() {
            stream.run(|state, now, effects| state.close_connection(self.id, now, effects));
        }
        true
    }

    pub(crate) fn capabilities(&self) -> Capabilities {
        self.store.capabilities
    }
}
