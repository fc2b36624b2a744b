//! Values as text that is equal on two right backends: by meaning, without what each is free to choose.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use pubsub_core::config::timestamp;
use pubsub_core::{
    AckPolicy, ConsumerConfig, ConsumerInfo, ConsumerName, CoreMessage, DeliverPolicy, Delivery, Headers,
    Receipt, Storage, StoredMessage, StreamConfig, StreamInfo, StreamName, SubjectFilter,
};

use super::world::World;

/// The fields of a stream's configuration that are not plain.
pub(super) fn stream_config(config: &StreamConfig) -> String {
    let mut text = format!("{} [{}]", config.name, sorted(&config.subjects));
    let mut field = |name: &str, value: String, plain: &str| {
        if value != plain {
            // Writing to a string cannot fail.
            let _ = write!(text, " {name}={value}");
        }
    };
    field("retention", config.retention.to_string(), "limits");
    field("storage", config.storage.to_string(), "memory");
    field("max_age", config.max_age.to_string(), "unlimited");
    field("max_messages", config.max_messages.to_string(), "unlimited");
    field("max_messages_per_subject", config.max_messages_per_subject.to_string(), "unlimited");
    field("max_message_size", limit(config.max_message_size.at()), "unlimited");
    field("max_bytes", limit(config.max_bytes.at()), "unlimited");
    field("max_consumers", config.max_consumers.to_string(), "unlimited");
    field("discard", config.discard.to_string(), "old");
    field("duplicate_window", format!("{:?}", config.effective_duplicate_window()), "120s");
    field("discard_new_per_subject", config.discard_new_per_subject.to_string(), "false");
    field("ttl", config.allow_message_ttl.to_string(), "false");
    field("markers", format!("{:?}", config.subject_delete_marker_ttl), "None");
    field("rollup", config.effective_allow_rollup().to_string(), "false");
    field("schedules", config.allow_schedules.to_string(), "false");
    field("atomic", config.allow_atomic_batches.to_string(), "false");
    field("transform", optional(config.subject_transform.as_ref()), "none");
    field("republish", optional(config.republish.as_ref()), "none");
    field("description", format!("{:?}", config.description), "None");
    field("metadata", notes(&config.metadata), "");
    text
}

/// The fields of a consumer's configuration that are not plain; without its name.
pub(super) fn consumer_config(config: &ConsumerConfig, deliver: &str) -> String {
    let mut text = String::from(if config.durable { "durable" } else { "ephemeral" });
    let mut field = |name: &str, value: String, plain: &str| {
        if value != plain {
            let _ = write!(text, " {name}={value}");
        }
    };
    let filters = sorted(&config.filters);
    field("filters", if filters == ">" { String::new() } else { filters }, "");
    field("deliver", deliver.to_owned(), "all");
    field("ack", config.ack.to_string(), "explicit");
    if config.ack != AckPolicy::None {
        field("ack_wait", format!("{:?}", config.ack_wait), "3600s");
        field("max_ack_pending", config.max_ack_pending.to_string(), "1000");
    }
    field("max_deliver", config.max_deliver.to_string(), "unlimited");
    field("backoff", format!("{:?}", config.backoff), "[]");
    field("headers_only", config.headers_only.to_string(), "false");
    field("inactive_threshold", format!("{:?}", config.effective_inactive_threshold()), "None");
    field("description", format!("{:?}", config.description), "None");
    field("metadata", notes(&config.metadata), "");
    text
}

pub(super) fn stream_info(info: &StreamInfo) -> String {
    // A server whose stream never held a message says 0 or 1, by what else it has looked at.
    let first = if info.last_sequence == 0 { 0 } else { info.first_sequence };
    // What is published again carries a time, which is not always equally long.
    let has_bytes = info.config.storage == Storage::Memory
        && !info.config.allow_atomic_batches
        && !info.config.takes("b.x");
    let bytes = if has_bytes { format!(", {} bytes", info.bytes) } else { String::new() };
    format!(
        "{}: {} messages, first {first}, last {}, {} deleted, {} subjects, {} consumers{bytes}",
        stream_config(&info.config),
        info.messages,
        info.last_sequence,
        info.deleted,
        info.subjects,
        info.consumers,
    )
}

pub(super) fn consumer_info(world: &World, info: &ConsumerInfo) -> String {
    let deliver = match info.config.deliver {
        DeliverPolicy::FromTime(time) => format!("from_time after point {}", world.point(time)),
        other => other.to_string(),
    };
    let floor = if world.may_exhaust(&info.stream, &info.name) {
        String::new()
    } else {
        format!(", floor {}/{}", info.ack_floor.consumer, info.ack_floor.stream)
    };
    let paused =
        info.paused_until.map_or_else(String::new, |until| format!(", paused until {}", world.moment(until)));
    format!(
        "{}.{} {}: delivered {}/{}{floor}, {} ack pending, {} redelivered{}{paused}",
        info.stream,
        world.label(&info.stream, &info.name),
        consumer_config(&info.config, &deliver),
        info.delivered.consumer,
        info.delivered.stream,
        info.ack_pending,
        info.redelivered,
        pending(world, &info.stream, &info.name, info.pending),
    )
}

