//! How a delivery ends: [`Settlement`].

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::config::duration;
use crate::{Capabilities, Capability, Result};

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

    /// The most bytes of a reason; what is longer is cut off.
    pub const MAX_REASON_LEN: usize = 1024;

    /// Never deliver it again, for this reason. Control characters in it become spaces, and it is cut off after
    /// [`MAX_REASON_LEN`](Self::MAX_REASON_LEN) bytes: a long reason must not be why a message is not settled.
    #[must_use]
    pub fn term_because(reason: impl Into<String>) -> Self {
        let mut reason = reason.into();
        let end =
            (0..=Self::MAX_REASON_LEN.min(reason.len())).rev().find(|end| reason.is_char_boundary(*end));
        reason.truncate(end.unwrap_or(0));
        let reason = reason.replace(char::is_control, " ");
        Self::of(SettlementKind::Term { reason: Some(reason) })
    }

    const fn of(kind: SettlementKind) -> Self {
        Self { kind, confirmed: false }
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

    /// For backends: refuses what takes a capability that is not there, before anything is done. Every backend takes an
    /// unconfirmed ack and nak; a confirmation takes `confirmed_settlement`, a delay `nak_delay`, a term `term`.
    ///
    /// ```
    /// use pubsub_core::{Capabilities, Capability, ErrorKind, Settlement};
    ///
    /// let simple = Capabilities::minimum().with(Capability::Term);
    /// Settlement::term().check(simple)?;
    /// let refused = Settlement::term().confirmed().check(simple).unwrap_err();
    /// assert_eq!(refused.kind(), ErrorKind::Unsupported);
    /// # Ok::<(), pubsub_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported), with the capability.
    pub fn check(&self, capabilities: Capabilities) -> Result<()> {
        if self.confirmed {
            capabilities.require(Capability::ConfirmedSettlement)?;
        }
        match self.kind {
            SettlementKind::Ack | SettlementKind::Nak { delay: None } => Ok(()),
            SettlementKind::Nak { delay: Some(_) } => capabilities.require(Capability::NakDelay),
            SettlementKind::Term { .. } => capabilities.require(Capability::Term),
        }
    }
}

/// What becomes of a delivery that is dropped unsettled. It is never acknowledged.
///
/// In configuration: `"redeliver"` or `{ "nak_after": "5s" }`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OnDrop {
    /// The message comes again when its ack wait is over.
    #[default]
    Redeliver,
    /// The message is nakked with this delay, as far as that can be done without waiting. Needs the capability
    /// `nak_delay`.
    NakAfter(#[serde(with = "duration")] Duration),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_reason_is_cut_at_a_character() {
        let settlement = Settlement::term_because("ä".repeat(1000) + "\n");
        let SettlementKind::Term { reason: Some(reason) } = settlement.kind() else {
            panic!("{settlement:?}")
        };
        assert_eq!(reason.len(), Settlement::MAX_REASON_LEN);
        let control = Settlement::term_because("a\r\nb");
        assert_eq!(control.kind(), &SettlementKind::Term { reason: Some("a  b".to_owned()) });
    }

    #[test]
    fn the_minimum_takes_ack_and_nak() {
        Settlement::ack().check(Capabilities::minimum()).unwrap();
        Settlement::nak().check(Capabilities::minimum()).unwrap();
    }

    #[test]
    fn everything_else_takes_its_capability() {
        for (settlement, capability) in [
            (Settlement::ack().confirmed(), Capability::ConfirmedSettlement),
            (Settlement::nak_after(Duration::ZERO), Capability::NakDelay),
            (Settlement::term_because("broken"), Capability::Term),
        ] {
            settlement.check(Capabilities::minimum().with(capability)).unwrap();
            let refused = settlement.check(Capabilities::full().without(capability)).unwrap_err();
            assert_eq!(refused.context("feature"), Some(capability.name()));
        }
    }
}
