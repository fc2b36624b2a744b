//! What times besides the ack wait promise: a time to live, a pause.

use std::time::Duration;

use pubsub_core::TimeToLive;

use super::TOLERANCE;
use super::records::Records;
use super::story::{Found, of_delivery, of_publish};

/// How long after its time a message may still be there: a broker removes what has expired in sweeps.
const EXPIRING: Duration = Duration::from_secs(1);

pub(super) fn expired_stays_away(records: &Records<'_>) -> Found {
    let mut found = Found::new();
    for delivered in &records.deliveries {
        let key = (delivered.ask.consumer, delivered.message.stream_sequence);
        let Some(publish) = records.publish_of(key) else {
            continue;
        };
        let (Some(TimeToLive::After(lives)), Some((_, _, stored))) =
            (publish.message.ttl(), publish.stored())
        else {
            continue;
        };
        let gone = stored.at + lives + EXPIRING;
        // One that was asked for before may have been on its way.
        if delivered.ask.called.at > gone && delivered.point.at > gone {
            let late = delivered.point.at.saturating_sub(stored.at);
            let detail =
                format!("sequence {} was delivered {late:?} after it was stored, to live {lives:?}", key.1);
            found.push((detail, &of_publish(publish) | &of_delivery(delivered)));
        }
    }
    found
}

pub(super) fn pauses_hold(records: &Records<'_>) -> Found {
    let mut found = Found::new();
    for delivered in &records.deliveries {
        let Some(consumer) = records.consumer(delivered.ask.consumer) else {
            continue;
        };
        // A later pause, or a resumption, takes the place of an earlier one.
        let pause = consumer.pauses.iter().rev().find(|pause| pause.since < delivered.point.order);
        let Some(pause) = pause else { continue };
        let resumed = pause.resumed.is_some_and(|resumed| resumed < delivered.point.order);
        let asked_since = delivered.ask.called.order > pause.since;
        if !resumed && asked_since && delivered.point.at + TOLERANCE < pause.until {
            let sequence = delivered.message.stream_sequence;
            let mut proof = of_delivery(delivered);
            proof.insert(pause.since);
            found.push((format!("sequence {sequence} was delivered while the consumer was paused"), proof));
        }
    }
    found
}
