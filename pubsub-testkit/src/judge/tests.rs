//! Each rule finds its violation, and is silent where the history cannot prove one.

use std::time::Duration;

use bytes::Bytes;
use pubsub_core::{
    ConsumerConfig, ConsumerName, Expectations, FetchOptions, Headers, Limit, OutboundMessage, Rollup,
    Schedule, SettlementKind, StreamConfig, StreamName, SubjectTransform,
};

use super::{Rule, judge, report};
use crate::harness::{Clock, StoreFault};
use crate::history::counts::{ConsumerCounts, StreamCounts};
use crate::history::event::{ConsumerKey, Event, Number, Published, Received, What};

const ACK_WAIT: Duration = Duration::from_secs(10);

/// Writes a history by hand: one stream, one consumer, one publisher.
struct Script {
    events: Vec<Event>,
    now: Duration,
    numbers: Number,
}

fn stream() -> StreamName {
    StreamName::new("S").unwrap()
}

fn key() -> ConsumerKey {
    ConsumerKey { stream: stream(), consumer: ConsumerName::new("c").unwrap() }
}

impl Script {
    fn new() -> Self {
        Self::with(|config| config)
    }

    fn with(change: impl FnOnce(ConsumerConfig) -> ConsumerConfig) -> Self {
        let mut script = Self { events: Vec::new(), now: Duration::ZERO, numbers: 0 };
        let stream = StreamConfig::new("S", [">"]).unwrap();
        let stream = stream.with_max_age(Limit::Unlimited).with_max_bytes(Limit::Unlimited);
        script.has_stream(stream.with_max_messages(Limit::Unlimited));
        let config = ConsumerConfig::durable("c").unwrap().with_ack_wait(ACK_WAIT);
        script.add(What::ConsumerCreated { key: key(), config: Box::new(change(config)) });
        script
    }

    fn has_stream(&mut self, config: StreamConfig) {
        self.add(What::StreamCreated { config: Box::new(config) });
    }

    /// Stores a message of the test's own.
    fn store_this(&mut self, message: OutboundMessage, sequence: u64) {
        let publish = self.say(message);
        self.add(What::PublishEnded { publish, outcome: stored(sequence) });
    }

    /// A message that nobody made with `deliver`.
    fn deliver_this(
        &mut self,
        subject: &str,
        headers: &[(&str, &str)],
        payload: &'static str,
        sequence: u64,
    ) {
        let (ask, delivery) = (self.ask(), self.number());
        let mut all = Headers::new();
        for (name, value) in headers {
            all.append_received(name, value).unwrap();
        }
        let (subject, payload) = (subject.to_owned(), Bytes::from_static(payload.as_bytes()));
        let message = Received { subject, payload, headers: all, stream_sequence: sequence, attempt: 1 };
        self.add(What::Delivered { delivery, ask, message });
    }

    fn reset(&mut self, sequence: Option<u64>) {
        let config = Box::new(ConsumerConfig::durable("c").unwrap().with_ack_wait(ACK_WAIT));
        self.add(What::ConsumerReset { key: key(), config, sequence });
    }

    fn add(&mut self, what: What) {
        self.events.push(Event { order: self.events.len(), at: self.now, what });
    }

    fn number(&mut self) -> Number {
        self.numbers += 1;
        self.numbers
    }

    fn pass(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }

    fn call(&mut self, id: Option<&str>) -> Number {
        let mut message = OutboundMessage::new("a", "x").unwrap();
        message.id = id.map(|id| id.try_into().unwrap());
        self.say(message)
    }

    fn say(&mut self, message: OutboundMessage) -> Number {
        self.say_to_retry(message, false)
    }

    fn say_to_retry(&mut self, message: OutboundMessage, may_retry: bool) -> Number {
        let publish = self.number();
        let message = Box::new(message);
        self.add(What::PublishCalled { publish, publisher: 0, message, due_in: None, may_retry });
        publish
    }

    fn publish(&mut self, id: Option<&str>, outcome: Published) {
        let publish = self.call(id);
        self.add(What::PublishAccepted { publish });
        self.add(What::PublishEnded { publish, outcome });
    }

    fn store(&mut self, sequence: u64) {
        self.publish(None, stored(sequence));
    }

