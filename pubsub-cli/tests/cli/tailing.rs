//! `pubsub tail`.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;

use crate::support::{on_server, pubsub, run, stream};

#[test]
fn messages_are_printed_from_the_start_with_headers_and_json_in_lines() {
    stream("TAILED", "tailed.>", &[]);
    pubsub(&["publish", "tailed.a", r#"{"ride":7,"ok":true}"#, "-H", "tenant:acme", "--id", "r-7"]).done();
    let text = pubsub(&["tail", "tailed.>", "--from", "start", "--count", "1"]).done();
    let mut lines = text.lines();
    assert!(lines.next().unwrap().starts_with("tailed.a #1 20"), "{text}");
    assert_eq!(
        lines.collect::<Vec<_>>(),
        ["Nats-Msg-Id: r-7", "tenant: acme", "{", "  \"ride\": 7,", "  \"ok\": true", "}"]
    );
}

#[test]
fn what_is_there_is_printed_for_machines_and_then_it_ends() {
    stream("ENDED", "ended.>", &[("ended.a", "1"), ("ended.b", "2"), ("ended.a", "3")]);
    let tail = |rest: &[&str]| {
        let messages =
            pubsub(&[&["tail", "--stream", "ENDED", "--no-follow", "--json"], rest].concat()).json_lines();
        messages.iter().map(|message| message["payload"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(tail(&["--from", "start"]), ["1", "2", "3"]);
    assert_eq!(tail(&["--from", "2"]), ["2", "3"]);
    assert_eq!(tail(&["--from", "1h", "ended.a"]), ["1", "3"]);
    assert_eq!(tail(&["--from", "last"]), ["3"]);
    assert_eq!(tail(&["--from", "start", "-n", "2"]), ["1", "2"]);
    assert_eq!(tail(&["--from", "start", "ended.nothing"]), Vec::<String>::new());
}

#[test]
fn new_messages_come_as_they_are_stored() {
    stream("LIVE", "live.>", &[("live.a", "old")]);
    let mut child = on_server(&["tail", "live.>", "--json", "--from", "1", "-n", "2"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().contains("\"old\""));
    // It follows: what is stored now is printed, too.
    pubsub(&["publish", "live.a", "new"]).done();
    assert!(lines.next().unwrap().unwrap().contains("\"new\""));
    assert!(lines.next().is_none());
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let messages: Vec<_> = (0..50).map(|_| ("closed.a", "x")).collect();
    stream("CLOSED", "closed.>", &messages);
    let mut child = on_server(&["tail", "closed.>", "--from", "start", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    let mut out = BufReader::with_capacity(16, child.stdout.take().unwrap());
    out.read_line(&mut first).unwrap();
    drop(out);
    // It notices with the next message.
    let mut command = on_server(&["publish", "closed.a", "one more"]);
    run(&mut command).done();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!(err, "");
}

#[test]
fn the_stream_must_be_the_only_one_or_be_named() {
    stream("TWIN_A", "twin.a", &[]);
    stream("TWIN_B", "twin.b", &[]);
    let ran = pubsub(&["tail", "twin.*", "--no-follow"]).ended(1);
    assert!(ran.err.contains("TWIN_A, TWIN_B") && ran.err.contains("`--stream`"), "{ran:?}");
    let ran = pubsub(&["tail", "nobody.>", "--no-follow"]).ended(1);
    assert!(ran.err.contains("no stream stores such subjects"), "{ran:?}");
    pubsub(&["tail"]).ended(2);
}
