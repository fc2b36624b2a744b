//! How often a message is delivered.

use pubsub_core::AckPolicy;

use super::records::Records;
use super::story::{self, Found};

pub(super) fn attempts_count_up(records: &Records<'_>) -> Found {
    let mut found = Found::new();
    if records.has_crashed() {
        return found;
    }
    for (key, places) in &records.messages {
        // What was on its way to a dropped fetch or subscription used up an attempt that nobody saw.
        let interrupted = records.consumer(key.0).is_none_or(|consumer| consumer.interrupted);
        let mut last = 0;
        for delivered in records.attempts(places) {
            let attempt = delivered.message.attempt;
            let right = if interrupted { attempt > last } else { attempt == last + 1 };
            if !right {
                let detail = format!("sequence {}: attempt {attempt} after attempt {last}", key.1);
                found.push((detail, story::of_message(records, *key, usize::MAX)));
                break;
            }
            last = attempt;
        }
    }
    found
}

pub(super) fn max_deliver(records: &Records<'_>) -> Found {
    let mut found = Found::new();
    if records.has_crashed() {
        return found;
    }
    for (key, places) in &records.messages {
        let Some(consumer) = records.consumer(key.0).filter(|consumer| !consumer.changed) else {
            continue;
        };
        let Some(config) = consumer.config.filter(|config| config.ack != AckPolicy::None) else {
            continue;
        };
        let Some(most) = config.max_deliver.at() else {
            continue;
        };
        let over = records.attempts(places).enumerate().find(|(already, delivered)| {
            *already as u64 >= u64::from(most) || delivered.message.attempt > u64::from(most)
        });
        if let Some((already, delivered)) = over {
            let attempt = delivered.message.attempt;
            let detail = format!(
                "sequence {} came {} times, the last as attempt {attempt}; max_deliver is {most}",
                key.1,
                already + 1
            );
            found.push((detail, story::of_message(records, *key, delivered.point.order)));
        }
    }
    found
}
