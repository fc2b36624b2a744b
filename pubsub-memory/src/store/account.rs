//! What the store uses and may use.

use pubsub_core::admin::Usage;
use pubsub_core::{AccountInfo, ErrorKind, Limit, Result, Storage};

use super::Store;

impl Store {
    /// The bytes of all streams, by the storage that they were asked to have; both are this process's memory.
    pub(crate) fn account(&self) -> Result<AccountInfo> {
        let (mut memory, mut storage, mut streams, mut consumers) = (0, 0, 0, 0);
        for stream in self.streams() {
            let info = match stream.run(|state, _, _| state.info()) {
                // Deleted meanwhile.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                info => info?,
            };
            match info.config.storage {
                Storage::Memory => memory += info.bytes,
                _ => storage += info.bytes,
            }
            streams += 1;
            consumers += info.consumers;
        }
        let bounds = &self.config;
        // Both kinds share one bound; that of consumers is each stream's, as a server's (measured on nats-server 2.15.1).
        let bytes = |used| Usage::new(used, Limit::At(bounds.max_bytes));
        let streams = Usage::new(streams, Limit::At(bounds.max_streams.into()));
        let consumers = Usage::new(consumers, Limit::At(bounds.max_consumers_per_stream.into()));
        Ok(AccountInfo::new(bytes(memory), bytes(storage), streams, consumers))
    }
}
