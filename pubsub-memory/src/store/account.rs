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
        let unlimited = |used| Usage::new(used, Limit::Unlimited);
        let streams = Usage::new(streams, Limit::At(self.config.max_streams.into()));
        Ok(AccountInfo::new(unlimited(memory), unlimited(storage), streams, unlimited(consumers)))
    }
}