fn pending(world: &World, stream: &StreamName, consumer: &ConsumerName, pending: u64) -> String {
    if world.is_counted(stream, consumer) { format!(", {pending} pending") } else { String::new() }
}

pub(super) fn receipt(receipt: &Receipt) -> String {
    let duplicate = if receipt.is_duplicate() { ", duplicate" } else { "" };
    match receipt.sequence {
        Some(sequence) => format!("{} {sequence}{duplicate}", receipt.stream),
        None => format!("{} without a sequence{duplicate}", receipt.stream),
    }
}

pub(super) fn delivery(world: &World, delivery: &Delivery) -> String {
    let info = delivery.info();
    format!(
        "{}.{} {} `{}` {}{}, attempt {}, number {}{}, stored at point {}",
        info.stream,
        world.label(&info.stream, &info.consumer),
        info.stream_sequence,
        delivery.subject(),
        payload(delivery.payload()),
        headers(world, delivery.headers()),
        info.attempt,
        info.consumer_sequence,
        pending(world, &info.stream, &info.consumer, info.pending),
        world.point(info.published_at),
    )
}

pub(super) fn stored(world: &World, message: &StoredMessage) -> String {
    format!(
        "{} `{}` {}{}, stored at point {}",
        message.sequence,
        message.subject,
        payload(&message.payload),
        headers(world, &message.headers),
        world.point(message.published_at),
    )
}

/// In place of a name that a broker has made up.
const OWN_NAME: &str = "(its own)";

/// What a stream has published again.
pub(super) fn plain(message: &CoreMessage) -> String {
    let mut lines: Vec<_> =
        message.headers.iter().filter(|(name, _)| name.as_str() != "Nats-Time-Stamp").collect();
    lines.sort_by_key(|(name, _)| *name);
    let shown = |name: &str, value: &str| match name {
        "Nats-Batch-Id" => OWN_NAME.to_owned(),
        _ => value.to_owned(),
    };
    let headers: String = lines
        .iter()
        .map(|(name, value)| format!(" {name}: {}", shown(name.as_str(), value.as_str())))
        .collect();
    format!("`{}` {}{headers}", message.subject, payload(&message.payload))
}

/// The beginning of a payload, which names its message, and its length.
pub(super) fn payload(payload: &[u8]) -> String {
    let text = String::from_utf8_lossy(payload);
    let tag: String = text.chars().take_while(|next| *next != ' ').collect();
    format!("{tag:?} of {} bytes", payload.len())
}

/// By name: only the values of one name have an order on every backend.
fn headers(world: &World, headers: &Headers) -> String {
    let mut lines: Vec<_> = headers.iter().collect();
    lines.sort_by_key(|(name, _)| *name);
    lines.into_iter().fold(String::new(), |mut text, (name, value)| {
        let _ = write!(text, " {name}: {}", header_value(world, name.as_str(), value.as_str()));
        text
    })
}

/// Times of a side's own clock as it sees them from its grid, and no name that a broker has made up.
fn header_value(world: &World, name: &str, value: &str) -> String {
    if name == "Nats-Batch-Id" {
        return OWN_NAME.to_owned();
    }
    let (before, time) = match name {
        "Nats-Schedule" => ("@at ", value.strip_prefix("@at ")),
        "Nats-Schedule-Next" => ("", Some(value)),
        _ => ("", None),
    };
    match time.map(timestamp::parse) {
        Some(Ok(time)) => format!("{before}{}", world.moment(time)),
        _ => value.to_owned(),
    }
}

/// Without what a server notes itself.
fn notes(metadata: &BTreeMap<String, String>) -> String {
    let own = metadata.iter().filter(|(key, _)| !key.starts_with("_nats."));
    own.map(|(key, value)| format!("{key}:{value}")).collect::<Vec<_>>().join(",")
}

fn sorted(filters: &[SubjectFilter]) -> String {
    let mut filters: Vec<&str> = filters.iter().map(SubjectFilter::as_str).collect();
    filters.sort_unstable();
    filters.join(", ")
}

fn optional(value: Option<&impl ToString>) -> String {
    value.map_or_else(|| "none".to_owned(), ToString::to_string)
}

fn limit(limit: Option<impl ToString>) -> String {
    limit.map_or_else(|| "unlimited".to_owned(), |limit| limit.to_string())
}