    fn ask(&mut self) -> Number {
        let ask = self.number();
        self.add(What::Asked { ask, key: key(), connection: 0, options: Some(FetchOptions::up_to(9)) });
        ask
    }

    fn deliver_to(&mut self, ask: Number, stream_sequence: u64, attempt: u64) -> Number {
        let delivery = self.number();
        let (subject, payload) = ("a".to_owned(), Bytes::from_static(b"x"));
        let message = Received { subject, payload, headers: Headers::new(), stream_sequence, attempt };
        self.add(What::Delivered { delivery, ask, message });
        delivery
    }

    /// A fetch that returns these messages at their first attempt.
    fn fetch(&mut self, sequences: &[u64]) -> Vec<Number> {
        let ask = self.ask();
        self.add(What::Answered { ask, outcome: Ok(sequences.len()) });
        sequences.iter().map(|sequence| self.deliver_to(ask, *sequence, 1)).collect()
    }

    fn see(&mut self, deliveries: u64, ack_pending: u64, pending: u64) {
        let look = self.number();
        self.add(What::LookCalled { look });
        let counts = ConsumerCounts { deliveries, last_delivered: deliveries, ack_pending, pending };
        self.add(What::ConsumerSeen { look, key: key(), counts });
    }

    fn see_stream(&mut self, messages: u64) {
        let look = self.number();
        self.add(What::LookCalled { look });
        let counts = StreamCounts { messages, last_sequence: messages };
        self.add(What::StreamSeen { look, stream: stream(), counts });
    }

    fn deliver(&mut self, sequence: u64, attempt: u64) -> Number {
        let ask = self.ask();
        self.deliver_to(ask, sequence, attempt)
    }

    fn settle(&mut self, delivery: Number, kind: SettlementKind) {
        self.add(What::SettleCalled { delivery, kind, confirmed: false });
        self.add(What::SettleEnded { delivery, outcome: Ok(()) });
    }

    fn ack(&mut self, delivery: Number) {
        self.settle(delivery, SettlementKind::Ack);
    }

    fn nak_after(&mut self, delivery: Number, seconds: u64) {
        self.settle(delivery, SettlementKind::Nak { delay: Some(Duration::from_secs(seconds)) });
    }

    fn broken(&self) -> Vec<Rule> {
        judge(&self.events, &[]).iter().map(|violation| violation.rule).collect()
    }
}

fn stored(sequence: u64) -> Published {
    Published::Stored { stream: stream(), sequence: Some(sequence) }
}

fn duplicate(sequence: u64) -> Published {
    Published::Duplicate { stream: stream(), sequence: Some(sequence) }
}

#[test]
fn a_right_history_has_no_violation() {
    let mut script = Script::new();
    script.store(1);
    script.store(2);
    let ask = script.ask();
    let (one, two) = (script.deliver_to(ask, 1, 1), script.deliver_to(ask, 2, 1));
    script.ack(one);
    script.nak_after(two, 5);
    script.pass(5);
    let again = script.deliver(2, 2);
    script.ack(again);
    script.add(What::Drained { key: key() });
    assert_eq!(script.broken(), []);
}

#[test]
fn without_traffic_nothing_is_proven() {
    assert_eq!(Script::new().broken(), [Rule::HasTraffic, Rule::HasTraffic]);
    assert!(judge(&Script::new().events, &[Rule::HasTraffic]).is_empty());
}

#[test]
fn a_sequence_that_falls_is_found() {
    let mut script = Script::new();
    script.store(2);
    script.store(1);
    script.deliver(1, 1);
    assert_eq!(script.broken(), [Rule::SequencesRise]);
}

#[test]
fn publishes_under_way_together_may_be_stored_in_any_order() {
    let mut script = Script::new();
    let (one, two) = (script.call(None), script.call(None));
    script.add(What::PublishEnded { publish: one, outcome: stored(2) });
    script.add(What::PublishEnded { publish: two, outcome: stored(1) });
    script.deliver(1, 1);
    assert_eq!(script.broken(), []);
}

#[test]
fn an_id_that_is_stored_twice_is_found_within_its_window_only() {
    let mut script = Script::new();
    script.publish(Some("id"), stored(1));
    script.pass(119);
    script.publish(Some("id"), stored(2));
    assert!(script.broken().contains(&Rule::StoredOnce));

    let mut script = Script::new();
    script.publish(Some("id"), stored(1));
    script.pass(121);
    script.publish(Some("id"), stored(2));
    assert!(!script.broken().contains(&Rule::StoredOnce));
}

