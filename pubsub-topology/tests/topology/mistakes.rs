//! Planted mistakes: each is found, alone and among all others.

use pubsub_topology::{Format, Mistake, Severity, Topology};

/// A topology without a mistake, beside which each is planted.
const SOUND: &str = r#"
    [streams.SOUND]
    subjects = ["sound.>"]
    [streams.SOUND.consumers]
    good = { services = ["good"], filters = ["sound.*"], dead_letters = "LETTERS", max_deliver = 5 }
    [streams.LETTERS]
    subjects = ["letters.>"]
    max_age = "30d"
"#;

/// Where it is planted, what kind it is, and the text that plants it.
const PLANTED: [(Mistake, &str, &str); 27] = [
    (
        Mistake::StreamInvalid,
        "A1",
        r#"
        [streams.A1]
        subjects = ["a1.>"]
        max_age = "1m"
        duplicate_window = "5m"
    "#,
    ),
    (
        Mistake::ConsumerInvalid,
        "A2/c",
        r#"
        [streams.A2]
        subjects = ["a2.>"]
        [streams.A2.consumers]
        c = { services = ["s"], filters = ["a2.x", "a2.*"], max_deliver = "unlimited" }
    "#,
    ),
    (
        Mistake::SubjectsOverlap,
        "A3",
        r#"
        [streams.A3]
        subjects = ["a3.*.done"]
        [streams.A3_TOO]
        subjects = ["a3.x.>"]
    "#,
    ),
    (
        Mistake::WorkQueueShared,
        "A4/one",
        r#"
        [streams.A4]
        subjects = ["a4.>"]
        retention = "work_queue"
        [streams.A4.consumers]
        one = { services = ["one"], filters = ["a4.x"], max_deliver = "unlimited" }
        two = { services = ["two"], filters = ["a4.*"], max_deliver = "unlimited" }
    "#,
    ),
    (
        Mistake::WorkQueueConsumer,
        "A5/late",
        r#"
        [streams.A5]
        subjects = ["a5.>"]
        retention = "work_queue"
        [streams.A5.consumers]
        late = { services = ["s"], deliver = "new", max_deliver = "unlimited" }
    "#,
    ),
    (
        Mistake::FilterMatchesNothing,
        "A6/c",
        r#"
        [streams.A6]
        subjects = ["a6.*.done"]
        [streams.A6.consumers]
        c = { services = ["s"], filters = ["a6.done"], max_deliver = "unlimited" }
    "#,
    ),
    (
        Mistake::SharedByServices,
        "A7/c",
        r#"
        [streams.A7]
        subjects = ["a7.>"]
        [streams.A7.consumers]
        c = { services = ["users", "rides"], max_deliver = "unlimited" }
    "#,
    ),
    (
        Mistake::TooManyConsumers,
        "A8",
        r#"
        [streams.A8]
        subjects = ["a8.>"]
        max_consumers = 1
        [streams.A8.consumers]
        c = { services = ["s"], max_deliver = "unlimited" }
        d = { services = ["s"], max_deliver = "unlimited" }
    "#,
    ),
    (
        Mistake::PrefetchOutlivesAckWait,
        "A9/c",
        r#"
        [streams.A9]
        subjects = ["a9.>"]
        [streams.A9.consumers]
        c = { services = ["s"], prefetch = 200, handling_time = "300ms", ack_wait = "30s", max_deliver = "unlimited" }
    "#,
    ),
    (
        Mistake::AckWaitOutlivesStream,
        "B1/c",
        r#"
        [streams.B1]
        subjects = ["b1.>"]
        max_age = "10s"
        [streams.B1.consumers]
        c = { services = ["s"], ack_wait = "30s", max_deliver = "unlimited" }
    "#,
    ),
    (
        Mistake::RetryOutlivesDuplicateWindow,
        "B2",
        r#"
        [streams.B2]
        subjects = ["b2.>"]
        publish_retry = "10m"
    "#,
    ),
    (
        Mistake::RetryOutlivesStream,
        "B3/c",
        r#"
        [streams.B3]
        subjects = ["b3.>"]
        max_age = "1h"
        [streams.B3.consumers]
        c = { services = ["s"], retry_budget = "2h", max_deliver = "unlimited" }
    "#,
    ),
    (
        Mistake::DeadLettersMissing,
        "B4/c",
        r#"
        [streams.B4]
        subjects = ["b4.>"]
        [streams.B4.consumers]
        c = { services = ["s"], dead_letters = "NOWHERE" }
    "#,
    ),
    (
        Mistake::DeadLettersSubject,
        "B5_LETTERS",
        r#"
        [streams.B5]
        subjects = ["b5.>"]
        [streams.B5.consumers]
        c = { services = ["s"], dead_letters = "B5_LETTERS" }
        [streams.B5_LETTERS]
        subjects = ["b5_letters"]
    "#,
    ),
    (
        Mistake::DeadLettersLoop,
        "B6/c",
        r#"
        [streams.B6]
        subjects = ["b6.>"]
        [streams.B6.consumers]
        c = { services = ["s"], dead_letters = "B6" }
    "#,
    ),
    (
        Mistake::DeadLettersDropped,
        "B7_LETTERS",
        r#"
        [streams.B7]
        subjects = ["b7.>"]
        [streams.B7.consumers]
        c = { services = ["s"], dead_letters = "B7_LETTERS" }
        [streams.B7_LETTERS]
        subjects = ["b7_letters.>"]
        retention = "interest"
    "#,
    ),
    (
        Mistake::BackoffWithWorker,
        "B8/c",
        r#"
        [streams.B8]
        subjects = ["b8.>"]
        [streams.B8.consumers]
        c = { services = ["s"], dead_letters = "LETTERS", backoff = ["1s", "5s"] }
    "#,
    ),
    (
        Mistake::PublishedNowhere,
        "services.b9",
        r#"
        [services.b9]
        publishes = ["b9.found"]
    "#,
    ),
    (
        Mistake::NobodyInterested,
        "C1",
        r#"
        [streams.C1]
        subjects = ["c1.read", "c1.unread"]
        retention = "interest"
        [streams.C1.consumers]
        c = { services = ["s"], filters = ["c1.read"], max_deliver = "unlimited" }
    "#,
    ),
    (
        Mistake::Unlimited,
        "C2",
        r#"
        [streams.C2]
        subjects = ["c2.>"]
        max_age = "unlimited"
        max_bytes = "unlimited"
        max_messages = "unlimited"
    "#,
    ),
    (
        Mistake::EvenReplicas,
        "C3",
        r#"
        [streams.C3]
        subjects = ["c3.>"]
        replicas = 2
    "#,
    ),
    (
        Mistake::MessageLargerThanStream,
        "C4",
        r#"
        [streams.C4]
        subjects = ["c4.>"]
        max_bytes = "1MB"
        max_message_size = "2MB"
    "#,
    ),
    (
        Mistake::PrefetchNeverFull,
        "C5/c",
        r#"
        [streams.C5]
        subjects = ["c5.>"]
        [streams.C5.consumers]
        c = { services = ["s"], prefetch = 100, max_ack_pending = 10, max_deliver = "unlimited" }
    "#,
    ),
    (
        Mistake::ExhaustedUnseen,
        "C6/c",
        r#"
        [streams.C6]
        subjects = ["c6.>"]
        [streams.C6.consumers]
        c = { services = ["s"], max_deliver = 3 }
    "#,
    ),
    (
        Mistake::Ephemeral,
        "C7/c",
        r#"
        [streams.C7]
        subjects = ["c7.>"]
        [streams.C7.consumers]
        c = { services = ["s"], durable = false, max_deliver = "unlimited" }
    "#,
    ),
    (
        Mistake::DeadLettersForgotten,
        "C8_LETTERS",
        r#"
        [streams.C8]
        subjects = ["c8.>"]
        [streams.C8.consumers]
        c = { services = ["s"], dead_letters = "C8_LETTERS" }
        [streams.C8_LETTERS]
        subjects = ["c8_letters.>"]
        storage = "memory"
    "#,
    ),
    (
        Mistake::NobodysConsumer,
        "C9/c",
        r#"
        [streams.C9]
        subjects = ["c9.>"]
        [streams.C9.consumers]
        c = { max_deliver = "unlimited" }
    "#,
    ),
];

