//! `pubsub streams`.

use crate::support::{pubsub, stream};

#[test]
fn streams_are_listed_with_what_they_hold() {
    stream("LISTED", "listed.>", &[("listed.a", "1"), ("listed.b", "2")]);
    let table = pubsub(&["streams", "list"]).done();
    assert!(table.starts_with("STREAM "), "{table}");
    let row = table.lines().find(|line| line.starts_with("LISTED ")).unwrap();
    assert!(row.contains("listed.>") && row.contains("limits"), "{row}");
    assert!(!table.contains('\u{1b}'), "no colours where there is no terminal: {table:?}");

    let json = pubsub(&["streams", "list", "--json"]).json();
    let listed = json.as_array().unwrap().iter().find(|info| info["config"]["name"] == "LISTED").unwrap();
    assert_eq!((&listed["messages"], &listed["last_sequence"]), (&2.into(), &2.into()));
}

#[test]
fn a_stream_is_shown_with_its_configuration() {
    stream("SHOWN", "shown.>", &[("shown.a", "1")]);
    let text = pubsub(&["streams", "info", "SHOWN"]).done();
    for (name, value) in [("stream", "SHOWN"), ("messages", "1"), ("max_age", "24h"), ("subjects", "shown.>")]
    {
        let says = |line: &str| line.split_whitespace().eq([name, value]);
        assert!(text.lines().any(says), "{name} {value} in {text}");
    }
    assert_eq!(pubsub(&["streams", "info", "SHOWN", "--json"]).json()["config"]["max_age"], "24h");
}

#[test]
fn what_does_not_exist_is_an_error_with_what_to_do() {
    let ran = pubsub(&["streams", "info", "NOBODYS"]).ended(1);
    assert!(ran.out.is_empty(), "{ran:?}");
    assert!(ran.err.starts_with("error: ") && ran.err.contains("NOBODYS"), "{ran:?}");
    assert!(ran.err.contains("`pubsub streams list`"), "{ran:?}");
}

#[test]
fn nothing_is_purged_or_deleted_unless_somebody_agrees() {
    stream("KEPT", "kept.>", &[("kept.a", "1")]);
    for command in ["purge", "delete"] {
        let ran = pubsub(&["streams", command, "KEPT"]).ended(2);
        assert!(ran.err.contains("`--yes`"), "{ran:?}");
    }
    assert_eq!(pubsub(&["streams", "info", "KEPT", "--json"]).json()["messages"], 1);
}

#[test]
fn a_purge_takes_what_it_was_told_to() {
    let messages = [("purged.a", "1"), ("purged.b", "2"), ("purged.a", "3"), ("purged.a", "4")];
    stream("PURGED", "purged.>", &messages);
    let purge = |rest: &[&str]| pubsub(&[&["streams", "purge", "PURGED", "--yes"], rest].concat());
    assert_eq!(purge(&["--below", "2"]).done(), "1 message removed from PURGED\n");
    assert_eq!(purge(&["--filter", "purged.a", "--keep", "1", "--json"]).json()["removed"], 1);
    assert_eq!(purge(&[]).done(), "2 messages removed from PURGED\n");
    purge(&["--below", "2", "--keep", "1"]).ended(2);
}

#[test]
fn a_stream_is_deleted() {
    stream("DELETED", "deleted.>", &[("deleted.a", "1")]);
    let said = pubsub(&["streams", "delete", "DELETED", "-y"]).done();
    assert_eq!(said, "DELETED is deleted, with 1 message and 0 consumers\n");
    pubsub(&["streams", "info", "DELETED"]).ended(1);
}