#[test]
fn a_duplicate_of_nothing_or_after_the_window_is_found() {
    let mut script = Script::new();
    script.publish(Some("id"), duplicate(7));
    assert!(script.broken().contains(&Rule::DuplicateIsKnown));

    let mut script = Script::new();
    script.publish(Some("id"), stored(1));
    script.pass(60);
    script.publish(Some("id"), duplicate(1));
    assert!(!script.broken().contains(&Rule::DuplicateIsKnown));
    script.pass(63);
    script.publish(Some("id"), duplicate(1));
    assert!(script.broken().contains(&Rule::DuplicateIsKnown));
}

#[test]
fn what_nobody_published_is_found() {
    let mut script = Script::new();
    script.store(1);
    script.deliver(1, 1);
    script.deliver(2, 1);
    assert_eq!(script.broken(), [Rule::NothingPhantom]);
}

#[test]
fn a_publish_of_unknown_outcome_may_be_delivered() {
    let mut script = Script::new();
    script.store(1);
    script.publish(None, Published::Unknown { kind: pubsub_core::ErrorKind::Timeout });
    script.deliver(1, 1);
    script.deliver(2, 1);
    assert_eq!(script.broken(), []);
}

#[test]
fn a_subject_outside_the_filters_is_found() {
    let mut script = Script::with(|config| config.with_filter("b").unwrap());
    script.store(1);
    script.deliver(1, 1);
    assert_eq!(script.broken(), [Rule::FiltersHold]);
}

#[test]
fn attempts_that_skip_or_repeat_are_found() {
    for attempts in [[2, 3], [1, 3], [1, 1]] {
        let mut script = Script::new();
        script.store(1);
        for attempt in attempts {
            script.deliver(1, attempt);
            script.pass(11);
        }
        assert_eq!(script.broken(), [Rule::AttemptsCountUp], "{attempts:?}");
    }
}

#[test]
fn a_dropped_fetch_may_take_attempts_with_it() {
    let mut script = Script::new();
    script.store(1);
    let ask = script.ask();
    script.add(What::AskDropped { ask });
    script.pass(10);
    script.deliver(1, 2);
    assert_eq!(script.broken(), []);
}

#[test]
fn an_attempt_over_max_deliver_is_found() {
    let mut script = Script::with(|config| config.with_max_deliver(2));
    script.store(1);
    for attempt in 1..=3 {
        script.deliver(1, attempt);
        script.pass(10);
    }
    assert_eq!(script.broken(), [Rule::MaxDeliver]);
}

#[test]
fn a_redelivery_within_the_ack_wait_is_found() {
    let mut script = Script::new();
    script.store(1);
    script.deliver(1, 1);
    script.pass(9);
    script.deliver(1, 2);
    assert_eq!(script.broken(), [Rule::LeasesExclusive]);
}

#[test]
fn an_extension_prolongs_the_lease() {
    let mut script = Script::new();
    script.store(1);
    let delivery = script.deliver(1, 1);
    script.pass(9);
    script.add(What::ExtendCalled { delivery });
    script.add(What::ExtendEnded { delivery, outcome: Ok(()) });
    script.pass(9);
    script.deliver(1, 2);
    assert_eq!(script.broken(), [Rule::LeasesExclusive]);
}

#[test]
fn a_delay_that_is_not_kept_is_found() {
    let mut script = Script::new();
    script.store(1);
    let delivery = script.deliver(1, 1);
    script.nak_after(delivery, 5);
    script.pass(4);
    script.deliver(1, 2);
    assert_eq!(script.broken(), [Rule::NakDelayKept]);
}

#[test]
fn a_late_nak_promises_nothing() {
    let mut script = Script::new();
    script.store(1);
    let delivery = script.deliver(1, 1);
    script.pass(11);
    script.nak_after(delivery, 60);
    script.deliver(1, 2);
    assert_eq!(script.broken(), []);
}

#[test]
fn a_delivery_after_an_ack_is_found() {
    let mut script = Script::new();
    script.store(1);
    let delivery = script.deliver(1, 1);
    script.ack(delivery);
    script.pass(11);
    script.deliver(1, 2);
    assert_eq!(script.broken(), [Rule::SettledStaysSettled]);
}

