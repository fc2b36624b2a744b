//! Plain messages that the store itself publishes.

use std::cell::Cell;

use pubsub_core::Subject;

use super::Store;
use crate::stream::Plain;

/// How often one message may be published again by one stream after the other. Streams that publish to each other in a
/// ring would never end.
const MAX_HOPS: u32 = 16;

thread_local! {
    static HOPS: Cell<u32> = const { Cell::new(0) };
}

impl Store {
    /// Publishes to whoever listens, and to the stream that takes the subject, if there is one.
    pub(crate) fn publish_plain(&self, plain: Plain) {
        let hops = HOPS.get();
        if hops == MAX_HOPS {
            tracing::warn!(subject = %plain.subject, "streams republish to each other in a ring: a message ends here");
            return;
        }
        HOPS.set(hops + 1);
        self.store_plain(plain);
        HOPS.set(hops);
    }

    /// As a server, which tells nobody if the stream refuses it.
    fn store_plain(&self, plain: Plain) {
        let Ok(subject) = Subject::new(plain.subject) else {
            return;
        };
        if let Some(stream) = self.route(&subject) {
            let (headers, payload) = (plain.headers, plain.payload);
            let stored = stream
                .run(|state, now, effects| state.publish_received(subject, headers, payload, now, effects));
            if let Err(error) = stored {
                tracing::debug!(%error, "a stream has not stored what another one republished");
            }
        }
    }
}
