//! What a backend gives to be tested: [`Harness`].

mod cluster_faults;
mod connecting;
mod layered;
#[cfg(feature = "memory")]
mod memory;
mod nats;
mod nats_faults;
mod pretended_faults;
mod store_faults;

use std::fmt::{Debug, Display};
use std::sync::Arc;

use async_trait::async_trait;
use pubsub_core::{Broker, Result};
use serde::{Deserialize, Serialize};

pub use connecting::Connecting;
pub use layered::Layered;
#[cfg(feature = "memory")]
pub use memory::MemoryHarness;
pub use nats::NatsHarness;
pub(crate) use pretended_faults::PretendedFaults;
pub use store_faults::{StoreFault, StoreFaults};

use crate::expected::Expected;

/// On which time a backend can be tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// Tokio's paused time: the backend reads no other clock and waits on nothing else, so hours pass in milliseconds.
    Virtual,
    /// The real one: the backend has a network, threads or files.
    Real,
}

/// One empty store of a backend, and how to connect to it. One value serves one case; the suite makes a fresh one for
/// each (see [`suite!`](crate::suite)).
///
/// A backend needs [`StreamAdmin`](pubsub_core::StreamAdmin): the cases make their streams and consumers with it. Names
/// are unique per case, so a store that several values share is fine too; what a case has made, it deletes.
///
/// ```
/// use std::sync::Arc;
///
/// use pubsub_core::{Broker, Result};
/// use pubsub_testkit::{Clock, Harness};
///
/// #[derive(Debug)]
/// struct MyHarness {
///     broker: Arc<dyn Broker>,
/// }
///
/// #[async_trait::async_trait]
/// impl Harness for MyHarness {
///     fn name(&self) -> &str {
///         "mine"
///     }
///
///     fn clock(&self) -> Clock {
///         Clock::Real
///     }
///
///     async fn connect(&self) -> Result<Arc<dyn Broker>> {
///         Ok(Arc::clone(&self.broker))
///     }
/// }
/// ```
#[async_trait]
pub trait Harness: Debug + Send + Sync + 'static {
    /// The backend's name in the report.
    fn name(&self) -> &str;

    /// The time that the cases run on.
    fn clock(&self) -> Clock;

    /// A new connection to the store of this value. Called inside the runtime of the case, several times by some.
    ///
    /// # Errors
    /// What keeps the backend from connecting; the case then fails.
    ///
    /// # Cancel safety
    /// Dropped before completion, no connection stays open.
    async fn connect(&self) -> Result<Arc<dyn Broker>>;

    /// The server behind the backend and its version, for the report; `None` without a server.
    fn server(&self) -> Option<String> {
        None
    }

    /// Which cases are not meant to run. By default all are, so that a capability that gets lost fails its cases.
    fn expected(&self) -> Expected {
        Expected::all()
    }

    /// How many connections to the store of this value are open, as the store sees it; `None` where that cannot be told.
    /// After each case none may be left.
    ///
    /// # Cancel safety
    /// Dropped before completion, nothing changes.
    async fn open_connections(&self) -> Option<usize> {
        None
    }

    /// How the store of this value can be harmed; `None` where it cannot, and cases that need it are then skipped. On
    /// virtual time a layer over the connections pretends what it can. Called inside the runtime of the case.
    ///
    /// # Errors
    /// What keeps the faults from being prepared; the case then fails.
    ///
    /// # Cancel safety
    /// Dropped before completion, nothing is left.
    async fn faults(&self) -> Result<Option<Arc<dyn StoreFaults>>> {
        Ok(None)
    }

    /// As [`faults`](Self::faults), of a store made of several servers, of which one may be lost. It need not be the store
    /// that [`connect`](Self::connect) reaches.
    ///
    /// # Errors
    /// As [`faults`](Self::faults).
    ///
    /// # Cancel safety
    /// Dropped before completion, nothing is left.
    async fn cluster_faults(&self) -> Result<Option<Arc<dyn StoreFaults>>> {
        Ok(None)
    }
}

/// What [`suite!`](crate::suite) and [`run_suite`](crate::run_suite) take: a harness, or a result with one. An error
/// fails the case.
pub trait IntoHarness {
    /// The harness.
    type Harness: Harness;

    /// The harness, or why there is none.
    ///
    /// # Errors
    /// The error in words.
    fn into_harness(self) -> Result<Self::Harness, String>;
}

impl<H: Harness> IntoHarness for H {
    type Harness = H;

    fn into_harness(self) -> Result<H, String> {
        Ok(self)
    }
}

impl<H: Harness, E: Display> IntoHarness for Result<H, E> {
    type Harness = H;

    fn into_harness(self) -> Result<H, String> {
        self.map_err(|error| error.to_string())
    }
}