#[test]
fn a_redelivery_that_was_on_its_way_when_a_late_ack_came_is_excused() {
    let mut script = Script::new();
    script.store(1);
    let delivery = script.deliver(1, 1);
    script.pass(11);
    let ask = script.ask();
    script.ack(delivery);
    script.deliver_to(ask, 1, 2);
    assert_eq!(script.broken(), []);
}

#[test]
fn a_late_ack_that_nobody_confirmed_can_be_overtaken_by_what_was_due() {
    let mut script = Script::new();
    script.store(1);
    let delivery = script.deliver(1, 1);
    script.pass(11);
    script.ack(delivery);
    script.deliver(1, 2);
    assert_eq!(script.broken(), []);
}

#[test]
fn a_late_ack_that_was_confirmed_holds() {
    let mut script = Script::new();
    script.store(1);
    let delivery = script.deliver(1, 1);
    script.pass(11);
    script.add(What::SettleCalled { delivery, kind: SettlementKind::Ack, confirmed: true });
    script.add(What::SettleEnded { delivery, outcome: Ok(()) });
    script.deliver(1, 2);
    assert_eq!(script.broken(), [Rule::SettledStaysSettled]);
}

#[test]
fn a_nak_of_an_earlier_delivery_brings_a_message_again_too() {
    let mut script = Script::new();
    script.store(1);
    let first = script.deliver(1, 1);
    script.pass(10);
    script.deliver(1, 2);
    script.settle(first, SettlementKind::Nak { delay: None });
    script.deliver(1, 3);
    assert_eq!(script.broken(), []);
}

#[test]
fn the_model_judges_what_says_that_it_can_be_followed() {
    let mut script = Script::new();
    script.store(1);
    script.store(2);
    script.fetch(&[2]);
    assert_eq!(script.broken(), []);
    let mut followed = Script::new();
    followed
        .events
        .insert(0, Event { order: 0, at: Duration::ZERO, what: What::Modelled { clock: Clock::Virtual } });
    followed.store(1);
    followed.store(2);
    followed.fetch(&[2]);
    assert_eq!(followed.broken(), [Rule::AsTheModelAllows]);
}

#[test]
fn too_many_unsettled_messages_are_found() {
    let mut script = Script::with(|config| config.with_max_ack_pending(2));
    for sequence in 1..=4 {
        script.store(sequence);
    }
    let one = script.deliver(1, 1);
    script.deliver(2, 1);
    script.ack(one);
    script.deliver(3, 1);
    assert_eq!(script.broken(), []);
    script.deliver(4, 1);
    assert_eq!(script.broken(), [Rule::MaxAckPending]);
}

#[test]
fn a_first_delivery_out_of_order_is_found() {
    let mut script = Script::new();
    script.store(1);
    script.store(2);
    script.deliver(2, 1);
    script.deliver(1, 1);
    assert_eq!(script.broken(), [Rule::FirstDeliveriesInOrder]);
}

#[test]
fn two_fetches_at_a_time_have_no_order_between_them() {
    let mut script = Script::new();
    script.store(1);
    script.store(2);
    let (one, two) = (script.ask(), script.ask());
    script.deliver_to(two, 2, 1);
    script.deliver_to(one, 1, 1);
    assert_eq!(script.broken(), []);
}

#[test]
fn a_message_that_a_drained_consumer_never_had_is_found() {
    let mut script = Script::new();
    script.store(1);
    script.store(2);
    script.deliver(1, 1);
    script.add(What::Drained { key: key() });
    script.store(3);
    assert_eq!(script.broken(), [Rule::NothingLost]);
}

#[test]
fn another_life_of_a_consumer_begins_anew() {
    let mut script = Script::new();
    script.store(1);
    let delivery = script.deliver(1, 1);
    script.ack(delivery);
    script.add(What::ConsumerDeleted { key: key() });
    script.deliver(1, 1);
    assert_eq!(script.broken(), []);
}

fn message() -> OutboundMessage {
    OutboundMessage::new("a", "x").unwrap()
}

