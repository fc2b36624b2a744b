//! `pubsub dead-letters`.

use pubsub::worker::DeadLetters;
use pubsub::{ConsumerConfig, OutboundMessage, Provision};

use crate::support::{pubsub, stream, with_client};

/// A stream with a consumer, and so many dead letters of it as a worker would have kept them.
fn with_letters(name: &str, letters: u64) -> String {
    let (root, dead) = (name.to_lowercase(), format!("{name}_DEAD"));
    stream(name, &format!("{root}.>"), &[]);
    with_client(async |client| {
        let config = ConsumerConfig::durable("billing")?;
        client.ensure_consumer(name, config, Provision::CreateIfMissing).await?;
        let kept = DeadLetters::in_stream(&dead)?.stream().clone();
        client.ensure_stream(kept, Provision::CreateIfMissing).await?;
        for number in 1..=letters {
            let subject = format!("{}.{name}.billing", dead.to_lowercase());
            let headers = [
                (DeadLetters::REASON, "the card is expired".to_owned()),
                (DeadLetters::ATTEMPTS, "3".to_owned()),
                (DeadLetters::STREAM, name.to_owned()),
                (DeadLetters::CONSUMER, "billing".to_owned()),
                (DeadLetters::SUBJECT, format!("{root}.completed")),
                (DeadLetters::SEQUENCE, number.to_string()),
                ("tenant", "acme".to_owned()),
            ];
            let mut letter = OutboundMessage::new(subject, format!("{{\"ride\":{number}}}"))?;
            for (header, value) in headers {
                letter = letter.with_header(header, value)?;
            }
            client.publish_message(letter).await?;
        }
        Ok(())
    });
    dead
}

fn listed(dead: &str) -> Vec<u64> {
    let letters = pubsub(&["dead-letters", "--letters", dead, "list", "--json"]).json();
    letters.as_array().unwrap().iter().map(|letter| letter["sequence"].as_u64().unwrap()).collect()
}

#[test]
fn dead_letters_are_listed_and_shown() {
    let dead = with_letters("DYING", 3);
    let table = pubsub(&["dead-letters", "list", "--letters", &dead]).done();
    let row = table.lines().nth(1).unwrap();
    assert!(row.contains("DYING/billing") && row.contains("the card is expired"), "{table}");
    let part = pubsub(&["dead-letters", "list", "--letters", &dead, "--from", "2", "-n", "1"]).ended(0);
    assert_eq!(part.out.lines().count(), 2, "{part:?}");
    assert!(part.err.contains("`--from 3`"), "{part:?}");

    let text = pubsub(&["dead-letters", "show", "2", "--letters", &dead]).done();
    assert!(text.contains("dying.completed") && text.contains("tenant: acme\n{\n  \"ride\": 2\n}"), "{text}");
    let json = pubsub(&["dead-letters", "show", "2", "--letters", &dead, "--json"]).json();
    assert_eq!((&json["payload"], &json["attempts"]), (&"{\"ride\":2}".into(), &3.into()));

    let missing = pubsub(&["dead-letters", "list", "--letters", "NOWHERE"]).ended(1);
    assert!(missing.err.contains("`--letters`"), "{missing:?}");
}

#[test]
fn a_dead_letter_is_published_again_and_gone() {
    let dead = with_letters("REDRIVEN", 3);
    let said = pubsub(&["dead-letters", "redrive", "2", "--letters", &dead]).done();
    assert_eq!(said, "dead letter 2 is published again: REDRIVEN 1\n");
    assert_eq!(listed(&dead), [1, 3]);
    let again = pubsub(&["tail", "redriven.>", "--from", "start", "--no-follow", "--json"]).json_lines();
    assert_eq!(
        (&again[0]["payload"], &again[0]["subject"]),
        (&"{\"ride\":2}".into(), &"redriven.completed".into())
    );

    pubsub(&["dead-letters", "redrive", "--all", "--letters", &dead]).ended(2);
    let all =
        pubsub(&["dead-letters", "redrive", "--all", "--yes", "--letters", &dead, "--json"]).json_lines();
    assert_eq!(all.iter().map(|one| one["dead_letter"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(listed(&dead), Vec::<u64>::new());
}

#[test]
fn a_letter_whose_consumer_is_gone_stays_unless_it_is_for_all() {
    let dead = with_letters("ORPHAN", 2);
    pubsub(&["consumers", "delete", "ORPHAN", "billing", "--yes"]).done();
    let ran = pubsub(&["dead-letters", "redrive", "1", "7", "--letters", &dead]).ended(1);
    assert!(ran.err.contains("`--for-all`") && ran.err.contains("2 of 2 dead letters"), "{ran:?}");
    assert_eq!(listed(&dead), [1, 2]);
    pubsub(&["dead-letters", "redrive", "1", "--for-all", "--letters", &dead]).done();
    assert_eq!(listed(&dead), [2]);
}

#[test]
fn dead_letters_are_discarded_only_if_somebody_agrees() {
    let dead = with_letters("DISCARDED", 3);
    pubsub(&["dead-letters", "discard", "2", "--letters", &dead]).ended(2);
    assert_eq!(listed(&dead), [1, 2, 3]);
    assert_eq!(
        pubsub(&["dead-letters", "discard", "2", "-y", "--letters", &dead]).done(),
        "dead letter 2 is deleted\n"
    );
    let of = ["--all", "--of", "DISCARDED/billing", "--yes"];
    pubsub(&[&["dead-letters", "discard", "--letters", &dead], &of[..]].concat()).done();
    assert_eq!(listed(&dead), Vec::<u64>::new());
    pubsub(&["dead-letters", "discard", "--letters", &dead, "--yes"]).ended(2);
}
