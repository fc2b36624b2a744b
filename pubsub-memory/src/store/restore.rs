//! Taking a stream over from a snapshot.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use pubsub_core::{Error, Result};

use super::Store;
use crate::snapshot::StreamRecord;
use crate::stream::{Stream, StreamState};

impl Store {
    /// Adds a stream as it was.
    pub(crate) fn restore_stream(&self, record: StreamRecord) -> Result<()> {
        let state =
            StreamState::from_record(record, Arc::clone(&self.config), Arc::clone(&self.usage), self.clock)?;
        let config = state.config().clone();
        self.check(&config)?;
        let mut table = self.write();
        if table.contains_key(&config.name) {
            return Err(
                Error::config("name", "two streams have this name").with_context("stream", &config.name)
            );
        }
        self.check_overlap(&config)?;
        let stream = Stream::open(state, Arc::clone(&self.audience), Weak::clone(&self.own));
        self.routes.add(&config.subjects, &stream);
        table.insert(config.name.clone(), stream);
        drop(table);
        self.change_audience(|| self.audience.add_stream(&config.subjects));
        self.restored.store(true, Ordering::Release);
        Ok(())
    }

    /// Lets restored streams see what they have to do by themselves, and when: until somebody connects there may be no
    /// runtime to wait in.
    pub(crate) fn wake_restored(&self) {
        if self.restored.swap(false, Ordering::AcqRel) {
            self.streams().iter().for_each(|stream| stream.run(|_, _, _| ()));
        }
    }
}