#[test]
fn after_a_reset_attempts_begin_anew_and_what_is_before_it_is_not_awaited() {
    let mut script = Script::new();
    script.store(1);
    script.store(2);
    let (one, two) = (script.deliver(1, 1), script.deliver(2, 1));
    script.ack(one);
    script.ack(two);
    script.reset(Some(2));
    let again = script.deliver(2, 1);
    script.ack(again);
    script.add(What::Drained { key: key() });
    assert_eq!(script.broken(), []);

    script.reset(Some(1));
    script.deliver(1, 1);
    script.add(What::Drained { key: key() });
    assert_eq!(script.broken(), [Rule::NothingLost], "2 has not come since");
}

#[test]
fn a_delivery_in_a_pause_is_found() {
    let mut script = Script::new();
    script.store(1);
    script.add(What::ConsumerPaused { key: key(), pause: Duration::from_secs(5) });
    script.pass(4);
    script.deliver(1, 1);
    assert_eq!(script.broken(), [Rule::PausesHold]);

    let mut script = Script::new();
    script.store(1);
    script.add(What::ConsumerPaused { key: key(), pause: Duration::from_secs(5) });
    script.add(What::ResumeCalled { key: key() });
    script.deliver(1, 1);
    assert_eq!(script.broken(), []);
}

#[test]
fn a_backoff_is_the_lease_of_each_attempt() {
    let waits = [Duration::from_secs(1), Duration::from_secs(5)];
    let mut script = Script::with(|config| config.with_max_deliver(Limit::Unlimited).with_backoff(waits));
    script.store(1);
    for (attempt, wait) in [(1, 1), (2, 5), (3, 5)] {
        script.deliver(1, attempt);
        script.pass(wait);
    }
    assert_eq!(script.broken(), []);
    script.deliver(1, 4);
    script.pass(1);
    script.deliver(1, 5);
    assert_eq!(script.broken(), [Rule::LeasesExclusive]);
}

#[test]
fn what_has_expired_is_not_awaited_and_may_not_come() {
    let mut script = Script::new();
    script.store(1);
    script.store_this(message().with_ttl(Duration::from_secs(2)), 2);
    script.deliver(1, 1);
    script.add(What::Drained { key: key() });
    assert_eq!(script.broken(), []);
    script.pass(4);
    script.deliver_this("a", &[("Nats-TTL", "2s")], "x", 2);
    assert_eq!(script.broken(), [Rule::ExpiredStaysAway]);
}

#[test]
fn what_a_rollup_replaces_is_not_awaited() {
    let mut script = Script::new();
    script.store(1);
    script.store_this(message().with_rollup(Rollup::Subject), 2);
    script.deliver_this("a", &[("Nats-Rollup", "sub")], "x", 2);
    script.add(What::Drained { key: key() });
    assert_eq!(script.broken(), []);
}

#[test]
fn what_a_schedule_produces_is_no_phantom_unless_it_is_early() {
    let schedule = || message().with_schedule(Schedule::at(std::time::SystemTime::now(), "b").unwrap());
    for (seconds, broken) in [(5, &[][..]), (4, &[Rule::SchedulesKeepTheirTime][..])] {
        let mut script = Script::new();
        let (publish, message) = (script.number(), Box::new(schedule()));
        let due_in = Some(Duration::from_secs(5));
        script.add(What::PublishCalled { publish, publisher: 0, message, due_in, may_retry: false });
        script.add(What::PublishEnded { publish, outcome: stored(1) });
        script.pass(seconds);
        script.deliver_this("b", &[("Nats-Scheduler", "a")], "x", 2);
        assert_eq!(script.broken(), broken);
    }
}

#[test]
fn a_schedule_that_produces_nothing_is_found() {
    let mut script = Script::new();
    let schedule = Schedule::at(std::time::SystemTime::now(), "b").unwrap();
    let (publish, message) = (script.number(), Box::new(message().with_schedule(schedule)));
    let due_in = Some(Duration::from_secs(5));
    script.add(What::PublishCalled { publish, publisher: 0, message, due_in, may_retry: false });
    script.add(What::PublishEnded { publish, outcome: stored(1) });
    script.store_this(OutboundMessage::new("c", "x").unwrap(), 2);
    script.deliver_this("c", &[], "x", 2);
    script.pass(7);
    script.add(What::Drained { key: key() });
    assert_eq!(script.broken(), [Rule::SchedulesProduce]);
}

