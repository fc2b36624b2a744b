//! `pubsub publish`.

use std::time::{Duration, Instant};

use pubsub::{Capability, MessageSelector, Provision, StoredMessage, StreamConfig, StreamName};

use crate::support::{pubsub, pubsub_reading, stream, with_client};

fn stored(stream: &str, sequence: u64) -> StoredMessage {
    with_client(async |client| {
        let stream = StreamName::new(stream)?;
        client.admin()?.get_message(&stream, MessageSelector::Sequence(sequence)).await
    })
}

#[test]
fn a_message_is_published_with_headers_and_an_id_and_its_receipt_printed() {
    stream("ONE", "one.>", &[]);
    let publish =
        ["publish", "one.a", r#"{"ride":7}"#, "-H", "tenant: acme", "-H", "tenant:b", "--id", "r-7"];
    assert_eq!(pubsub(&publish).done(), "ONE 1\n");
    assert_eq!(pubsub(&publish).done(), "ONE 1 duplicate\n");
    let message = stored("ONE", 1);
    assert_eq!(message.payload, r#"{"ride":7}"#);
    assert_eq!(message.headers.get_all("tenant").collect::<Vec<_>>(), ["acme", "b"]);
    assert_eq!(message.headers.get("Nats-Msg-Id"), Some("r-7"));

    let receipt = pubsub(&["publish", "one.a", "x", "--json"]).json_lines().remove(0);
    assert_eq!(receipt, serde_json::json!({"stream": "ONE", "sequence": 2, "duplicate": false}));
}

#[test]
fn each_line_of_standard_input_is_a_message() {
    stream("LINES", "lines.>", &[]);
    let ran = pubsub_reading(&["publish", "lines.a", "--id", "import"], b"one\r\n\ntwo\nthree").ended(0);
    assert_eq!(ran.out, "LINES 1\nLINES 2\nLINES 3\n");
    assert!(ran.err.contains("3 messages confirmed, 0 of them duplicates"), "{ran:?}");
    assert_eq!(stored("LINES", 2).payload, "two");
    assert_eq!(stored("LINES", 3).headers.get("Nats-Msg-Id"), Some("import-4"), "by its line");

    let again = pubsub_reading(&["publish", "lines.a", "--id", "import", "--json"], b"one\n").json_lines();
    assert_eq!(again, [serde_json::json!({"line": 1, "stream": "LINES", "sequence": 1, "duplicate": true})]);
}

#[test]
fn a_file_is_one_message_or_one_for_each_line() {
    stream("FILES", "files.>", &[]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rides");
    std::fs::write(&file, "a\nb\n").unwrap();
    let file = file.to_str().unwrap();
    assert_eq!(pubsub(&["publish", "files.a", "--file", file]).done(), "FILES 1\n");
    assert_eq!(stored("FILES", 1).payload, "a\nb\n");
    assert_eq!(pubsub(&["publish", "files.a", "--file", file, "--lines", "--quiet"]).done(), "");
    assert_eq!((stored("FILES", 2).payload, stored("FILES", 3).payload), ("a".into(), "b".into()));

    let missing = pubsub(&["publish", "files.a", "--file", "/nowhere/rides"]).ended(1);
    assert!(missing.err.contains("/nowhere/rides"), "{missing:?}");
}

#[test]
fn many_lines_are_all_published_in_their_order() {
    stream("MANY", "many.>", &[]);
    let lines: Vec<String> = (1..=2_000).map(|number| format!("{{\"n\":{number}}}")).collect();
    let receipts = pubsub_reading(&["publish", "many.a", "--json"], lines.join("\n").as_bytes()).json_lines();
    let sequences: Vec<_> = receipts.iter().map(|receipt| receipt["sequence"].as_u64().unwrap()).collect();
    assert_eq!(sequences, (1..=2_000).collect::<Vec<_>>());
    assert_eq!(stored("MANY", 1_999).payload, lines[1_998]);
}

#[test]
fn a_line_that_is_refused_ends_it_and_is_named() {
    stream("STOPS", "stops.>", &[]);
    let mut input = b"small\n".to_vec();
    input.extend(std::iter::repeat_n(b'x', 1_100_000));
    input.extend(b"\nnever\n");
    let ran = pubsub_reading(&["publish", "stops.a"], &input).ended(1);
    assert_eq!(ran.out, "STOPS 1\n");
    assert!(ran.err.contains("line: 2") && ran.err.contains("stopped: 1 message confirmed"), "{ran:?}");
    assert_eq!(pubsub(&["streams", "info", "STOPS", "--json"]).json()["messages"], 1);
}

#[test]
fn what_no_stream_stores_is_refused() {
    let ran = pubsub(&["publish", "nobody.stores.this", "x"]).ended(1);
    assert!(ran.err.contains("nobody.stores.this"), "{ran:?}");
    let usage = pubsub(&["publish", "a..b", "x"]).ended(2);
    assert!(usage.err.contains("a..b"), "{usage:?}");
}

#[test]
fn a_rate_takes_its_time() {
    stream("RATED", "rated.>", &[]);
    let began = Instant::now();
    pubsub_reading(&["publish", "rated.a", "--rate", "20"], b"1\n2\n3\n4\n5\n").done();
    assert!(began.elapsed() >= Duration::from_millis(200), "{:?}", began.elapsed());
}

#[test]
fn a_delayed_message_is_a_plan_until_it_is_due() {
    let is_there = with_client(async |client| {
        let is_there = client.capabilities().has(Capability::Schedules);
        if is_there {
            let config =
                StreamConfig::new("REMIND", ["remind.due.*", "remind.plan.*"])?.with_allow_schedules();
            client.ensure_stream(config, Provision::CreateIfMissing).await?;
        }
        Ok(is_there)
    });
    if !is_there {
        return;
    }
    let publish =
        ["publish", "remind.due.anna", "call", "--delay", "1h", "--plans", "remind.plan", "--key", "anna"];
    pubsub(&publish).done();
    let subjects = with_client(async |client| {
        let (stream, all) = (StreamName::new("REMIND")?, pubsub::SubjectFilter::all());
        client.admin()?.stream_subjects(&stream, all).await
    });
    assert_eq!(subjects, [("remind.plan.anna".to_owned(), 1)]);
    pubsub(&["publish", "remind.due.anna", "call", "--delay", "1h"]).ended(2);
}
