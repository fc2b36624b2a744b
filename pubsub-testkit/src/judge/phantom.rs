//! Whether what came is what was sent, to whom it was meant for.

use pubsub_core::SubjectFilter;

use super::made_by_broker::is_made_by_broker;
use super::records::{Delivered, Publish, Records};
use super::stored_subject::stored_subject;
use super::story::{Found, of_delivery, of_publish};

pub(super) fn nothing_phantom(records: &Records<'_>) -> Found {
    let mut found = Found::new();
    for delivered in &records.deliveries {
        let sequence = delivered.message.stream_sequence;
        if let Some(publish) = records.publish_of((delivered.ask.consumer, sequence)) {
            if let Some(difference) = difference(records, publish, delivered) {
                found.push((
                    format!("sequence {sequence} was delivered with {difference}"),
                    &of_publish(publish) | &of_delivery(delivered),
                ));
            }
            continue;
        }
        // Without a receipt the content alone can tell.
        let published = records
            .publishes
            .iter()
            .any(|publish| publish.may_be_stored() && difference(records, publish, delivered).is_none());
        if !published && !is_made_by_broker(records, delivered) {
            let detail = format!("sequence {sequence} was delivered, and nobody published such a message");
            found.push((detail, of_delivery(delivered)));
        }
    }
    found
}

fn difference(records: &Records<'_>, publish: &Publish<'_>, delivered: &Delivered<'_>) -> Option<String> {
    let message = delivered.message;
    let subject = stored_subject(records, publish);
    if subject != message.subject {
        return Some(format!("the subject `{}` instead of `{subject}`", message.subject));
    }
    let sent = &publish.message.payload;
    if is_headers_only(records, delivered) {
        let size = message.headers.get("Nats-Msg-Size");
        if !message.payload.is_empty() || size != Some(sent.len().to_string().as_str()) {
            let came = message.payload.len();
            return Some(format!(
                "a payload of {came} bytes and the size {size:?} instead of {}",
                sent.len()
            ));
        }
    } else if *sent != message.payload {
        let (came, sent) = (message.payload.len(), sent.len());
        return Some(format!("another payload: {came} bytes instead of {sent}, or other ones"));
    }
    let id = message.headers.get("Nats-Msg-Id");
    // The id that a backend makes, to try a publish again, is nobody else's.
    let is_made = |id| records.publishes.iter().all(|other| other.id() != Some(id));
    if id != publish.id() && !(publish.may_get_id() && id.is_some_and(is_made)) {
        return Some(format!("the message id {id:?} instead of {:?}", publish.id()));
    }
    for (name, value) in publish.message.instruction_headers() {
        // Where a schedule goes, and what is expected, is for the broker; it may keep or drop that.
        let kept = matches!(name, "Nats-TTL" | "Nats-Rollup");
        if kept && message.headers.get(name) != Some(value.as_ref()) {
            return Some(format!("`{name}` {:?} instead of `{value}`", message.headers.get(name)));
        }
    }
    let headers = message.headers.clone().without_reserved();
    if headers != publish.message.headers {
        return Some(format!("other headers: {headers:?} instead of {:?}", publish.message.headers));
    }
    None
}

pub(super) fn is_headers_only(records: &Records<'_>, delivered: &Delivered<'_>) -> bool {
    let consumer = records.consumer(delivered.ask.consumer);
    consumer.and_then(|consumer| consumer.config).is_some_and(|config| config.headers_only)
}

pub(super) fn filters_hold(records: &Records<'_>) -> Found {
    let mut found = Found::new();
    for delivered in &records.deliveries {
        let Some(consumer) = records.consumer(delivered.ask.consumer).filter(|consumer| !consumer.changed)
        else {
            continue;
        };
        let filters = consumer.config.map_or(&[][..], |config| &config.filters);
        let subject = &delivered.message.subject;
        if !filters.is_empty() && !filters.iter().any(|filter| filter.matches(subject)) {
            let filters: Vec<_> = filters.iter().map(SubjectFilter::as_str).collect();
            let detail = format!("`{subject}` was delivered to a consumer of `{}`", filters.join("`, `"));
            found.push((detail, of_delivery(delivered)));
        }
    }
    found
}
