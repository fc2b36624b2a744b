use std::time::Duration;

use super::*;
use crate::config::Limit;
use crate::subject::{SubjectFilter, SubjectTransform};
use crate::{Error, ErrorKind};

fn rides() -> StreamConfig {
    StreamConfig::new("RIDE", ["ride.>"]).unwrap()
}

#[track_caller]
fn refused(config: &StreamConfig, field: &str, code: Option<u16>) -> Error {
    let error = config.validate().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    assert_eq!(error.context("field"), Some(field), "{error}");
    assert_eq!(error.context("stream"), Some("RIDE"), "{error}");
    assert_eq!(error.broker_code(), code, "{error}");
    assert!(error.remedy().is_some(), "{error}");
    error
}

#[test]
fn the_defaults_are_valid() {
    rides().validate().unwrap();
}

#[test]
fn values_that_are_already_checked_are_taken_too() {
    let name = crate::StreamName::new("RIDE").unwrap();
    let config = StreamConfig::new(name, vec![SubjectFilter::new("ride.>").unwrap()]).unwrap();
    assert_eq!(config, rides());
}

#[test]
fn an_illegal_name_or_subject_is_refused_at_once() {
    assert_eq!(StreamConfig::new("a.b", ["x"]).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(StreamConfig::new("A", ["x..y"]).unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[test]
fn a_stream_without_subjects_is_refused() {
    let config = StreamConfig::new("RIDE", [] as [&str; 0]).unwrap();
    refused(&config, "subjects", None);
}

#[test]
fn overlapping_subjects_are_refused_and_both_named() {
    let config = StreamConfig::new("RIDE", ["a.b", "ride.>", "ride.*.x"]).unwrap();
    let error = refused(&config, "subjects", Some(10052)).to_string();
    assert!(error.contains("`ride.>` and `ride.*.x`"), "{error}");
}

#[test]
fn the_brokers_own_subjects_are_refused() {
    for subject in [
        ">",
        "*.>",
        "*.created",
        "$JS.>",
        "$JS.API.>",
        "$JS.ACK.>",
        "$SYS.>",
        "$SYS.REQ.>",
        "$JSC.x",
        "$NRG.x",
    ] {
        let config = StreamConfig::new("RIDE", [subject]).unwrap();
        let error = refused(&config, "subjects", Some(10052));
        assert_eq!(error.context("subject"), Some(subject));
    }
}

#[test]
fn advisories_can_be_stored() {
    for subject in
        ["$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.>", "$JS.EVENT.>", "$SYS.ACCOUNT.>", "$KV.x.>", "*"]
    {
        StreamConfig::new("RIDE", [subject]).unwrap().validate().unwrap();
    }
}

#[test]
fn replicas_are_one_to_five() {
    refused(&rides().with_replicas(0), "replicas", Some(10052));
    refused(&rides().with_replicas(6), "replicas", Some(10052));
    rides().with_replicas(5).validate().unwrap();
}

#[test]
fn no_limit_is_zero() {
    refused(&rides().with_max_age(Duration::ZERO), "max_age", None);
    refused(&rides().with_max_bytes(0), "max_bytes", None);
    refused(&rides().with_max_messages(0), "max_messages", None);
    refused(&rides().with_max_messages_per_subject(0), "max_messages_per_subject", None);
    refused(&rides().with_max_message_size(0), "max_message_size", None);
    let error = refused(&rides().with_max_consumers(0), "max_consumers", None);
    assert!(error.remedy().is_some_and(|remedy| remedy.contains("unlimited")));
}

#[test]
fn no_limit_is_more_than_the_broker_can_hold() {
    refused(&rides().with_max_age(Duration::MAX), "max_age", Some(10052));
    refused(&rides().with_max_bytes(u64::MAX), "max_bytes", None);
    refused(&rides().with_max_messages(u64::MAX), "max_messages", None);
    refused(&rides().with_max_message_size(u32::MAX), "max_message_size", None);
}

#[test]
fn every_limit_may_be_unlimited() {
    let config = rides()
        .with_max_age(Limit::Unlimited)
        .with_max_bytes(Limit::Unlimited)
        .with_max_messages(Limit::Unlimited)
        .with_max_messages_per_subject(Limit::Unlimited)
        .with_max_message_size(Limit::Unlimited)
        .with_max_consumers(Limit::Unlimited);
    config.validate().unwrap();
}

#[test]
fn ages_and_windows_below_100_ms_are_refused() {
    refused(&rides().with_max_age(Duration::from_millis(99)), "max_age", Some(10052));
    refused(&rides().with_duplicate_window(Duration::from_millis(99)), "duplicate_window", Some(10052));
    refused(&rides().with_duplicate_window(Duration::ZERO), "duplicate_window", Some(10052));
}

#[test]
fn the_duplicate_window_is_at_most_the_age() {
    let second = Duration::from_secs(1);
    let config = rides().with_max_age(second).with_duplicate_window(second);
    config.validate().unwrap();
    let config = config.with_duplicate_window(second * 2);
    let error = refused(&config, "duplicate_window", Some(10052)).to_string();
    assert!(error.contains("2s") && error.contains("1s"), "{error}");
}

#[test]
fn the_effective_window_is_the_shorter_of_two_minutes_and_the_age() {
    assert_eq!(rides().effective_duplicate_window(), Duration::from_secs(120));
    let minute = Duration::from_secs(60);
    assert_eq!(rides().with_max_age(minute).effective_duplicate_window(), minute);
    assert_eq!(rides().with_max_age(Limit::Unlimited).effective_duplicate_window(), Duration::from_secs(120));
    assert_eq!(rides().with_duplicate_window(minute).effective_duplicate_window(), minute);
}

#[test]
fn a_long_description_is_refused() {
    refused(&rides().with_description("x".repeat(4097)), "description", Some(10052));
    rides().with_description("x".repeat(4096)).validate().unwrap();
}

#[test]
fn every_field_round_trips() {
    let config = StreamConfig::new("RIDE", ["ride.>", "match.*"])
        .unwrap()
        .with_description("rides")
        .with_retention(Retention::WorkQueue)
        .with_storage(Storage::Memory)
        .with_replicas(3)
        .with_max_age(Duration::from_secs(7 * 86_400))
        .with_max_bytes(1 << 30)
        .with_max_messages(Limit::Unlimited)
        .with_max_messages_per_subject(5)
        .with_max_message_size(64_000)
        .with_max_consumers(9)
        .with_discard(Discard::New)
        .with_duplicate_window(Duration::from_secs(300));
    let json = serde_json::to_value(&config).unwrap();
    let expected = serde_json::json!({
        "name": "RIDE", "subjects": ["ride.>", "match.*"], "description": "rides", "retention": "work_queue",
        "storage": "memory", "replicas": 3, "max_age": "7d", "max_bytes": "1GiB", "max_messages": "unlimited",
        "max_messages_per_subject": 5, "max_message_size": "64KB", "max_consumers": 9, "discard": "new",
        "duplicate_window": "5m",
    });
    assert_eq!(json, expected);
    assert_eq!(serde_json::from_value::<StreamConfig>(json).unwrap(), config);
}

#[test]
fn the_written_form_needs_no_null() {
    let json = serde_json::to_string(&rides()).unwrap();
    assert!(!json.contains("null"), "{json}");
    assert_eq!(serde_json::from_str::<StreamConfig>(&json).unwrap(), rides());
}

#[test]
fn only_name_and_subjects_are_required() {
    let read: StreamConfig = serde_json::from_str(r#"{"name": "RIDE", "subjects": ["ride.>"]}"#).unwrap();
    assert_eq!(read, rides());
    assert!(serde_json::from_str::<StreamConfig>(r#"{"name": "RIDE"}"#).is_err());
}

#[test]
fn an_unknown_key_is_refused() {
    let json = r#"{"name": "RIDE", "subjects": ["ride.>"], "max_msgs": 5}"#;
    let error = serde_json::from_str::<StreamConfig>(json).unwrap_err().to_string();
    assert!(error.contains("unknown field `max_msgs`") && error.contains("`max_messages`"), "{error}");
}

#[test]
fn an_illegal_subject_is_refused_by_serde_too() {
    assert!(serde_json::from_str::<StreamConfig>(r#"{"name": "RIDE", "subjects": ["a..b"]}"#).is_err());
    assert!(serde_json::from_str::<StreamConfig>(r#"{"name": "a.b", "subjects": ["a"]}"#).is_err());
}

#[test]
fn equal_meaning_is_no_difference() {
    let one = StreamConfig::new("RIDE", ["a", "b"]).unwrap();
    let mut other = StreamConfig::new("RIDE", ["b", "a"]).unwrap();
    other.duplicate_window = Some(Duration::from_secs(120));
    other.description = Some(String::new());
    assert_eq!(one.differences(&other), []);
}

#[test]
fn each_differing_field_is_told_with_both_values() {
    let wanted = StreamConfig::new("RIDE", ["match.*", "ride.>"])
        .unwrap()
        .with_description("rides")
        .with_retention(Retention::WorkQueue)
        .with_storage(Storage::Memory)
        .with_replicas(3)
        .with_max_age(Duration::from_secs(3600))
        .with_max_bytes(8 << 20)
        .with_max_messages(Limit::Unlimited)
        .with_max_messages_per_subject(5)
        .with_max_message_size(64_000)
        .with_max_consumers(9)
        .with_discard(Discard::New)
        .with_duplicate_window(Duration::from_secs(300));
    let told: Vec<String> = wanted.differences(&rides()).iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "subjects: [ride.>] -> [match.*, ride.>]",
            "description: none -> \"rides\"",
            "retention: limits -> work_queue",
            "storage: file -> memory",
            "replicas: 1 -> 3",
            "max_age: 24h -> 1h",
            "max_bytes: 100MB -> 8MiB",
            "max_messages: 1000000 -> unlimited",
            "max_messages_per_subject: unlimited -> 5",
            "max_message_size: unlimited -> 64KB",
            "max_consumers: unlimited -> 9",
            "discard: old -> new",
            "duplicate_window: 2m -> 5m",
        ]
    );
    // A field that is added to the configuration must be added to the comparison: the name is the one not compared.
    let fields = serde_json::to_value(&wanted).unwrap().as_object().unwrap().len();
    assert_eq!(told.len() + 1, fields);
}

#[test]
fn the_error_of_a_difference_names_stream_and_code() {
    let wanted = rides().with_max_messages(5);
    let error = wanted.differs(&wanted.differences(&rides()));
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert_eq!(error.broker_code(), Some(10058));
    assert_eq!(error.context("stream"), Some("RIDE"));
}

#[test]
fn what_exists_as_asked_for_is_accepted_and_anything_else_listed() {
    let existing = rides();
    rides().must_equal(&existing).unwrap();
    let error = rides().with_replicas(3).must_equal(&existing).unwrap_err();
    assert_eq!((error.kind(), error.broker_code()), (ErrorKind::AlreadyExists, Some(10058)));
    assert!(error.message().contains("replicas: 1 -> 3"), "{error}");
}

#[test]
fn a_stream_takes_what_any_of_its_subjects_matches() {
    let config = StreamConfig::new("RIDE", ["ride.*", "match.>"]).unwrap();
    assert!(config.takes("ride.pickup") && config.takes("match.a.b"));
    assert!(!config.takes("ride.pickup.eu"));
}

#[test]
fn schedules_and_discard_new_exclude_each_other() {
    refused(&rides().with_allow_schedules().with_discard(Discard::New), "allow_schedules", Some(10052));
    rides().with_allow_schedules().validate().unwrap();
}

#[test]
fn long_notes_are_refused() {
    refused(&rides().with_metadata("key", "x".repeat(128 * 1024 - 2)), "metadata", Some(10052));
    rides().with_metadata("key", "x".repeat(128 * 1024 - 3)).validate().unwrap();
}

#[test]
fn a_transform_must_fit() {
    let transform = |destination: &str| SubjectTransform::new("ride.*", destination).unwrap();
    refused(&rides().with_subject_transform(transform("r.$2")), "subject_transform", Some(10156));
    rides().with_subject_transform(transform("r.$1")).validate().unwrap();
}

#[test]
fn what_is_republished_must_not_come_back() {
    for (source, destination) in [
        ("ride.>", "ride.again.>"),
        ("ride.*", "ride.$1"),
        ("ride.*", "$1.x"),
        ("ride.*", "{{split(1,-)}}"),
        (">", ">"),
        ("ride.*", "again.$2"),
    ] {
        let republish = Republish::new(source, destination).unwrap();
        refused(&rides().with_republish(republish), "republish", Some(10052));
    }
    for (source, destination) in
        [("ride.>", "again.>"), ("ride.*", "again.{{split(1,-)}}"), ("other", "again")]
    {
        rides().with_republish(Republish::new(source, destination).unwrap()).validate().unwrap();
    }
}

#[test]
fn what_was_allowed_once_stays_allowed() {
    for (allowed, field) in [
        (rides().with_allow_message_ttl(), "allow_message_ttl"),
        (rides().with_allow_schedules(), "allow_schedules"),
    ] {
        let difference = |wanted: &StreamConfig, existing: &StreamConfig| {
            wanted.differences(existing).into_iter().find(|difference| difference.field == field).unwrap()
        };
        assert!(!difference(&rides(), &allowed).can_be_updated());
        assert!(difference(&allowed, &rides()).can_be_updated());
    }
}
