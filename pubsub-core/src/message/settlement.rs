//! How a delivery ends: [`Settlement`].

use std::time::Duration;

/// What a settlement says of its message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettlementKind {
    /// Done: never deliver it to this consumer again.
    Ack,
    /// Not done: deliver it again, at once or after a delay.
    Nak {
        /// The least time until the next delivery; `None` = at once.
        delay: Option<Duration>,
    },
    /// Given up: never deliver it to this consumer again, although it was not processed.
    Term {
        /// Why, for the broker's advisory.
        reason: Option<String>,
    },
}

/// How a delivery ends, and whether the broker has to confirm it.
///
/// Unconfirmed (the default) a settlement is handed over and not waited for; it can be lost with the connection,
/// and the message then comes again. Confirmed, the call waits for the broker's answer. Neither proves that it
/// was the first settlement: JetStream acknowledges by stream sequence, so an ack of an older delivery counts.
///
/// ```
/// use std::time::Duration;
/// use pubsub_core::{Settlement, SettlementKind};
///
/// let settlement = Settlement::nak_after(Duration::from_secs(30)).confirmed();
/// assert!(settlement.is_confirmed());
/// assert_eq!(settlement.kind(), &SettlementKind::Nak { delay: Some(Duration::from_secs(30)) });
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    kind: SettlementKind,
    confirmed: bool,
}

impl Settlement {
    /// Done.
    #[must_use]
    pub const fn ack() -> Self {
        Self::of(SettlementKind::Ack)
    }

    /// Deliver it again at once.
    #[must_use]
    pub const fn nak() -> Self {
        Self::of(SettlementKind::Nak { delay: None })
    }

    /// Deliver it again, not before `delay` has passed.
    #[must_use]
    pub const fn nak_after(delay: Duration) -> Self {
        Self::of(SettlementKind::Nak { delay: Some(delay) })
    }

    /// Never deliver it again.
    #[must_use]
    pub const fn term() -> Self {
        Self::of(SettlementKind::Term { reason: None })
    }

    /// Never deliver it again, for this reason. Control characters in it become spaces.
    #[must_use]
    pub fn term_because(reason: impl Into<String>) -> Self {
        let reason = reason.into().replace(char::is_control, " ");
        Self::of(SettlementKind::Term { reason: Some(reason) })
    }

    const fn of(kind: SettlementKind) -> Self {
        Self {
            kind,
            confirmed: false,
        }
    }

    /// Makes the call wait for the broker's answer.
    #[must_use]
    pub fn confirmed(mut self) -> Self {
        self.confirmed = true;
        self
    }

    /// What it says of the message.
    #[must_use]
    pub fn kind(&self) -> &SettlementKind {
        &self.kind
    }

    /// Whether the call waits for the broker's answer.
    #[must_use]
    pub fn is_confirmed(&self) -> bool {
        self.confirmed
    }
}

/// What becomes of a delivery that is dropped unsettled. It is never acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OnDrop {
    /// The message comes again when its ack wait is over.
    #[default]
    Redeliver,
    /// The message is nakked with this delay, as far as that can be done without waiting. Needs the capability
    /// `nak_delay`.
    NakAfter(Duration),
}
