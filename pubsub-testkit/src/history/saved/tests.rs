//! What is written can be read again.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::time::Duration;

use pubsub_core::{
    ErrorKind, Expectations, FetchOptions, Headers, OutboundMessage, Purge, Rollup, Schedule, SettlementKind,
    StreamConfig, StreamName, TimeToLive,
};

use super::{CaseHistory, judge_history};
use crate::harness::{Clock, StoreFault};
use crate::history::event::{ConsumerKey, Event, Published, Received, What};
use crate::judge::Rule;

fn events(whats: Vec<What>) -> Vec<Event> {
    let number = |(order, what)| Event { order, at: Duration::new(1, 7), what };
    whats.into_iter().enumerate().map(number).collect()
}

fn written_and_read(events: &[Event]) -> Vec<Event> {
    let history = CaseHistory::new("a1_case", "some", None, &[Rule::HasTraffic], events.to_vec());
    let saved: super::Saved = serde_json::from_str(&history.to_json()).expect("it can be read");
    saved.events
}

fn stream() -> StreamName {
    StreamName::new("stream").expect("a legal name")
}

fn key() -> ConsumerKey {
    ConsumerKey { stream: stream(), consumer: "reader".try_into().expect("a legal name") }
}

fn message() -> pubsub_core::Result<OutboundMessage> {
    let expectations = Expectations::none().with_stream("stream")?.with_last_sequence(3);
    let expectations = expectations.with_last_subject_sequence(0).with_last_subject_filter("a.>")?;
    let schedule = Schedule::every(Duration::from_secs(2), "a.target")?.with_source("a.source")?;
    Ok(OutboundMessage::new("a.b", vec![0xff, 0x00])?
        .with_id("id")?
        .with_header("one", "1")?
        .with_header("one", "2")?
        .with_expectations(expectations.with_last_id("last")?)
        .with_ttl(TimeToLive::Never)
        .with_rollup(Rollup::Subject)
        .with_schedule(schedule.with_ttl(Duration::from_secs(9)).with_time_zone("Europe/Berlin")))
}

#[test]
fn every_part_of_a_message_survives() {
    let message = message().expect("a legal message");
    let due_in = Some(Duration::from_nanos(5));
    let told = What::PublishCalled {
        publish: 1,
        publisher: 2,
        message: Box::new(message.clone()),
        due_in,
        may_retry: true,
    };
    match written_and_read(&events(vec![told])).pop().map(|event| event.what) {
        Some(What::PublishCalled { publish: 1, publisher: 2, message: read, due_in: read_due, .. }) => {
            assert_eq!(*read, message);
            assert_eq!(read_due, due_in);
        }
        other => panic!("read as {other:?}"),
    }
}

#[test]
fn every_other_event_survives() {
    let mut headers = Headers::new();
    headers.append_received("Nats-Msg-Id", "id").expect("a legal header");
    let config = StreamConfig::new("stream", ["a.>"]).expect("a legal configuration");
    let purge = Purge::keep(3).with_filter("a.*").expect("a legal filter");
    let received = Received {
        subject: "a.b".to_owned(),
        payload: "text".into(),
        headers,
        stream_sequence: 4,
        attempt: 2,
    };
    let stored = Published::Stored { stream: stream(), sequence: Some(4) };
    let whats = vec![
        What::Modelled { clock: Clock::Virtual },
        What::PublishEnded { publish: 1, outcome: stored },
        What::PublishEnded { publish: 2, outcome: Published::Unknown { kind: ErrorKind::Timeout } },
        What::StreamCreated { config: Box::new(config) },
        What::ConsumerPaused { key: key(), pause: Duration::from_millis(3) },
        What::Purged { call: 1, stream: stream(), purge: Box::new(purge), purged: 2 },
        What::Asked { ask: 1, key: key(), connection: 1, options: Some(FetchOptions::up_to(3)) },
        What::Answered { ask: 1, outcome: Ok(1) },
        What::Answered { ask: 1, outcome: Err(ErrorKind::NotFound) },
        What::Delivered { delivery: 1, ask: 1, message: received },
        What::SettleCalled {
            delivery: 1,
            kind: SettlementKind::Nak { delay: Some(Duration::from_millis(1500)) },
            confirmed: true,
        },
        What::SettleEnded { delivery: 1, outcome: Ok(()) },
        What::Faulted { fault: StoreFault::Slow(Duration::from_millis(20)) },
        What::Healed,
        What::Drained { key: key() },
    ];
    let events = events(whats);
    let (before, after) = (format!("{events:?}"), format!("{:?}", written_and_read(&events)));
    assert_eq!(after, before);
}

#[test]
fn a_history_is_judged_as_it_was_without_what_is_excused() {
    let history = CaseHistory::new("a1_case", "some", None, &[], events(vec![What::Healed]));
    let judged = judge_history(&history.to_json()).expect("it can be judged");
    assert_eq!((judged.case.as_str(), judged.broken.as_slice()), ("a1_case", ["has traffic"].as_slice()));
    assert!(judged.report.contains("nothing was stored") && judged.timeline.contains("healed"));

    let excused = CaseHistory::new("a1_case", "some", None, &[Rule::HasTraffic], events(vec![What::Healed]));
    let judged = judge_history(&excused.to_json()).expect("it can be judged");
    assert!(judged.broken.is_empty() && judged.report.is_empty());
}

#[test]
fn what_is_no_history_is_refused() {
    for json in ["", "{}", r#"{"format":1,"case":"a"}"#] {
        let error = judge_history(json).expect_err("it is none");
        assert_eq!(error.kind(), ErrorKind::Codec);
    }
    let newer = CaseHistory::new("a", "some", None, &[], Vec::new()).to_json().replacen("1", "99", 1);
    assert!(judge_history(&newer).expect_err("it is of another kit").to_string().contains("format 99"));
}
