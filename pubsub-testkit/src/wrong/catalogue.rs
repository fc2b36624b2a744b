//! All wrong backends, each with the case that is to catch it.

use std::sync::Arc;

use super::{
    WrongBackend, acking, administering, batching, bounding, choosing, closing, consumers, content,
    declaring, dropped, fetching, instructing, losing, moving, plain, publishing, reading, receipts,
    remembering, sequences, settling, sharing, streams, subscribing, telling,
};

/// Declares them as they are read: name, flaw, case, further cases that fail on it too, and what spoils each connection.
macro_rules! wrong_backends {
    ($list:ident: $($name:literal, $flaw:literal, $case:literal $(and $($also:literal)+)?, $tamper:expr;)+) => {
        pub(super) const $list: &[WrongBackend] = &[$(WrongBackend {
            name: $name,
            flaw: $flaw,
            caught_by: $case,
            also: &[$($($also),+)?],
            tamper: || Arc::new($tamper),
        }),+];
    };
}

wrong_backends! {
    ALL:
    "acks on drop", "a delivery that is dropped unsettled is acked, and so lost", "B9" and "B10", settling::AcksOnDrop;
    "delivers again after an ack", "a message comes once more although it was acked", "B1" and "B12" "C7" "F4" "F8" "F10" "K3", settling::DeliversAgainAfterAck;
    "ignores nak delay", "a message that was nakked with a delay comes again at once", "B3" and "C4" "C14" "K2" "M5", settling::IgnoresNakDelay;
    "naks are acks", "a nakked message never comes again", "B2" and "A6" "B11" "B21" "C5" "C9" "C17" "F9" "K4", settling::NaksAreAcks;
    "terms are naks", "a terminated message comes again", "B4" and "M17", settling::TermsAreNaks;
    "extends nothing", "`extend` says `Ok`, and the ack wait ends as before", "B5", settling::ExtendsNothing;
    "confirms blindly", "a confirmed ack of a consumer that is gone says `Ok`", "B13", settling::ConfirmsBlindly;
    "settles after the close", "a settlement after the close says `Ok`, and is not made", "B20", settling::SettlesClosedOnes;
    "settles only the first", "of several that are settled at once the first one is, and all say `Ok`", "B15", settling::SettlesOnlyTheFirst;
    "settles later", "a settlement is made by a task that ends with the caller's runtime", "B18", settling::SettlesLater;
    "overstates", "`term` is declared and refused", "L1", settling::Overstates;
    "understates", "`nak_delay` is not declared, and works all the same", "B3" and "E9", streams::Understates;
    "drops late acks", "an ack after the ack wait says `Ok`, and is not made", "B7", consumers::DropsLateAcks::default();
    "acks all before", "an ack settles everything that was delivered before it", "B19", consumers::AcksAllBefore;
    "acks nothing before", "with acks by position, an ack settles its own message only", "D23", consumers::AcksNothingBefore;
    "loses one in a thousand", "every thousandth message is never delivered", "A9", fetching::LosesOneInAThousand::default();
    "reorders", "the messages of a batch come in another order than they were stored", "F1" and "D19" "F2", fetching::Reorders;
    "waits for a full batch", "a fetch waits until it has as many messages as it may take", "D14", fetching::WaitsForAFullBatch;
    "fails when empty", "a fetch that finds nothing is an error", "D15" and "L4" "L6", fetching::FailsWhenEmpty;
    "loses a cancelled fetch", "what comes to a fetch that was dropped is acked, and so lost", "G4", fetching::LosesACancelledFetch;
    "keeps options", "the options of the first fetch hold for all", "D13", fetching::KeepsOptions::default();
    "gives each member everything", "two handles on one consumer get every message each", "D3", sharing::GivesEachMemberEverything::default();
    "subscription loses one in seven", "every seventh message of a subscription is acked and not handed out", "D16", subscribing::SubscriptionLosesOneInSeven;
    "subscription never ends", "a subscription goes on after the close, and gives nothing", "G1", subscribing::SubscriptionNeverEnds;
    "acks what it prefetches", "what a dropped subscription had prefetched is acked, and so lost", "G5", subscribing::AcksWhatItPrefetches;
    "leaves a task", "each subscription leaves a task that never ends", "D17" and "G12", subscribing::LeavesATask;
    "leaves consumers", "each handle makes a consumer that nobody deletes", "D2", consumers::LeavesConsumers;
    "closes nothing", "`close` says `Ok`, and everything goes on", "G1", streams::ClosesNothing;
    "drops headers", "a message arrives without its headers", "A1" and "I4" "J6", content::DropsHeaders;
    "keeps one value", "of several values of a header the first one arrives", "A5", content::KeepsOneValue;
    "adds a header", "every message gets a header that nobody set", "A20", content::AddsAHeader;
    "takes reserved headers", "a reserved header is taken out instead of refused", "C16", content::TakesReservedHeaders;
    "cuts large payloads", "what is beyond 64 KiB of a payload is lost", "A2", content::CutsLargePayloads;
    "makes text", "bytes of a payload that are not UTF-8 are replaced", "A3", content::MakesText;
    "forgets the time", "a delivery does not tell when its message was stored", "A21" and "H9", content::ForgetsTheTime;
    "lowers subjects", "a subject arrives in lower case", "A24", content::LowersSubjects;
    "counts one attempt", "every delivery says that it is the first", "C1" and "H12", content::CountsOneAttempt;
    "forgets dedup", "a message id does not keep a message from being stored twice", "E5" and "H6" "K6", publishing::ForgetsDedup;
    "stores the same payload once", "a message with the payload of another one is taken for its duplicate", "A8", publishing::StoresSamePayloadOnce;
    "hides duplicates", "a receipt never says that it is of a duplicate", "A11" and "J5" "M10", publishing::HidesDuplicates;
    "confirms what nobody stores", "a publish that no stream takes gets a receipt", "A15" and "A17" "C6" "K8", publishing::ConfirmsWhatNobodyStores;
    "calls refusals unknown", "a message that breaks a rule fails as if it might be stored", "A26", publishing::CallsRefusalsUnknown;
    "remembers missing streams", "a subject that no stream took once is never stored", "A23", publishing::RemembersMissingStreams::default();
    "ignores max deliver", "a message comes more often than `max_deliver` allows", "C2", consumers::IgnoresMaxDeliver;
    "shortens what is too long", "an ack wait that nobody can keep is shortened instead of refused", "C12", consumers::ShortensWhatIsTooLong;
    "takes zero deliveries", "a `max_deliver` of zero is taken for no bound", "C3", consumers::TakesZeroDeliveries;
    "clears exhausted messages", "a message of a work queue is gone after its last attempt", "C13", consumers::ClearsExhausted::default();
    "ignores filters", "a consumer gets what its filters do not match", "D6" and "A7" "A10" "D22", consumers::IgnoresFilters;
    "star matches the rest", "`*` matches more than one token", "A19" and "A18", consumers::StarMatchesTheRest;
    "ignores the start", "every consumer starts with the first message", "D9" and "D8", consumers::IgnoresTheStart;
    "starts one too late", "a consumer that starts with a sequence misses that one", "D10", consumers::StartsOneTooLate;
    "ignores max ack pending", "more messages are unsettled than `max_ack_pending` allows", "F5" and "G10", consumers::IgnoresMaxAckPending;
    "waits too long", "an unsettled message comes again after a thousand ack waits", "B6" and "H5", consumers::WaitsTooLong;
    "takes what there is", "a consumer of the same name with other filters is returned as if it were the one", "D5", consumers::TakesWhatThereIs;
    "starts over when changed", "a consumer that is made again with another configuration starts over", "D12", consumers::StartsOverWhenChanged;
    "makes missing streams", "a consumer of a stream that is missing makes the stream", "D20", consumers::MakesMissingStreams;
    "starts over when opened", "each handle on a consumer makes it start over", "D1", consumers::StartsOverWhenOpened;
    "deletes its consumers", "a close deletes the durable consumers that were used", "D2" and "G6" "K7", consumers::DeletesItsConsumers::default();
    "counts nothing pending", "a consumer's info says that nothing is to come", "J3", consumers::CountsNothingPending;
    "keeps interest for ever", "under interest retention a message stays when all have settled it", "E2", streams::KeepsInterestForEver;
    "keeps work for ever", "in a work queue a message stays when it is acked", "E3", streams::KeepsWorkForEver;
    "ignores limits", "a stream holds more than its limits allow", "E1", streams::IgnoresLimits;
    "always discards old", "a full stream that is to refuse drops its oldest message instead", "E1", streams::AlwaysDiscardsOld;
    "creates anew", "a stream that is made again with another configuration loses its messages", "J1", streams::CreatesAnew;
    "ignores updates", "a changed configuration of a stream says `Ok`, and is not applied", "D21", streams::IgnoresUpdates;
    "lists all but the last", "a list of streams lacks the last one", "J2", streams::ListsAllButTheLast;
    "ignores expectations", "a message is stored although the stream is not as it expects", "M1", instructing::IgnoresExpectations;
    "expects of one subject", "an expectation over a filter is held against the message's own subject", "M2", instructing::ExpectsOfOneSubject;
    "ignores times to live", "a message with a time to live stays", "E7", instructing::IgnoresTimesToLive;
    "rounds times to live", "a time to live of a fraction of a second is rounded instead of refused", "E7", instructing::RoundsTimesToLive;
    "forgets never", "a message that is to live for ever leaves with the stream's age", "E7", instructing::ForgetsNever;
    "ignores rollups", "a message that replaces those before it leaves them there", "M8", instructing::IgnoresRollups;
    "rolls everything up", "a message that replaces those of its subject replaces all", "M8", instructing::RollsEverythingUp;
    "schedules early", "a scheduled message comes ten seconds before its time", "E8", instructing::SchedulesEarly;
    "schedules late", "a scheduled message comes a minute after its time", "E8" and "M15", instructing::SchedulesLate;
    "recurs once", "a schedule with an interval produces once", "M16", instructing::RecursOnce;
    "ignores sources", "what a schedule produces has the schedule's payload instead of its source's", "M16", instructing::IgnoresSources;
    "prolongs the window", "the duplicate window runs from the last publish of an id instead of the first", "E5", remembering::ProlongsTheWindow::default();
    "forgets with the ack", "a message id is forgotten when its message is acked", "E6", remembering::ForgetsWithTheAck::default();
    "stops a batch", "a batch ends at its first message that fails, and the others have no outcome", "A13", batching::StopsABatch;
    "stores half a batch", "an atomic batch that is refused leaves the messages before the refused one", "A14", batching::StoresHalfABatch;
    "numbers from zero", "the receipts' sequences begin with 0", "A11" and "J9" "L2" "L3" "L5", batching::NumbersFromZero;
    "stores twice", "every message is stored twice, and one receipt comes", "A9" and "M19", batching::StoresTwice;
    "cuts at the limit", "a payload over the limit is cut instead of refused", "A26", batching::CutsAtTheLimit;
    "keeps publish options", "the options of the first publish hold for all", "A25", batching::KeepsPublishOptions::default();
    "tells what a purge left", "a purge answers with the number of messages that are left", "E11", administering::TellsWhatAPurgeLeft;
    "purges every subject", "a purge of one subject empties the stream", "E11", administering::PurgesEverySubject;
    "deletes no message", "the deletion of a message says `Ok`, and it stays", "E11" and "C10" "C11", administering::DeletesNoMessage;
    "takes next for exact", "the next message from a sequence on is the one with that sequence or none", "M20", administering::TakesNextForExact;
    "ignores pauses", "a consumer delivers while it says that it is paused", "M6", administering::IgnoresPauses::default();
    "resumes nothing", "a resumed consumer waits for the end of its pause", "M6", administering::ResumesNothing;
    "resets nothing", "a consumer that is reset goes on where it was", "D11", administering::ResetsNothing;
    "resets anywhere", "a reset to a place that is not allowed says `Ok`", "D24", administering::ResetsAnywhere;
    "deleted consumers hold on", "what only a deleted consumer held stays under interest retention", "E4", administering::DeletedConsumersHoldOn;
    "lists every subject", "a filtered list of a stream's subjects has them all", "M12", administering::ListsEverySubject;
    "counts no consumers", "the account says that there are no consumers", "M13", administering::CountsNoConsumers;
    "is always well", "a closed connection says that it is healthy", "J4", administering::IsAlwaysWell;
    "counts all unsettled", "a consumer's info counts every delivery as unsettled", "J3" and "C15", administering::CountsAllUnsettled;
    "is silent about deletions", "a fetch from a consumer that is gone finds nothing instead of failing", "H10", fetching::IsSilentAboutDeletions;
    "ignores subject limits", "a subject holds more messages than its limit allows", "E1", streams::IgnoresSubjectLimits;
    "discards old per subject", "a full subject that is to refuse drops its oldest message instead", "M3", streams::DiscardsOldPerSubject;
    "leaves no markers", "what expires leaves no marker where the stream wants one", "M14", streams::LeavesNoMarkers;
    "renames nothing", "a stream that transforms subjects stores them as they were published", "M9", streams::RenamesNothing;
    "forgets notes", "a stream's metadata is not kept", "M11", streams::ForgetsNotes;
    "delivers once too often", "a message comes once more than `max_deliver` allows", "C2", consumers::DeliversOnceTooOften;
    "ignores backoff", "every attempt has the same ack wait whatever the backoff says", "M4", consumers::IgnoresBackoff;
    "sends payloads", "a consumer of headers alone gets payloads", "M7", consumers::SendsPayloads;
    "replays at once", "a replay at the original pace comes as fast as it can", "E10", consumers::ReplaysAtOnce;
    "publishes later", "what was accepted is not stored when a flush or a close has ended", "G9" and "G7", closing::PublishesLater;
    "keeps what it prefetched", "what a dropped subscription had prefetched comes to others only after its ack wait", "G14", closing::KeepsWhatItPrefetched;
    "hands nothing back", "what was held ready and not begun comes to others only after its ack wait", "G8" and "B17", closing::HandsNothingBack;
    "waits for its readers", "a close waits until every subscription is dropped", "G13", closing::WaitsForItsReaders::default();
    "shares one cursor", "two consumers of a stream share one position", "D4" and "C8" "K1", sharing::SharesOneCursor::default();
    "begins with its first member", "a group misses what was stored before a member came", "D7", sharing::BeginsWithItsFirstMember::default();
    "opens once", "a consumer that was opened again cannot be opened a third time", "G3" and "A22" "F3", sharing::OpensOnce::default();
    "settles on its thread", "a settlement by another thread says `Ok`, and is not made", "B16", sharing::SettlesOnItsThread::default();
    "ends siblings", "a subscription that is dropped ends the others", "G11" and "D18", sharing::EndsSiblings::default();
    "prefetches everything", "a subscription holds all there is, whatever its buffer", "F7" and "F6", sharing::PrefetchesEverything;
    "begins unasked", "a subscription takes messages before anybody asks it for one", "G2", sharing::BeginsUnasked;
    "groups hear twice", "every member of a group hears a plain message", "I3", plain::GroupsHearTwice;
    "says twice", "a plain message is heard twice", "I3", plain::SaysTwice;
    "hides what was lost", "a slow listener is not told that it has lost messages", "M18", plain::HidesWhatWasLost;
    "hides what is missing", "every seventh delivery is lost, and the others are counted as if it had not been", "M25" and "M26", choosing::HidesWhatIsMissing::default();
    "pins nobody", "the members of a pinned group are served in turn", "M27", choosing::PinsNobody;
    "unpins nobody", "who was unpinned stays pinned", "M27", choosing::UnpinsNobody;
    "overflows at once", "who asks for what is left over is served at once", "M28", choosing::OverflowsAtOnce;
    "serves in turn", "who waits is served in turn, whatever the rank", "M29", choosing::ServesInTurn;
    "waits for nobody", "a request that nobody hears ends as one that nobody answers", "I2", plain::WaitsForNobody;
    "answers bare", "an answer to a request arrives without its headers", "I1", plain::AnswersBare;
    "hears one answer", "of the answers to a request to many one arrives", "I5", plain::HearsOneAnswer;
    "forgets acks at the close", "an ack that was made right before a close is not made", "G15", sequences::ForgetsAcksAtTheClose::default();
    "tries again without an id", "a publish that is tried again is stored twice", "A16", sequences::TriesAgainWithoutAnId;
    "gives up after two", "a message that is nakked at its second attempt never comes again", "M21", sequences::GivesUpAfterTwo;
    "settles one at a time", "a settlement while another one is on its way says `Ok`, and is not made", "M22", sequences::SettlesOneAtATime::default();
    "naks end work", "a message of a work queue is gone when it is nakked", "M23", sequences::NaksEndWork::default();
    "remembers one id", "a message id is forgotten when another one is published", "M24", sequences::RemembersOneId::default();
    "lowers header names", "the name of a header arrives in lower case", "A4", content::LowersHeaderNames;
    "loses receipts", "every thousandth receipt never comes", "A12", receipts::LosesReceipts::default();
    "publishes one at a time", "a publish waits for the receipt of the one before", "H7", receipts::PublishesOneAtATime::default();
    "refuses second settlements", "a settlement of a message that is settled already is an error", "B8", settling::RefusesSecondSettlements::default();
    "knows what it cannot know", "a confirmed ack without an answer is called not made", "B14", losing::KnowsWhatItCannotKnow;
    "ends with its connection", "a subscription ends when the connection is lost", "H1", losing::EndsWithItsConnection;
    "stays down", "a publisher that has lost its connection once never publishes again", "H2", losing::StaysDown::default();
    "leaves a member behind", "of three subscriptions two go on after a loss of the connection", "H11", losing::LeavesAMemberBehind::default();
    "mixes up answers", "a request gets the answer to the one before", "I6", plain::MixesUpAnswers::default();
    "shows payloads", "an error shows the payload", "J7", declaring::ShowsPayloads;
    "learns its features", "what it can do is known after the first publish", "J8", declaring::LearnsItsFeatures::default();
    "needs a runtime", "administration cannot be asked for on a thread without a runtime", "G16", declaring::NeedsARuntime;
    "rounds nak delays", "the delay of a nak is made whole seconds", "B3", settling::RoundsNakDelays;
    "rounds ack waits", "an ack wait is made whole seconds", "B6", consumers::RoundsAckWaits;
    "extends once", "a second `extend` of a delivery says `Ok`, and the ack wait ends as before", "B5", acking::ExtendsOnce::default();
    "acks the one before", "an ack settles what was acked before it", "B1", acking::AcksTheOneBefore::default();
    "acks remove the message", "what one consumer has acked is gone for the others", "D4" and "E2", acking::AcksRemoveTheMessage::default();
    "removes what it delivers", "a message is gone when it is delivered, settled or not", "E3" and "B6", acking::RemovesWhatItDelivers::default();
    "forgets reasons", "why a message was terminated is not told", "M17", acking::ForgetsReasons;
    "counts attempts from zero", "the first delivery is attempt 0", "C1", telling::CountsAttemptsFromZero;
    "counts attempts of all", "a message's attempts are counted over all consumers", "D4", telling::CountsAttemptsOfAll::default();
    "numbers by the stream", "a delivery has its sequence in the stream for its number with the consumer", "M30", telling::NumbersByTheStream;
    "counts itself as pending", "a delivery is among the messages that it says are to come", "M30", telling::CountsItselfAsPending;
    "tells when it came", "a delivery tells its own time, and not when its message was stored", "A21", telling::TellsWhenItCame;
    "floors the last delivery", "a consumer's ack floor is the last delivery, whatever is settled", "M30", telling::FloorsTheLastDelivery;
    "counts what was purged", "what was purged is still counted as to come", "E11", telling::CountsWhatWasPurged::default();
    "counts bytes for ever", "what was purged is still counted in bytes", "E11", telling::CountsBytesForEver::default();
    "shows updates of consumers", "a changed configuration of a consumer is shown, and not applied", "D12", telling::ShowsUpdatesOfConsumers::default();
    "gives the neighbour", "for a message that is gone the next one is read", "M31", reading::GivesTheNeighbour;
    "gives the first of a subject", "for the last message of a subject its first is read", "M31", reading::GivesTheFirstOfASubject;
    "reads no headers", "a stored message is read without its headers", "M31", reading::ReadsNoHeaders;
    "gives more than asked", "a fetch takes twice as many messages as it may", "D14", bounding::GivesMoreThanAsked;
    "does not wait", "a fetch that finds nothing is empty at once", "D15" and "D14", bounding::DoesNotWait;
    "stops at what is larger", "a message larger than the bytes of a fetch never comes", "M32", bounding::StopsAtWhatIsLarger;
    "keeps what does not fit", "what is beyond the bytes of a fetch comes only after its ack wait", "M32", bounding::KeepsWhatDoesNotFit;
    "everybody is one group", "of those who listen in no group one hears a plain message", "I3", plain::EverybodyIsOneGroup;
    "ignores stalls", "a request to many goes on when nothing comes any more", "I5", plain::IgnoresStalls;
    "answers who asked last", "an answer goes to whoever asked last", "I6", plain::AnswersWhoAskedLast::default();
    "knows ids of every stream", "a message id of one stream is a duplicate in another", "E5", remembering::KnowsIdsOfEveryStream::default();
    "knows ids by publisher", "a message id is stored once for each publisher", "E5", remembering::KnowsIdsByPublisher::default();
    "remembers deleted streams", "a stream that is made again knows the ids of the one that was deleted", "E11", remembering::RemembersDeletedStreams::default();
    "ignores the window", "the duplicate window is two minutes, whatever is asked for", "E5", streams::IgnoresTheWindow;
    "remembers refused ids", "the id of a message that was refused is a duplicate", "M1", remembering::RemembersRefusedIds::default();
    "gives the receipt before", "a publish gets the receipt of the one before", "A11", receipts::GivesTheReceiptBefore::default();
    "drops empty messages", "a message without a payload is never handed out", "A2", content::DropsEmptyMessages;
    "drops empty headers", "a header without a value is lost", "A4" and "A5", content::DropsEmptyHeaders;
    "schedules bare", "what a schedule produces has no headers", "E8", instructing::SchedulesBare;
    "forgets times of products", "what a schedule produces has no time to live", "M16", instructing::ForgetsTimesOfProducts;
    "expects of the whole stream", "the last sequence of a subject is held against that of the stream", "M1", instructing::ExpectsOfTheWholeStream;
    "batches expect nothing", "an atomic batch is stored although the stream is not as it expects", "A14", instructing::BatchesExpectNothing;
    "loses the last of a batch", "an atomic batch is stored but for its last message", "A14", batching::LosesTheLastOfABatch;
    "turns a batch round", "a batch is published, and answered, from its end", "A13", batching::TurnsABatchRound;
    "resets one too late", "a consumer that is set to a sequence goes on after it", "D11", moving::ResetsOneTooLate;
    "pauses for longer", "a pause is an hour longer than asked for", "M6", moving::PausesForLonger;
    "purges one too many", "a purge up to a sequence removes that one too", "E11", moving::PurgesOneTooMany;
    "keeps one more", "a purge keeps one message more than it is to", "E11", moving::KeepsOneMore;
    "updates anew", "a changed configuration of a stream costs its messages and consumers", "D21", moving::UpdatesAnew;
    "starts over when updated", "a consumer whose configuration is changed starts over", "D12", dropped::ChangesByDeleting;
    "remembers deleted consumers", "a consumer that is made again goes on where the deleted one was", "D18", moving::RemembersDeletedConsumers::default();
    "lists consumers but the last", "a list of consumers lacks the last one", "J2", moving::ListsConsumersButTheLast;
    "keeps unused readers", "a consumer without a durable name stays when nobody uses it", "D8", consumers::KeepsUnusedReaders;
    "last is the last of all", "a consumer that starts with the last of each subject gets the last of all", "D9", consumers::LastIsTheLastOfAll;
    "knows one filter", "of several filters of a consumer the first one counts", "A7" and "D6", consumers::KnowsOneFilter;
    "rest matches nothing too", "`ride.>` matches `ride`", "A19", consumers::RestMatchesNothingToo;
    "forgets notes of consumers", "a consumer's metadata is not kept", "M11", consumers::ForgetsNotesOfConsumers;
    "counts all subjects", "the limit of each subject bounds all of them together", "E1", streams::CountsAllSubjects;
    "admits every consumer", "a stream has more consumers than its limit allows", "E1", streams::AdmitsEveryConsumer;
    "passes nothing on", "a stream that is to pass on what it stores does not", "M10", streams::PassesNothingOn;
    "forgets descriptions", "a stream's description is not kept", "J1", streams::ForgetsDescriptions;
}

wrong_backends! {
    WHEN_DROPPED:
    "loses what it hands over", "what has come to a fetch that is dropped before it takes it is acked", "Consumer::fetch", dropped::LosesWhatItHandsOver;
    "changes by deleting", "a consumer is deleted and made again to change it", "StreamAdmin::update_consumer", dropped::ChangesByDeleting;
    "fails atomic batches", "an atomic batch is never stored", "Publisher::publish_atomic", dropped::FailsAtomicBatches;
}
