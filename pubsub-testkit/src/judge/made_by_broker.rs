//! Messages that nobody published and that are right all the same: what schedules produce, and markers of what has expired.

use std::time::Duration;

use super::TOLERANCE;
use super::life::StreamLife;
use super::phantom::is_headers_only;
use super::records::{Delivered, Publish, Records};
use super::story::{Found, of_delivery, of_publish};

pub(super) fn is_made_by_broker(records: &Records<'_>, delivered: &Delivered<'_>) -> bool {
    is_marker(records, delivered)
        || records.publishes.iter().any(|publish| is_product(records, publish, delivered))
}

/// That the last message of a subject has expired.
fn is_marker(records: &Records<'_>, delivered: &Delivered<'_>) -> bool {
    let message = delivered.message;
    let marks = stream_of(records, delivered)
        .and_then(|life| records.streams.get(life)?.config)
        .is_some_and(|config| config.subject_delete_marker_ttl.is_some());
    marks
        && message.payload.is_empty()
        && message.headers.get("Nats-Marker-Reason").is_some()
        && records.publishes.iter().any(|publish| publish.message.subject.as_str() == message.subject)
}

/// Whether the schedule of this publish has produced the message.
fn is_product(records: &Records<'_>, publish: &Publish<'_>, delivered: &Delivered<'_>) -> bool {
    let Some(schedule) = publish.message.schedule() else {
        return false;
    };
    let message = delivered.message;
    let stored = publish.stored().map(|(life, _, _)| life);
    let in_its_stream =
        stored.is_none() && publish.may_be_stored() || stored == stream_of(records, delivered);
    if !in_its_stream || schedule.target.as_str() != message.subject {
        return false;
    }
    if is_headers_only(records, delivered) {
        return true;
    }
    match &schedule.source {
        None => {
            publish.message.payload == message.payload
                && publish.message.headers == message.headers.clone().without_reserved()
        }
        Some(source) => {
            let on_source = records.publishes.iter().filter(|other| other.message.subject == *source);
            on_source.into_iter().any(|other| other.message.payload == message.payload)
        }
    }
}

fn stream_of(records: &Records<'_>, delivered: &Delivered<'_>) -> Option<StreamLife> {
    records.consumer(delivered.ask.consumer).map(|consumer| consumer.stream)
}

pub(super) fn schedules_keep_their_time(records: &Records<'_>) -> Found {
    let mut found = Found::new();
    for delivered in &records.deliveries {
        let key = (delivered.ask.consumer, delivered.message.stream_sequence);
        if records.publish_of(key).is_some() {
            continue;
        }
        let produced: Vec<_> =
            records.publishes.iter().filter(|publish| is_product(records, publish, delivered)).collect();
        // One that recurs may have produced it at any time.
        let times: Option<Vec<_>> = produced.iter().map(|publish| publish.due).collect();
        let Some(earliest) = times.and_then(|times| times.into_iter().min()) else {
            continue;
        };
        if delivered.point.at + TOLERANCE < earliest {
            let early = earliest.saturating_sub(delivered.point.at);
            let mut proof = of_delivery(delivered);
            proof.extend(produced.iter().flat_map(|publish| of_publish(publish)));
            found.push((format!("what a schedule produces came {early:?} before its time"), proof));
        }
    }
    found
}

/// How long after its time a schedule may still be at work.
const PRODUCING: Duration = Duration::from_secs(1);

pub(super) fn schedules_produce(records: &Records<'_>) -> Found {
    let mut found = Found::new();
    for (life, consumer) in records.consumers.iter().enumerate() {
        let Some(drained) = consumer.drained else { continue };
        if records.streams.get(consumer.stream).is_none_or(|stream| stream.thinned) {
            continue;
        }
        for publish in &records.publishes {
            let (Some(schedule), Some((stream, _, _))) = (publish.message.schedule(), publish.stored())
            else {
                continue;
            };
            let is_due = publish.due.is_some_and(|due| due + PRODUCING < consumer.drained_at);
            let sees = consumer.config.is_some_and(|config| config.sees(schedule.target.as_str()));
            let replaced = records.publishes.iter().any(|other| {
                other.called.order > publish.called.order && other.message.subject == publish.message.subject
            });
            if stream != consumer.stream || !is_due || !sees || replaced {
                continue;
            }
            let mut came = records.deliveries.iter().filter(|delivered| delivered.ask.consumer == life);
            if !came.any(|delivered| is_product(records, publish, delivered)) {
                let mut proof = of_publish(publish);
                proof.extend([consumer.born, drained]);
                let name = &consumer.key.consumer;
                let target = &schedule.target;
                found.push((format!("what a schedule publishes to `{target}` never came to {name}"), proof));
            }
        }
    }
    found
}
