//! The rules by name: [`Rule`].

use super::records::Records;
use super::{Violation, complete, delivery_rules, order, pending, phantom, publish_rules, settlement_rules};

/// Declares each rule once: its name, what it promises, and the function that looks for violations.
macro_rules! rules {
    ($($variant:ident = $name:literal, $promise:literal, $check:path;)+) => {
        /// What must hold of every history. A case that breaks one by design excuses it, with the reason.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Rule {
            $(#[doc = $promise] $variant,)+
        }

        impl Rule {
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant),+];

            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            pub(crate) const fn promise(self) -> &'static str {
                match self { $(Self::$variant => $promise,)+ }
            }

            pub(super) fn apply(self, records: &Records<'_>, violations: &mut Vec<Violation>) {
                let found = match self { $(Self::$variant => $check(records),)+ };
                violations.extend(found.into_iter().map(|(detail, proof)| Violation { rule: self, detail, proof }));
            }
        }
    };
}

rules! {
    HasTraffic = "has traffic",
        "a passed case has stored and delivered a message at least", complete::has_traffic;
    SequencesRise = "sequences rise",
        "what a publisher hands over one after the other gets rising sequences, each once", publish_rules::sequences_rise;
    StoredOnce = "stored once",
        "within the duplicate window a message id is stored once", publish_rules::stored_once;
    DuplicateIsKnown = "duplicate is known",
        "a duplicate is one of a message that was stored within the window", publish_rules::duplicate_is_known;
    NothingPhantom = "nothing phantom",
        "what is delivered was published, with this subject, payload, headers and id", phantom::nothing_phantom;
    FiltersHold = "filters hold",
        "a consumer gets only what its filters match", phantom::filters_hold;
    AttemptsCountUp = "attempts count up",
        "the attempts to deliver a message to a consumer count 1, 2, 3, each once", delivery_rules::attempts_count_up;
    MaxDeliver = "max deliver",
        "no message is delivered more often than `max_deliver`", delivery_rules::max_deliver;
    LeasesExclusive = "leases exclusive",
        "a message that is neither settled nor dropped comes again only after its ack wait", settlement_rules::leases_exclusive;
    NakDelayKept = "nak delay kept",
        "a nakked message comes again not before its delay has passed", settlement_rules::nak_delay_kept;
    SettledStaysSettled = "settled stays settled",
        "an acked or terminated message is not delivered to that consumer again", settlement_rules::settled_stays_settled;
    MaxAckPending = "max ack pending",
        "no more than `max_ack_pending` messages are unsettled at a time", pending::max_ack_pending;
    FirstDeliveriesInOrder = "first deliveries in order",
        "messages are first delivered in the order of the stream", order::first_deliveries_in_order;
    NothingLost = "nothing lost",
        "a drained consumer has had every stored message that matches its filters", complete::nothing_lost;
}
