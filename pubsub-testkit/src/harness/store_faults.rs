//! What can happen to a store while a case runs: [`StoreFault`], [`StoreFaults`].

use std::fmt::{self, Debug, Display, Formatter};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pubsub_core::{Broker, Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use crate::history::saved::words;

/// Something that happens between a backend and its store, or to the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StoreFault {
    /// The store ends at once, as by `kill -9`; what it has written stays. It is started again by healing.
    Crash,
    /// Nothing passes in either direction, and nobody is told: connections stay open.
    Cut,
    /// Every open connection is reset, once. New ones are taken.
    Reset,
    /// What is asked reaches the store, and no answer comes back. Healing resets the connections.
    AnswersLost,
    /// Everything takes so much longer, in each direction.
    Slow(#[serde(with = "words::nanos")] Duration),
    /// The store takes nobody's credentials any more.
    Refuse,
    /// Of several servers, the one that leads the streams ends at once. It is started again by healing.
    LeaderLost,
}

/// Completes "a store that".
impl Display for StoreFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crash => f.write_str("crashes"),
            Self::Cut => f.write_str("cannot be reached"),
            Self::Reset => f.write_str("resets its connections"),
            Self::AnswersLost => f.write_str("is not heard"),
            Self::Slow(delay) => write!(f, "is slow by {delay:?}"),
            Self::Refuse => f.write_str("refuses every client"),
            Self::LeaderLost => f.write_str("loses its leader"),
        }
    }
}

/// How a harness harms the store of its value, for the cases about faults. One value serves one case; one fault at a time.
#[async_trait]
pub trait StoreFaults: Debug + Send + Sync + 'static {
    /// Whether this one can be injected. Of [`Slow`](StoreFault::Slow), the time does not matter.
    fn can(&self, fault: StoreFault) -> bool;

    /// A connection to the store that meets the faults. Those of [`Harness::connect`](super::Harness::connect) need not.
    ///
    /// # Errors
    /// What keeps the backend from connecting, such as a fault that is there already.
    ///
    /// # Cancel safety
    /// Dropped before completion, no connection stays open.
    async fn connect(&self) -> Result<Arc<dyn Broker>>;

    /// Makes it happen. It lasts until [`heal`](Self::heal).
    ///
    /// # Errors
    /// What keeps it from happening; the case then fails. `Unsupported` for one that cannot be injected here, never another
    /// one in its place.
    ///
    /// # Cancel safety
    /// Dropped before completion, the fault may be there; healing ends it.
    async fn inject(&self, fault: StoreFault) -> Result<()>;

    /// Ends what was injected. Without a fault, nothing happens.
    ///
    /// # Errors
    /// What keeps the store from being well again; the case then fails.
    ///
    /// # Cancel safety
    /// Dropped before completion, the fault may still be there; call it again.
    async fn heal(&self) -> Result<()>;

    /// Whether [`Cut`](StoreFault::Cut), [`Reset`](StoreFault::Reset), [`AnswersLost`](StoreFault::AnswersLost) and
    /// [`Slow`](StoreFault::Slow) meet no connections but those of this value, so that others can be under way beside it.
    fn is_apart(&self) -> bool {
        false
    }

    /// How many connections were tried, as the wire counts them; `None` where nobody counts.
    fn tried(&self) -> Option<u64> {
        None
    }
}

/// The error of a fault that cannot be injected here; it is not replaced by another one.
pub(super) fn not_here(fault: StoreFault) -> Error {
    Error::new(ErrorKind::Unsupported, format!("a store that {fault} cannot be had here"))
}
