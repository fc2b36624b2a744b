//! One way to break things: [`Scenario`].

use std::time::Duration;

use futures::future::BoxFuture;

use crate::Result;
use crate::judge::Target;
use crate::site::Kind;
use crate::stage::Stage;

/// What is broken, for how long, and what must hold all the same.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) site: Kind,
    pub(crate) load: Load,
    /// For how many seconds it publishes.
    pub(crate) seconds: u64,
    /// The same where it is one of the short ones.
    pub(crate) quick: Option<u64>,
    /// How often it runs; the worst of the runs counts.
    pub(crate) runs: u32,
    pub(crate) ends: Ends,
    pub(crate) inflict: Inflict,
    pub(crate) targets: Vec<Target>,
}

/// Breaks and mends, until the time of the stage is over.
pub(crate) type Inflict = for<'a> fn(&'a mut Stage) -> BoxFuture<'a, Result<()>>;

/// What runs through a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Load {
    /// Eight keys with one message in flight each, 400 messages a second together, and two consumers that settle all.
    Paced,
    /// As much as goes, without waiting for a receipt, and no consumer.
    Flood,
}

/// What is left to judge by when it is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ends {
    /// All that was stored is to be delivered and settled.
    Drained,
    /// The stream is there; its consumers are not, or are others.
    Stored,
    /// The stream is gone, or the server.
    Gone,
}

impl Scenario {
    /// A scenario with the usual load on one server, which drains afterwards.
    pub(crate) fn new(name: &'static str, about: &'static str, seconds: u64, inflict: Inflict) -> Self {
        Self {
            name,
            about,
            site: Kind::Server,
            load: Load::Paced,
            seconds,
            quick: None,
            runs: 1,
            ends: Ends::Drained,
            inflict,
            targets: Vec::new(),
        }
    }

    #[must_use]
    pub(crate) fn on(mut self, site: Kind) -> Self {
        self.site = site;
        self
    }

    /// Also one of the short scenarios, with so many seconds.
    #[must_use]
    pub(crate) fn quick(mut self, seconds: u64) -> Self {
        self.quick = Some(seconds);
        self
    }

    #[must_use]
    pub(crate) fn worst_of(mut self, runs: u32) -> Self {
        self.runs = runs;
        self
    }

    #[must_use]
    pub(crate) fn ends(mut self, ends: Ends) -> Self {
        self.ends = ends;
        self
    }

    #[must_use]
    pub(crate) fn load(mut self, load: Load) -> Self {
        self.load = load;
        self
    }

    #[must_use]
    pub(crate) fn must(mut self, targets: impl IntoIterator<Item = Target>) -> Self {
        self.targets.extend(targets);
        self
    }
}

/// So many milliseconds.
pub(crate) const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}
