//! How a connection does: [`Health`].

use serde::Serialize;

/// How well a broker can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum HealthState {
    /// Everything works.
    Healthy,
    /// It works, but something needs attention.
    Degraded,
    /// It does not work now.
    Unhealthy,
}

/// How a connection does, with the reasons in words.
///
/// ```
/// use pubsub_core::{Health, HealthState};
///
/// let health = Health::healthy().because(HealthState::Degraded, "reconnected twice");
/// assert!(health.is_usable());
///
/// let health = Health::unhealthy("not connected");
/// assert_eq!(health.state, HealthState::Unhealthy);
/// assert_eq!(health.reasons, ["not connected"]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Health {
    /// The worst of what was found.
    pub state: HealthState,
    /// What was found; empty if everything works. Never holds a secret.
    pub reasons: Vec<String>,
}

impl Health {
    /// Nothing was found.
    #[must_use]
    pub const fn healthy() -> Self {
        Self { state: HealthState::Healthy, reasons: Vec::new() }
    }

    /// It does not work now, for this reason.
    #[must_use]
    pub fn unhealthy(reason: impl Into<String>) -> Self {
        Self::healthy().because(HealthState::Unhealthy, reason)
    }

    /// Adds a finding; the state becomes the worse of both.
    #[must_use]
    pub fn because(mut self, state: HealthState, reason: impl Into<String>) -> Self {
        self.state = self.state.max(state);
        self.reasons.push(reason.into());
        self
    }

    /// Whether messages can be published and consumed.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.state < HealthState::Unhealthy
    }
}
