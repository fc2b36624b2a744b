//! When a rule is followed: [`When`].

use fastrand::Rng;
use pubsub_core::SubjectFilter;

/// When a rule of a [`FaultLayer`](super::FaultLayer) is followed.
///
/// ```
/// use pubsub_core::SubjectFilter;
/// use pubsub_testkit::fault_layer::When;
///
/// let some_pickups = When::one_in(10).on(SubjectFilter::new("ride.pickup")?).at_most(3);
/// # drop(some_pickups);
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    pick: Pick,
    filter: Option<SubjectFilter>,
    at_most: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pick {
    Always,
    OneIn(u64),
    Nth(u64),
    First(u64),
}

impl When {
    const fn of(pick: Pick) -> Self {
        Self { pick, filter: None, at_most: u64::MAX }
    }

    /// Every time.
    #[must_use]
    pub const fn always() -> Self {
        Self::of(Pick::Always)
    }

    /// Each time with a chance of one in `n`, by the seed. Zero is never.
    #[must_use]
    pub const fn one_in(n: u64) -> Self {
        Self::of(Pick::OneIn(n))
    }

    /// Only the `n`th time, counted from 1.
    #[must_use]
    pub const fn nth(n: u64) -> Self {
        Self::of(Pick::Nth(n))
    }

    /// The first `n` times.
    #[must_use]
    pub const fn first(n: u64) -> Self {
        Self::of(Pick::First(n))
    }

    /// Counts only messages with such a subject. A fetch has none, and is counted in any case.
    #[must_use]
    pub fn on(mut self, filter: SubjectFilter) -> Self {
        self.filter = Some(filter);
        self
    }

    /// Ends after so many faults.
    #[must_use]
    pub const fn at_most(mut self, faults: u64) -> Self {
        self.at_most = faults;
        self
    }

    pub(super) fn concerns(&self, subject: Option<&str>) -> bool {
        match (&self.filter, subject) {
            (Some(filter), Some(subject)) => filter.matches(subject),
            _ => true,
        }
    }

    /// `count` is the how manieth time it is, from 1; `draw` decides by chance.
    pub(super) fn picks(&self, count: u64, injected: u64, draw: &mut Rng) -> bool {
        let picked = match self.pick {
            Pick::Always => true,
            Pick::OneIn(0) => false,
            Pick::OneIn(n) => draw.u64(0..n) == 0,
            Pick::Nth(n) => count == n,
            Pick::First(n) => count <= n,
        };
        picked && injected < self.at_most
    }
}
