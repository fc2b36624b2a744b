//! `pubsub replay`.

use std::time::{Duration, Instant};

use crate::support::{pubsub, stream};

fn messages(subject: &'static str) -> Vec<(&'static str, &'static str)> {
    vec![(subject, "1"), (subject, "2"), (subject, "3"), (subject, "4")]
}

fn copies(filter: &str) -> Vec<String> {
    let copies = pubsub(&["tail", filter, "--from", "start", "--no-follow", "--json"]).json_lines();
    copies
        .iter()
        .map(|copy| format!("{} {}", copy["subject"].as_str().unwrap(), copy["payload"].as_str().unwrap()))
        .collect()
}

#[test]
fn copies_go_to_other_subjects_from_where_and_to_where_it_is_said() {
    stream("AGAIN", "again.>", &messages("again.pickup"));
    stream("AGAIN_TEST", "test.again.>", &[]);
    let replay = ["replay", "AGAIN", "again.*", "test.again.{{wildcard(1)}}", "--from", "2", "--until", "3"];
    let dry = pubsub(&[&replay[..], &["--dry-run"]].concat()).done();
    assert!(dry.starts_with("2 messages would be replayed, 0 skipped, 0 failed, up to sequence 3"), "{dry}");
    assert_eq!(copies("test.again.>"), Vec::<String>::new());

    let json = pubsub(&[&replay[..], &["--run-name", "one", "--json"]].concat()).json();
    assert_eq!(
        (&json["replayed"], &json["sequence"], &json["dry_run"]),
        (&2.into(), &3.into(), &false.into())
    );
    assert_eq!(copies("test.again.>"), ["test.again.pickup 2", "test.again.pickup 3"]);
    pubsub(&[&replay[..], &["--run-name", "one"]].concat()).done();
    assert_eq!(copies("test.again.>").len(), 2, "under the same name none is stored twice");
}

#[test]
fn a_rate_takes_its_time() {
    stream("PACED", "paced.>", &messages("paced.a"));
    stream("PACED_TEST", "test.paced.>", &[]);
    let began = Instant::now();
    pubsub(&["replay", "PACED", "paced.>", "test.paced.>", "--rate", "10"]).done();
    assert!(began.elapsed() >= Duration::from_millis(300), "{:?}", began.elapsed());
    assert_eq!(copies("test.paced.>").len(), 4);
}

#[test]
fn it_does_not_write_into_what_it_reads_unless_it_is_said() {
    stream("LOOP", "loop.>", &messages("loop.a"));
    let replay = ["replay", "LOOP", "loop.a", "loop.b"];
    let refused = pubsub(&replay).ended(1);
    assert!(refused.err.contains("`--into-source`"), "{refused:?}");
    pubsub(&[&replay[..], &["--into-source"]].concat()).done();
    assert_eq!(copies("loop.b").len(), 4);
}