fn found(text: &str) -> Vec<(Mistake, String)> {
    let topology = Topology::parse(Format::Toml, text).expect("it can be read");
    topology.check().into_iter().map(|finding| (finding.mistake, finding.at)).collect()
}

#[test]
fn a_sound_topology_has_no_finding() {
    assert_eq!(found(SOUND), []);
}

#[test]
fn each_mistake_is_found_alone() {
    for (mistake, at, text) in PLANTED {
        assert_eq!(found(&format!("{SOUND}{text}")), [(mistake, at.to_owned())], "{mistake}");
    }
}

#[test]
fn all_are_found_in_one_file() {
    let text: String = PLANTED.iter().map(|(_, _, text)| *text).collect();
    let mut all = found(&format!("{SOUND}{text}"));
    all.sort();
    let mut planted: Vec<_> = PLANTED.iter().map(|(mistake, at, _)| (*mistake, (*at).to_owned())).collect();
    planted.sort();
    assert_eq!(all, planted);
}

/// A file cannot give one name twice; a program can.
#[test]
fn every_kind_is_planted_or_cannot_be_written() {
    let planted = |mistake: &Mistake| PLANTED.iter().any(|(kind, ..)| kind == mistake);
    let missing: Vec<_> = Mistake::ALL.iter().filter(|mistake| !planted(mistake)).collect();
    assert_eq!(missing, [&Mistake::NameTwice]);
    let sound = Topology::parse(Format::Toml, SOUND).expect("it can be read");
    let twice = sound.clone().with_stream(sound.streams[0].clone());
    assert_eq!(twice.check().first().map(|finding| finding.mistake), Some(Mistake::NameTwice));
}

