//! From a store to the bytes of a snapshot.

use std::io::Write;

use pubsub_core::{Error, ErrorKind, Result};
use tokio::time::Instant;

use super::format::Snapshot;
use crate::store::Store;

/// Each stream is taken as a whole, one after the other; its payloads are shared, and not copied.
pub(super) fn encode(store: &Store, to: &mut dyn Write) -> Result<()> {
    // One that is deleted meanwhile is not there any more.
    let records = store
        .streams()
        .into_iter()
        .filter_map(|stream| stream.run(|state, now, _| state.record(now)).transpose());
    let snapshot = Snapshot {
        streams: records.collect::<Result<_>>()?,
        last_id: store.last_id(),
        saved_at: store.clock().nanos(Instant::now()),
    };
    postcard::to_io(&snapshot, to).map(drop).map_err(|error| {
        Error::new(ErrorKind::Unavailable, "the snapshot cannot be written")
            .with_remedy("check the room on its disk")
            .with_source(error)
    })
}
