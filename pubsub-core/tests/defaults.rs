//! The table of defaults, made from what a default configuration serialises to, so that it cannot drift from the code.

use pubsub_core::config::{duration, size};
use pubsub_core::{ConsumerConfig, Result, StreamConfig};
use serde::Serialize;
use serde_json::Value;

/// `| field | default |` for each field of a configuration but those that a caller must give, sorted: whether
/// `serde_json` keeps the order of fields depends on who else is in the build.
fn table(config: &impl Serialize, given: &[&str]) -> serde_json::Result<Vec<String>> {
    let value = serde_json::to_value(config)?;
    let fields = value.as_object().into_iter().flatten();
    let mut rows: Vec<String> = fields
        .filter(|(field, _)| !given.contains(&field.as_str()))
        .map(|(field, default)| match default {
            Value::String(text) => format!("| {field} | {text} |"),
            Value::Array(list) if list.is_empty() => format!("| {field} | all |"),
            other => format!("| {field} | {other} |"),
        })
        .collect();
    rows.sort_unstable();
    Ok(rows)
}

/// The table of the README whose header row begins so, sorted.
fn readme(header: &str) -> Vec<&'static str> {
    let lines = include_str!("../../README.md").lines();
    let table = lines.skip_while(|line| *line != header).skip(2);
    let mut rows: Vec<_> = table.take_while(|line| line.starts_with('|')).collect();
    rows.sort_unstable();
    rows
}

#[test]
fn the_defaults_of_a_stream_are_the_documented_ones() -> Result<()> {
    let mut config = StreamConfig::new("RIDE", ["ride.>"])?;
    config.duplicate_window = Some(config.effective_duplicate_window());
    let rows = table(&config, &["name", "subjects"]).unwrap();
    println!("| field | default |\n|---|---|\n{}", rows.join("\n"));

    let expected = [
        "| discard | old |".to_owned(),
        format!("| duplicate_window | {} |", duration::format(StreamConfig::DEFAULT_DUPLICATE_WINDOW)),
        format!("| max_age | {} |", duration::format(StreamConfig::DEFAULT_MAX_AGE)),
        format!("| max_bytes | {} |", size::format(StreamConfig::DEFAULT_MAX_BYTES)),
        "| max_consumers | unlimited |".to_owned(),
        "| max_message_size | unlimited |".to_owned(),
        format!("| max_messages | {} |", StreamConfig::DEFAULT_MAX_MESSAGES),
        "| max_messages_per_subject | unlimited |".to_owned(),
        format!("| replicas | {} |", StreamConfig::DEFAULT_REPLICAS),
        "| retention | limits |".to_owned(),
        "| storage | file |".to_owned(),
    ];
    assert_eq!(rows, expected);
    assert_eq!(rows, readme("| stream | default |"));
    Ok(())
}

#[test]
fn the_defaults_of_a_durable_consumer_are_the_documented_ones() -> Result<()> {
    let rows = table(&ConsumerConfig::durable("users")?, &["name", "durable"]).unwrap();
    println!("| field | default |\n|---|---|\n{}", rows.join("\n"));

    let expected = [
        "| ack | explicit |".to_owned(),
        format!("| ack_wait | {} |", duration::format(ConsumerConfig::DEFAULT_ACK_WAIT)),
        "| deliver | all |".to_owned(),
        "| filters | all |".to_owned(),
        format!("| max_ack_pending | {} |", ConsumerConfig::DEFAULT_MAX_ACK_PENDING),
        format!("| max_deliver | {} |", ConsumerConfig::DEFAULT_MAX_DELIVER),
    ];
    assert_eq!(rows, expected);
    assert_eq!(rows, readme("| consumer | default |"));
    Ok(())
}

#[test]
fn the_constants_are_the_numbers_of_the_design() {
    assert_eq!(duration::format(StreamConfig::DEFAULT_MAX_AGE), "24h");
    assert_eq!(size::format(StreamConfig::DEFAULT_MAX_BYTES), "100MB");
    assert_eq!(StreamConfig::DEFAULT_MAX_MESSAGES, 1_000_000);
    assert_eq!(duration::format(StreamConfig::DEFAULT_DUPLICATE_WINDOW), "2m");
    assert_eq!(duration::format(ConsumerConfig::DEFAULT_ACK_WAIT), "30s");
    assert_eq!(ConsumerConfig::DEFAULT_MAX_DELIVER, 3);
    assert_eq!(ConsumerConfig::DEFAULT_MAX_ACK_PENDING, 1000);
    assert_eq!(duration::format(ConsumerConfig::DEFAULT_INACTIVE_THRESHOLD), "5s");
}
