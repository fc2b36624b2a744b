//! Keeping everything in a file, so that a device may restart.
//!
//! What is kept: streams, messages with their times to live, schedules, the ids of the duplicate windows, consumers with their position, their unsettled
//! deliveries and their pauses. What is not: connections, and with them who waits, listens and has messages in a buffer.

mod file;
mod format;
mod load;
mod save;

pub(crate) use format::{
    AgainRecord, ConsumerRecord, IdRecord, LifetimeRecord, MessageRecord, PendingRecord, ReplayRecord,
    ScheduleRecord, StreamRecord, TimeRecord,
};

use std::path::Path;
use std::sync::Arc;

use pubsub_core::{ErrorKind, Result};

use crate::config::MemoryConfig;
use crate::store::Store;

/// Writes everything that the store holds, in place of what is in the file.
pub(crate) fn save(store: &Store, path: &Path) -> Result<()> {
    // One at a time: two that end in the other order than they began would leave the older one.
    let _saving = store.saving();
    file::write(path, |to| save::encode(store, to)).map_err(|error| error.with_operation("save snapshot"))
}

/// Reads what was written.
pub(crate) fn load(path: &Path, config: MemoryConfig) -> Result<Arc<Store>> {
    file::read(path)
        .and_then(|payload| {
            load::decode(&payload, config).map_err(|error| error.with_context("file", path.display()))
        })
        .map_err(|error| error.with_operation("restore snapshot"))
}

/// Reads what was written, if there is a file.
pub(crate) fn load_if_there(path: &Path, config: &MemoryConfig) -> Result<Option<Arc<Store>>> {
    match load(path, config.clone()) {
        Ok(store) => Ok(Some(store)),
        // A folder that is not there is another one's that is not mounted: what is stored now could not be saved.
        Err(error) if error.kind() == ErrorKind::NotFound && file::folder(path).is_dir() => Ok(None),
        Err(error) => Err(error),
    }
}