#[test]
fn a_message_that_nobody_should_have_stored_is_found() {
    let mut script = Script::new();
    script.store(1);
    script.store_this(message().with_expectations(Expectations::none().with_last_sequence(7)), 2);
    script.store_this(message().with_expectations(Expectations::none().with_last_subject_sequence(1)), 3);
    script.deliver(1, 1);
    assert_eq!(script.broken(), [Rule::ExpectationsHold, Rule::ExpectationsHold]);
}

#[test]
fn a_transform_names_the_subject_that_is_delivered() {
    let mut script = Script::new();
    let transform = SubjectTransform::new("a", "b").unwrap();
    script.has_stream(StreamConfig::new("S", [">"]).unwrap().with_subject_transform(transform));
    script.store(1);
    script.deliver_this("b", &[], "x", 1);
    assert_eq!(script.broken(), []);
    script.store(2);
    script.deliver(2, 1);
    assert_eq!(script.broken(), [Rule::NothingPhantom]);
}

#[test]
fn a_plain_message_that_is_heard_too_often_is_found() {
    let mut script = Script::new();
    let hear = |script: &mut Script, listener| {
        let (subject, payload) = ("a".to_owned(), Bytes::from_static(b"x"));
        script.add(What::Heard { listener, subject, payload, headers: Headers::new() });
    };
    for listener in [7, 8] {
        script.add(What::Listening { listener, group: Some("g".to_owned()) });
    }
    let publish = script.say(message());
    script.add(What::PublishEnded { publish, outcome: Published::Unconfirmed });
    hear(&mut script, 7);
    hear(&mut script, 9);
    assert_eq!(script.broken(), []);
    hear(&mut script, 8);
    assert_eq!(script.broken(), [Rule::HeardAtMostOnce]);
}

#[test]
fn a_violation_is_shown_as_the_slice_of_history_that_proves_it() {
    let mut script = Script::new();
    script.store(1);
    script.store(2);
    script.deliver(2, 1);
    let delivery = script.deliver(1, 1);
    script.ack(delivery);
    let text = report(&judge(&script.events, &[]), &script.events);
    assert!(text.contains("broken rule `first deliveries in order`"), "{text}");
    assert!(text.contains("delivered      S/c sequence 2 attempt 1 `a` (1 bytes)"), "{text}");
    assert!(!text.contains("stored"), "the publishes prove nothing here: {text}");
}

/// Three messages, two of them delivered, one acked for certain.
fn counted() -> Script {
    let mut script = Script::new();
    (1..=3).for_each(|sequence| script.store(sequence));
    let delivery = script.fetch(&[1, 2])[0];
    script.add(What::SettleCalled { delivery, kind: SettlementKind::Ack, confirmed: true });
    script.add(What::SettleEnded { delivery, outcome: Ok(()) });
    script
}

#[test]
fn counters_that_the_history_contradicts_are_found() {
    for (deliveries, ack_pending, pending) in [(1, 1, 1), (3, 1, 1), (2, 0, 1), (2, 2, 1), (2, 1, 2)] {
        let mut script = counted();
        script.see(deliveries, ack_pending, pending);
        assert_eq!(script.broken(), [Rule::CountersAreTrue], "{deliveries} {ack_pending} {pending}");
    }
    for messages in [2, 4] {
        let mut script = counted();
        script.see_stream(messages);
        assert_eq!(script.broken(), [Rule::CountersAreTrue], "{messages}");
    }
}

#[test]
fn true_counters_and_late_ones_are_right() {
    let mut script = counted();
    script.see(2, 1, 1);
    script.see_stream(3);
    // The receipt came before the message was counted.
    script.see(2, 1, 0);
    assert_eq!(script.broken(), []);
}

#[test]
fn an_ack_that_is_not_confirmed_may_count_or_not() {
    for ack_pending in [0, 1] {
        let mut script = Script::new();
        script.store(1);
        let delivery = script.fetch(&[1])[0];
        script.ack(delivery);
        script.see(1, ack_pending, 0);
        assert_eq!(script.broken(), []);
    }
}

#[test]
fn what_a_subscription_has_prefetched_may_be_counted() {
    let mut script = Script::new();
    (1..=3).for_each(|sequence| script.store(sequence));
    let ask = script.number();
    script.add(What::Asked { ask, key: key(), connection: 0, options: None });
    script.deliver_to(ask, 1, 1);
    script.see(3, 3, 0);
    assert_eq!(script.broken(), []);
}