#[test]
fn dead_letters_that_come_back_through_others_are_found() {
    let text = r#"
        [streams.WORK]
        subjects = ["work.>"]
        [streams.WORK.consumers]
        worker = { dead_letters = "FIRST" }
        [streams.FIRST]
        subjects = ["first.>"]
        [streams.FIRST.consumers]
        again = { dead_letters = "SECOND" }
        elsewhere = { dead_letters = "SECOND", filters = ["first.OTHER.>"] }
        [streams.SECOND]
        subjects = ["second.>"]
        [streams.SECOND.consumers]
        and_again = { dead_letters = "FIRST" }
    "#;
    let topology = Topology::parse(Format::Toml, text).expect("it can be read");
    let loops: Vec<_> = topology
        .check()
        .into_iter()
        .filter(|finding| finding.mistake == Mistake::DeadLettersLoop)
        .map(|finding| (finding.at, finding.message))
        .collect();
    let places: Vec<_> = loops.iter().map(|(at, _)| at.as_str()).collect();
    assert_eq!(places, ["FIRST/again", "SECOND/and_again"], "{loops:?}");
    assert!(loops[0].1.ends_with("FIRST/again -> SECOND/and_again -> FIRST/again"), "{loops:?}");
}

#[test]
fn errors_come_first_and_refuse_the_topology() {
    let text: String = PLANTED.iter().rev().map(|(_, _, text)| *text).collect();
    let topology = Topology::parse(Format::Toml, &format!("{SOUND}{text}")).expect("it can be read");
    let findings = topology.check();
    let errors = findings.iter().filter(|finding| finding.severity() == Severity::Error).count();
    assert_eq!(errors, 18);
    assert!(findings[..errors].iter().all(|finding| finding.severity() == Severity::Error));
    let refused = topology.must_be_sound().expect_err("it has errors");
    assert!(refused.message().contains("18 mistakes"), "{refused}");
    assert!(findings.iter().all(|finding| !finding.remedy.is_empty()));
}

#[test]
fn a_finding_says_where_what_and_what_to_do() {
    let topology =
        Topology::parse(Format::Toml, &format!("{SOUND}{}", PLANTED[5].2)).expect("it can be read");
    let finding = &topology.check()[0];
    let line = "error: A6/c: the filter `a6.done` matches nothing of `a6.*.done` (filter-matches-nothing): correct the \
                filter, move the consumer to the stream of that subject, or add the subject";
    assert_eq!(finding.to_string(), line);
    let json = serde_json::to_value(finding).expect("it is JSON");
    assert_eq!((&json["severity"], &json["mistake"]), (&"error".into(), &"filter-matches-nothing".into()));
}
