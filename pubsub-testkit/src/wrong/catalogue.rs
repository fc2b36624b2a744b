//! All wrong backends, each with the case that is to catch it.

use super::tamper::spoil;
use super::{WrongBackend, consumers, content, fetching, publishing, settling, streams, subscribing};

/// Declares them as they are read: name, flaw, case, and what spoils each connection.
macro_rules! wrong_backends {
    ($($name:literal, $flaw:literal, $case:literal, $tamper:expr;)+) => {
        pub(super) const ALL: &[WrongBackend] = &[$(WrongBackend {
            name: $name,
            flaw: $flaw,
            caught_by: $case,
            spoil: |client| spoil(client, $tamper),
        }),+];
    };
}

wrong_backends! {
    "acks on drop", "a delivery that is dropped unsettled is acked, and so lost", "B9", settling::AcksOnDrop;
    "delivers again after an ack", "a message comes once more although it was acked", "B1", settling::DeliversAgainAfterAck;
    "ignores nak delay", "a message that was nakked with a delay comes again at once", "B3", settling::IgnoresNakDelay;
    "naks are acks", "a nakked message never comes again", "B2", settling::NaksAreAcks;
    "terms are naks", "a terminated message comes again", "B4", settling::TermsAreNaks;
    "extends nothing", "`extend` says `Ok`, and the ack wait ends as before", "B5", settling::ExtendsNothing;
    "confirms blindly", "a confirmed ack of a consumer that is gone says `Ok`", "B13", settling::ConfirmsBlindly;
    "settles after the close", "a settlement after the close says `Ok`, and is not made", "B20", settling::SettlesClosedOnes;
    "settles only the first", "of several that are settled at once the first one is, and all say `Ok`", "B15", settling::SettlesOnlyTheFirst;
    "settles later", "an ack is made by a task that ends with the caller's runtime", "B18", settling::SettlesLater;
    "overstates", "`term` is declared and refused", "L1", settling::Overstates;
    "understates", "`nak_delay` is not declared, and works all the same", "B3", streams::Understates;
    "drops late acks", "an ack after the ack wait says `Ok`, and is not made", "B7", consumers::DropsLateAcks::default();
    "acks all before", "an ack settles everything that was delivered before it", "B19", consumers::AcksAllBefore;
    "acks nothing before", "with acks by position, an ack settles its own message only", "D23", consumers::AcksNothingBefore;
    "loses one in a thousand", "every thousandth message is never delivered", "A9", fetching::LosesOneInAThousand::default();
    "reorders", "the messages of a batch come in another order than they were stored", "F1", fetching::Reorders;
    "waits for a full batch", "a fetch waits until it has as many messages as it may take", "D14", fetching::WaitsForAFullBatch;
    "fails when empty", "a fetch that finds nothing is an error", "D15", fetching::FailsWhenEmpty;
    "loses a cancelled fetch", "what comes to a fetch that was dropped is acked, and so lost", "G4", fetching::LosesACancelledFetch;
    "keeps options", "the options of the first fetch hold for all", "D13", fetching::KeepsOptions::default();
    "gives each member everything", "two handles on one consumer get every message each", "D3", fetching::GivesEachMemberEverything::default();
    "subscription loses one in seven", "every seventh message of a subscription is acked and not handed out", "D16", subscribing::SubscriptionLosesOneInSeven;
    "subscription never ends", "a subscription goes on after the close, and gives nothing", "G1", subscribing::SubscriptionNeverEnds;
    "acks what it prefetches", "what a dropped subscription had prefetched is acked, and so lost", "G5", subscribing::AcksWhatItPrefetches;
    "leaves a task", "each subscription leaves a task that never ends", "D17", subscribing::LeavesATask;
    "leaves consumers", "each handle makes a consumer that nobody deletes", "D2", consumers::LeavesConsumers;
    "closes nothing", "`close` says `Ok`, and everything goes on", "G1", streams::ClosesNothing;
    "drops headers", "a message arrives without its headers", "A1", content::DropsHeaders;
    "keeps one value", "of several values of a header the first one arrives", "A5", content::KeepsOneValue;
    "adds a header", "every message gets a header that nobody set", "A20", content::AddsAHeader;
    "takes reserved headers", "a reserved header is taken out instead of refused", "C16", content::TakesReservedHeaders;
    "cuts large payloads", "what is beyond 64 KiB of a payload is lost", "A2", content::CutsLargePayloads;
    "makes text", "bytes of a payload that are not UTF-8 are replaced", "A3", content::MakesText;
    "forgets the time", "a delivery does not tell when its message was stored", "A21", content::ForgetsTheTime;
    "lowers subjects", "a subject arrives in lower case", "A24", content::LowersSubjects;
    "counts one attempt", "every delivery says that it is the first", "C1", content::CountsOneAttempt;
    "forgets dedup", "a message id does not keep a message from being stored twice", "E5", publishing::ForgetsDedup;
    "stores the same payload once", "a message with the payload of another one is taken for its duplicate", "A8", publishing::StoresSamePayloadOnce;
    "hides duplicates", "a receipt never says that it is of a duplicate", "A11", publishing::HidesDuplicates;
    "confirms what nobody stores", "a publish that no stream takes gets a receipt", "A15", publishing::ConfirmsWhatNobodyStores;
    "calls refusals unknown", "a message that breaks a rule fails as if it might be stored", "A26", publishing::CallsRefusalsUnknown;
    "remembers missing streams", "a subject that no stream took once is never stored", "A23", publishing::RemembersMissingStreams::default();
    "ignores max deliver", "a message comes more often than `max_deliver` allows", "C2", consumers::IgnoresMaxDeliver;
    "takes zero deliveries", "a `max_deliver` of zero is taken for no bound", "C3", consumers::TakesZeroDeliveries;
    "clears exhausted messages", "a message of a work queue is gone after its last attempt", "C13", consumers::ClearsExhausted::default();
    "ignores filters", "a consumer gets what its filters do not match", "D6", consumers::IgnoresFilters;
    "star matches the rest", "`*` matches more than one token", "A19", consumers::StarMatchesTheRest;
    "ignores the start", "every consumer starts with the first message", "D9", consumers::IgnoresTheStart;
    "starts one too late", "a consumer that starts with a sequence misses that one", "D10", consumers::StartsOneTooLate;
    "ignores max ack pending", "more messages are unsettled than `max_ack_pending` allows", "F5", consumers::IgnoresMaxAckPending;
    "waits too long", "an unsettled message comes again after a thousand ack waits", "B6", consumers::WaitsTooLong;
    "takes what there is", "a consumer of the same name with other filters is returned as if it were the one", "D5", consumers::TakesWhatThereIs;
    "starts over when changed", "a consumer that is made again with another configuration starts over", "D12", consumers::StartsOverWhenChanged;
    "makes missing streams", "a consumer of a stream that is missing makes the stream", "D20", consumers::MakesMissingStreams;
    "starts over when opened", "each handle on a consumer makes it start over", "D1", consumers::StartsOverWhenOpened;
    "deletes its consumers", "a close deletes the durable consumers that were used", "D2", consumers::DeletesItsConsumers::default();
    "counts nothing pending", "a consumer's info says that nothing is to come", "J3", consumers::CountsNothingPending;
    "keeps interest for ever", "under interest retention a message stays when all have settled it", "E2", streams::KeepsInterestForEver;
    "keeps work for ever", "in a work queue a message stays when it is acked", "E3", streams::KeepsWorkForEver;
    "ignores limits", "a stream holds more than its limits allow", "E1", streams::IgnoresLimits;
    "always discards old", "a full stream that is to refuse drops its oldest message instead", "E1", streams::AlwaysDiscardsOld;
    "creates anew", "a stream that is made again with another configuration loses its messages", "J1", streams::CreatesAnew;
    "ignores updates", "a changed configuration of a stream says `Ok`, and is not applied", "D21", streams::IgnoresUpdates;
    "lists all but the last", "a list of streams lacks the last one", "J2", streams::ListsAllButTheLast;
}
