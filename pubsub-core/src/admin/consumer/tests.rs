use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::*;
use crate::config::Limit;
use crate::name::StreamName;
use crate::{Error, ErrorKind};

fn users() -> ConsumerConfig {
    ConsumerConfig::durable("users").unwrap()
}

#[track_caller]
fn refused(config: &ConsumerConfig, field: &str, code: Option<u16>) -> Error {
    let error = config.validate().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    assert_eq!(error.context("field"), Some(field), "{error}");
    assert_eq!(error.context("consumer"), config.name.as_ref().map(AsRef::as_ref), "{error}");
    assert_eq!(error.broker_code(), code, "{error}");
    assert!(error.remedy().is_some(), "{error}");
    error
}

#[test]
fn the_defaults_are_valid() {
    users().validate().unwrap();
    ConsumerConfig::ephemeral().validate().unwrap();
    ConsumerConfig::ephemeral().with_name("tail").unwrap().validate().unwrap();
}

#[test]
fn an_illegal_name_or_filter_is_refused_at_once() {
    assert_eq!(ConsumerConfig::durable("a.b").unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(users().with_filter("a..b").unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[test]
fn a_durable_consumer_needs_a_name() {
    let mut config = users();
    config.name = None;
    refused(&config, "name", None);
}

#[test]
fn overlapping_filters_are_refused() {
    let config = users().with_filters(["p.*", "p.1"]).unwrap();
    refused(&config, "filters", Some(10138));
    let config = users().with_filters(["p.1", "p.1"]).unwrap();
    refused(&config, "filters", Some(10138));
    users().with_filters(["p.1", "p.2"]).unwrap().validate().unwrap();
}

#[test]
fn max_deliver_zero_is_refused_and_unlimited_must_be_said() {
    let error = refused(&users().with_max_deliver(0), "max_deliver", None);
    assert!(error.remedy().is_some_and(|remedy| remedy.contains("unlimited")));
    users().with_max_deliver(Limit::Unlimited).validate().unwrap();
}

#[test]
fn max_ack_pending_zero_is_refused() {
    refused(&users().with_max_ack_pending(0), "max_ack_pending", None);
    users().with_max_ack_pending(Limit::Unlimited).validate().unwrap();
}

#[test]
fn ack_wait_is_positive_and_finite() {
    refused(&users().with_ack_wait(Duration::ZERO), "ack_wait", Some(10183));
    refused(&users().with_ack_wait(Duration::MAX), "ack_wait", Some(10183));
}

#[test]
fn an_inactive_threshold_is_positive() {
    refused(&users().with_inactive_threshold(Duration::ZERO), "inactive_threshold", None);
}

#[test]
fn sequences_begin_with_one() {
    refused(&users().with_deliver(DeliverPolicy::FromSequence(0)), "deliver", Some(10094));
    users().with_deliver(DeliverPolicy::FromSequence(1)).validate().unwrap();
}

#[test]
fn a_time_that_cannot_be_written_is_refused() {
    let before = UNIX_EPOCH - Duration::from_secs(1);
    refused(&users().with_deliver(DeliverPolicy::FromTime(before)), "deliver", None);
    users().with_deliver(DeliverPolicy::FromTime(SystemTime::now())).validate().unwrap();
}

#[test]
fn last_per_subject_needs_no_filter() {
    users().with_deliver(DeliverPolicy::LastPerSubject).validate().unwrap();
}

#[test]
fn a_long_description_is_refused() {
    refused(&users().with_description("x".repeat(4097)), "description", Some(10107));
}

#[test]
fn only_an_ephemeral_consumer_goes_by_itself() {
    assert_eq!(users().effective_inactive_threshold(), None);
    assert_eq!(ConsumerConfig::ephemeral().effective_inactive_threshold(), Some(Duration::from_secs(5)));
    let minute = Duration::from_secs(60);
    assert_eq!(users().with_inactive_threshold(minute).effective_inactive_threshold(), Some(minute));
}

fn every_field() -> ConsumerConfig {
    users()
        .with_description("the users service")
        .with_filters(["ride.pickup", "match.accepted"])
        .unwrap()
        .with_deliver(DeliverPolicy::FromSequence(5))
        .with_ack(AckPolicy::All)
        .with_ack_wait(Duration::from_millis(1500))
        .with_max_deliver(Limit::Unlimited)
        .with_max_ack_pending(1)
        .with_inactive_threshold(Duration::from_secs(3600))
}

#[test]
fn every_field_round_trips() {
    let json = serde_json::to_value(every_field()).unwrap();
    let expected = serde_json::json!({
        "name": "users", "durable": true, "description": "the users service",
        "filters": ["ride.pickup", "match.accepted"], "deliver": {"from_sequence": 5}, "ack": "all",
        "ack_wait": "1s 500ms", "max_deliver": "unlimited", "max_ack_pending": 1, "inactive_threshold": "1h",
    });
    assert_eq!(json, expected);
    assert_eq!(serde_json::from_value::<ConsumerConfig>(json).unwrap(), every_field());
}

#[test]
fn every_deliver_policy_round_trips() {
    let time = UNIX_EPOCH + Duration::from_secs(1_787_302_800);
    for (policy, text) in [
        (DeliverPolicy::All, r#""all""#),
        (DeliverPolicy::New, r#""new""#),
        (DeliverPolicy::Last, r#""last""#),
        (DeliverPolicy::LastPerSubject, r#""last_per_subject""#),
        (DeliverPolicy::FromSequence(5), r#"{"from_sequence":5}"#),
        (DeliverPolicy::FromTime(time), r#"{"from_time":"2026-08-21T09:00:00Z"}"#),
    ] {
        assert_eq!(serde_json::to_string(&policy).unwrap(), text);
        assert_eq!(serde_json::from_str::<DeliverPolicy>(text).unwrap(), policy);
    }
}

#[test]
fn a_time_out_of_range_is_a_serde_error_and_no_panic() {
    let policy = DeliverPolicy::FromTime(UNIX_EPOCH - Duration::from_secs(1));
    assert!(serde_json::to_string(&policy).is_err());
    assert!(policy.to_string().starts_with("from_time "));
}

#[test]
fn a_file_needs_only_a_name() {
    assert_eq!(serde_json::from_str::<ConsumerConfig>(r#"{"name": "users"}"#).unwrap(), users());
    let ephemeral = serde_json::from_str::<ConsumerConfig>(r#"{"durable": false}"#).unwrap();
    assert_eq!(ephemeral, ConsumerConfig::ephemeral());
}

#[test]
fn the_written_form_needs_no_null() {
    for config in [users(), ConsumerConfig::ephemeral()] {
        let json = serde_json::to_string(&config).unwrap();
        assert!(!json.contains("null"), "{json}");
        assert_eq!(serde_json::from_str::<ConsumerConfig>(&json).unwrap(), config);
    }
}

#[test]
fn an_unknown_key_is_refused() {
    let json = r#"{"name": "users", "durable_name": "users"}"#;
    let error = serde_json::from_str::<ConsumerConfig>(json).unwrap_err().to_string();
    assert!(error.contains("unknown field `durable_name`"), "{error}");
}

#[test]
fn equal_meaning_is_no_difference() {
    let one = users().with_filters(["a", "b"]).unwrap();
    let other = users().with_filters(["b", "a"]).unwrap().with_description("");
    assert_eq!(one.differences(&other), []);
    assert_eq!(users().differences(&users().with_filter(">").unwrap()), []);

    let implicit = ConsumerConfig::ephemeral();
    let explicit = ConsumerConfig::ephemeral().with_inactive_threshold(Duration::from_secs(5));
    assert_eq!(implicit.differences(&explicit), []);

    let mute = users().with_ack(AckPolicy::None);
    assert_eq!(mute.differences(&mute.clone().with_ack_wait(Duration::from_secs(1))), []);
}

#[test]
fn each_differing_field_is_told_with_both_values() {
    let existing = ConsumerConfig::ephemeral();
    let told: Vec<String> = every_field().differences(&existing).iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "durable: false -> true",
            "description: none -> \"the users service\"",
            "filters: all -> [match.accepted, ride.pickup]",
            "deliver: all -> from_sequence 5",
            "ack: explicit -> all",
            "ack_wait: 30s -> 1s 500ms",
            "max_ack_pending: 1000 -> 1",
            "max_deliver: 3 -> unlimited",
            "inactive_threshold: 5s -> 1h",
        ]
    );
    // A field that is added to the configuration must be added to the comparison: the name is the one not compared.
    let fields = serde_json::to_value(every_field()).unwrap().as_object().unwrap().len();
    assert_eq!(told.len() + 1, fields);
}

#[test]
fn the_error_of_a_difference_names_stream_consumer_and_code() {
    let stream = StreamName::new("RIDE").unwrap();
    let wanted = users().with_max_deliver(5);
    let error = wanted.differs(&stream, &wanted.differences(&users()));
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert_eq!(error.broker_code(), Some(10148));
    assert_eq!(error.context("stream"), Some("RIDE"));
    assert_eq!(error.context("consumer"), Some("users"));
}

#[test]
fn what_exists_as_asked_for_is_accepted_and_anything_else_listed() {
    let stream = StreamName::new("RIDE").unwrap();
    users().must_equal(&stream, &users()).unwrap();
    let error = users().with_max_deliver(9).must_equal(&stream, &users()).unwrap_err();
    assert_eq!((error.kind(), error.broker_code()), (ErrorKind::AlreadyExists, Some(10148)));
    assert!(error.message().contains("max_deliver: 3 -> 9"), "{error}");
}

#[test]
fn a_consumer_sees_what_any_filter_matches_and_without_filters_everything() {
    assert!(users().sees("ride.pickup"));
    let filtered = users().with_filters(["ride.*", "match.>"]).unwrap();
    assert!(filtered.sees("ride.pickup") && filtered.sees("match.a.b"));
    assert!(!filtered.sees("ride.pickup.eu"));
}

#[test]
fn the_last_attempt_is_the_one_that_max_deliver_names() {
    let config = users().with_max_deliver(2);
    assert!(!config.is_last(1) && config.is_last(2) && config.is_last(3));
    assert!(!users().with_max_deliver(Limit::Unlimited).is_last(u64::MAX));
}
