//! Deliberately wrong backends: what the suite must catch, and by which case. [`WrongBackend`].

mod acks_on_drop;
mod delivers_again_after_ack;
mod forgets_dedup;
mod ignores_nak_delay;
mod loses_one_in_a_thousand;
mod overstates;
mod reorders;
mod tamper;
mod understates;

use std::fmt::{self, Debug, Formatter};

use pubsub_core::Client;

use crate::harness::{Harness, Layered};
use tamper::{Tamper, Tampered};

/// A backend with one flaw, made of a right one, and the case that is named beforehand to catch it.
///
/// ```
/// # #[cfg(feature = "memory")] {
/// use pubsub_testkit::wrong::WrongBackend;
/// use pubsub_testkit::{Filter, MemoryHarness, run_suite};
///
/// let wrong = WrongBackend::all().iter().find(|wrong| wrong.name() == "forgets dedup").ok_or("no such one")?;
/// let report = run_suite(|| wrong.over(MemoryHarness::new()), &Filter::only([wrong.caught_by()])?);
/// assert!(report.failed());
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct WrongBackend {
    name: &'static str,
    flaw: &'static str,
    caught_by: &'static str,
    spoil: fn(Client) -> Client,
}

impl WrongBackend {
    const fn new(
        name: &'static str,
        flaw: &'static str,
        caught_by: &'static str,
        spoil: fn(Client) -> Client,
    ) -> Self {
        Self { name, flaw, caught_by, spoil }
    }

    /// All of them.
    #[must_use]
    pub fn all() -> &'static [Self] {
        ALL
    }

    /// What it is called.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What it does wrong.
    #[must_use]
    pub const fn flaw(&self) -> &'static str {
        self.flaw
    }

    /// The id of the case that must fail on it.
    #[must_use]
    pub const fn caught_by(&self) -> &'static str {
        self.caught_by
    }

    /// Spoils a right backend.
    pub fn over<H: Harness>(&self, inner: H) -> Layered<H> {
        Layered::new(inner, self.spoil)
    }
}

impl Debug for WrongBackend {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("WrongBackend").field("name", &self.name).field("caught_by", &self.caught_by).finish()
    }
}

const ALL: &[WrongBackend] = &[
    WrongBackend::new(
        "acks on drop",
        "a delivery that is dropped unsettled is acked, and so lost",
        "B9",
        |client| spoil(client, acks_on_drop::AcksOnDrop),
    ),
    WrongBackend::new(
        "loses one in a thousand",
        "every thousandth message is never delivered",
        "A9",
        |client| spoil(client, loses_one_in_a_thousand::LosesOneInAThousand::default()),
    ),
    WrongBackend::new(
        "delivers again after an ack",
        "a message comes once more although it was acked",
        "B1",
        |client| spoil(client, delivers_again_after_ack::DeliversAgainAfterAck),
    ),
    WrongBackend::new(
        "ignores nak delay",
        "a message that was nakked with a delay comes again at once",
        "B3",
        |client| spoil(client, ignores_nak_delay::IgnoresNakDelay),
    ),
    WrongBackend::new(
        "reorders",
        "the messages of a batch come in another order than they were stored",
        "F1",
        |client| spoil(client, reorders::Reorders),
    ),
    WrongBackend::new(
        "forgets dedup",
        "a message id does not keep a message from being stored twice",
        "E5",
        |client| spoil(client, forgets_dedup::ForgetsDedup),
    ),
    WrongBackend::new("overstates", "`term` is declared and refused", "B4", |client| {
        spoil(client, overstates::Overstates)
    }),
    WrongBackend::new("understates", "`nak_delay` is not declared, and works all the same", "B3", |client| {
        spoil(client, understates::Understates)
    }),
];

fn spoil(client: Client, tamper: impl Tamper) -> Client {
    client.with_layer(Tampered::new(tamper))
}
