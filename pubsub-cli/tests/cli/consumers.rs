//! `pubsub consumers`.

use pubsub::{Capability, ConsumerConfig, FetchOptions, Provision};
use serde_json::Value;

use crate::support::{pubsub, stream, with_client};

/// A stream of three messages, of which its consumer `users` has one delivered and not settled.
fn with_one_unsettled(name: &str) {
    let subject = format!("{}.a", name.to_lowercase());
    let messages = [(subject.as_str(), "1"), (&subject, "2"), (&subject, "3")];
    stream(name, &format!("{}.>", name.to_lowercase()), &messages);
    with_client(async |client| {
        let config = ConsumerConfig::durable("users")?;
        let consumer = client.ensure_consumer(name, config, Provision::CreateIfMissing).await?;
        let deliveries = consumer.fetch(FetchOptions::up_to(1)).await?;
        assert_eq!(deliveries.len(), 1);
        Ok(())
    });
}

fn info(stream: &str) -> Value {
    pubsub(&["consumers", "info", stream, "users", "--json"]).json()
}

#[test]
fn consumers_are_listed_with_what_they_have_still_to_do() {
    with_one_unsettled("LAGGING");
    let table = pubsub(&["consumers", "list", "LAGGING"]).done();
    let row: Vec<&str> = table.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(row, ["LAGGING", "users", "3", "2", "1", "0", "1", "0", "unsettled", "all"], "{table}");

    let all = pubsub(&["consumers", "list", "--json"]).json();
    let listed = all.as_array().unwrap().iter().find(|info| info["stream"] == "LAGGING").unwrap();
    assert_eq!(
        (&listed["lag"], &listed["pending"], &listed["ack_pending"]),
        (&3.into(), &2.into(), &1.into())
    );
    assert_eq!(listed["state"], "unsettled");
}

#[test]
fn a_consumer_is_shown_with_its_configuration() {
    with_one_unsettled("INSPECTED");
    let text = pubsub(&["consumers", "info", "INSPECTED", "users"]).done();
    assert!(text.contains("INSPECTED/users") && text.contains("max_ack_pending"), "{text}");
    let ran = pubsub(&["consumers", "info", "INSPECTED", "nobody"]).ended(1);
    assert!(ran.err.contains("`pubsub consumers list`"), "{ran:?}");
}

#[test]
fn a_consumer_is_paused_and_resumed() {
    with_one_unsettled("PAUSED");
    if !with_client(async |client| Ok(client.capabilities().has(Capability::Pause))) {
        return;
    }
    let said = pubsub(&["consumers", "pause", "PAUSED", "users", "--until", "2999-01-01T00:00:00Z"]).done();
    assert_eq!(said, "PAUSED/users is paused until 2999-01-01T00:00:00Z\n");
    assert_eq!(
        (&info("PAUSED")["state"], &info("PAUSED")["paused_until"]),
        (&"paused".into(), &"2999-01-01T00:00:00Z".into())
    );
    pubsub(&["consumers", "resume", "PAUSED", "users"]).done();
    assert_eq!(info("PAUSED")["state"], "unsettled");
    pubsub(&["consumers", "pause", "PAUSED", "users", "--for", "1h"]).done();
    assert_eq!(info("PAUSED")["state"], "paused");
    pubsub(&["consumers", "pause", "PAUSED", "users"]).ended(2);
}

#[test]
fn a_consumer_is_reset_only_if_somebody_agrees() {
    with_one_unsettled("RESET");
    if !with_client(async |client| Ok(client.capabilities().has(Capability::Reset))) {
        return;
    }
    pubsub(&["consumers", "reset", "RESET", "users", "--to", "2"]).ended(2);
    assert_eq!(info("RESET")["ack_pending"], 1);
    pubsub(&["consumers", "reset", "RESET", "users", "--to", "2", "--yes"]).done();
    let after = info("RESET");
    assert_eq!((&after["ack_pending"], &after["pending"]), (&0.into(), &2.into()), "{after}");
}

#[test]
fn a_consumer_is_deleted_only_if_somebody_agrees() {
    with_one_unsettled("LEFT");
    pubsub(&["consumers", "delete", "LEFT", "users"]).ended(2);
    let said = pubsub(&["consumers", "delete", "LEFT", "users", "--yes"]).done();
    assert_eq!(said, "LEFT/users is deleted; it had 3 messages to settle\n");
    assert_eq!(pubsub(&["consumers", "list", "LEFT", "--json"]).json(), serde_json::json!([]));
}