#[test]
fn a_publish_that_is_tried_again_may_be_a_duplicate_of_itself() {
    for (may_retry, broken) in [(true, &[][..]), (false, &[Rule::DuplicateIsKnown][..])] {
        let mut script = Script::new();
        let mut message = OutboundMessage::new("a", "x").unwrap();
        message.id = Some("id".try_into().unwrap());
        let publish = script.say_to_retry(message, may_retry);
        script.add(What::PublishAccepted { publish });
        script.add(What::PublishEnded { publish, outcome: duplicate(1) });
        assert_eq!(
            judge(&script.events, &[Rule::HasTraffic]).iter().map(|found| found.rule).collect::<Vec<_>>(),
            broken
        );
    }
}

#[test]
fn a_publish_under_way_may_be_counted() {
    let mut script = Script::new();
    script.store(1);
    script.fetch(&[1]);
    let look = script.number();
    script.add(What::LookCalled { look });
    let publish = script.call(None);
    let counts = StreamCounts { messages: 2, last_sequence: 2 };
    script.add(What::StreamSeen { look, stream: stream(), counts });
    script.add(What::PublishEnded { publish, outcome: stored(2) });
    assert_eq!(script.broken(), []);
}

/// A message that is acked, and comes again as this attempt after something has happened to the store.
fn again_after(fault: StoreFault, confirmed: bool, attempt: u64) -> Vec<Rule> {
    let mut script = Script::new();
    script.store(1);
    let delivery = script.deliver(1, 1);
    script.add(What::SettleCalled { delivery, kind: SettlementKind::Ack, confirmed });
    script.add(What::SettleEnded { delivery, outcome: Ok(()) });
    script.add(What::Faulted { fault });
    script.add(What::Healed);
    script.pass(10);
    script.deliver(1, attempt);
    script.broken()
}

#[test]
fn a_crash_may_forget_settlements_and_attempts() {
    assert_eq!(again_after(StoreFault::Crash, true, 1), []);
    assert_eq!(again_after(StoreFault::LeaderLost, false, 2), []);
}

#[test]
fn what_was_held_ready_over_a_crash_may_come_once_more() {
    let again = |stored_before: bool| {
        let mut script = Script::new();
        if stored_before {
            script.store(1);
        }
        let subscription = script.ask();
        script.add(What::Faulted { fault: StoreFault::Crash });
        script.add(What::Healed);
        if !stored_before {
            script.store(1);
        }
        let delivery = script.deliver_to(subscription, 1, 1);
        script.ack(delivery);
        script.deliver_to(subscription, 1, 1);
        script.broken()
    };
    assert_eq!(again(true), []);
    assert!(again(false).contains(&Rule::SettledStaysSettled));
}

#[test]
fn a_cut_may_lose_an_ack_that_nobody_confirmed() {
    assert_eq!(again_after(StoreFault::Cut, false, 2), []);
    assert_eq!(again_after(StoreFault::Cut, true, 2), [Rule::SettledStaysSettled]);
}

#[test]
fn a_fault_excuses_only_what_it_overlaps() {
    let mut script = Script::new();
    script.store(1);
    script.add(What::Faulted { fault: StoreFault::Cut });
    script.add(What::Healed);
    let delivery = script.deliver(1, 1);
    script.ack(delivery);
    script.pass(10);
    script.deliver(1, 2);
    assert_eq!(script.broken(), [Rule::SettledStaysSettled]);
}

#[test]
fn only_a_publish_that_may_be_tried_again_may_get_an_id() {
    for (may_retry, id, broken) in [
        (true, "made", &[][..]),
        (false, "made", &[Rule::NothingPhantom][..]),
        (true, "a", &[Rule::NothingPhantom][..]),
    ] {
        let mut script = Script::new();
        script.publish(Some("a"), stored(1));
        let publish = script.say_to_retry(message(), may_retry);
        script.add(What::PublishEnded { publish, outcome: stored(2) });
        script.deliver_this("a", &[("Nats-Msg-Id", "a")], "x", 1);
        script.deliver_this("a", &[("Nats-Msg-Id", id)], "x", 2);
        assert_eq!(script.broken(), broken, "{may_retry} {id}");
    }
}
