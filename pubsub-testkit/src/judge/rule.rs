//! The rules by name: [`Rule`].

use super::records::Records;
use super::{
    Violation, complete, core_rules, counters, delivery_rules, expectation_rules, made_by_broker, modelled,
    order, pending, phantom, publish_rules, settlement_rules, time_rules,
};

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
    ExpectationsHold = "expectations hold",
        "a message is stored only if the stream is as the publish expects", expectation_rules::expectations_hold;
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
    ExpiredStaysAway = "expired stays away",
        "what has outlived its time to live is not delivered any more", time_rules::expired_stays_away;
    PausesHold = "pauses hold",
        "a paused consumer delivers nothing before its pause is over", time_rules::pauses_hold;
    SchedulesKeepTheirTime = "schedules keep their time",
        "what a schedule produces comes not before its time", made_by_broker::schedules_keep_their_time;
    SchedulesProduce = "schedules produce",
        "a drained consumer of its target has had what a schedule produces", made_by_broker::schedules_produce;
    HeardAtMostOnce = "heard at most once",
        "a listener, and a group together, hears a plain message at most as often as it was said", core_rules::heard_at_most_once;
    CountersAreTrue = "counters are true",
        "what a stream and a consumer say of themselves is what the history shows", counters::counters_are_true;
    AsTheModelAllows = "as the model allows",
        "the model of stream and consumer has an explanation for all that came", modelled::as_the_model_allows;
    NothingLost = "nothing lost",
        "a drained consumer has had every stored message that matches its filters", complete::nothing_lost;
}
