//! Whether what came is what was sent, to whom it was meant for.

use pubsub_core::SubjectFilter;

use super::records::{Delivered, Publish, Records};
use super::story::{Found, of_delivery, of_publish};

pub(super) fn nothing_phantom(records: &Records<'_>) -> Found {
    let mut found = Found::new();
    for delivered in &records.deliveries {
        let sequence = delivered.message.stream_sequence;
        if let Some(publish) = records.publish_of((delivered.ask.consumer, sequence)) {
            if let Some(difference) = difference(publish, delivered) {
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
            .any(|publish| publish.may_be_stored() && difference(publish, delivered).is_none());
        if !published {
            let detail = format!("sequence {sequence} was delivered, and nobody published such a message");
            found.push((detail, of_delivery(delivered)));
        }
    }
    found
}

fn difference(publish: &Publish<'_>, delivered: &Delivered<'_>) -> Option<String> {
    let message = delivered.message;
    if *publish.subject != *message.subject {
        return Some(format!("the subject `{}` instead of `{}`", message.subject, publish.subject));
    }
    if *publish.payload != message.payload {
        let (came, sent) = (message.payload.len(), publish.payload.len());
        return Some(format!("another payload: {came} bytes instead of {sent}, or other ones"));
    }
    let id = message.headers.get("Nats-Msg-Id");
    if id != publish.id {
        return Some(format!("the message id {id:?} instead of {:?}", publish.id));
    }
    let headers = message.headers.clone().without_reserved();
    if headers != *publish.headers {
        return Some(format!("other headers: {headers:?} instead of {:?}", publish.headers));
    }
    None
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
