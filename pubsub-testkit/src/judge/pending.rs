//! How many messages a consumer may leave unsettled.

use std::collections::BTreeMap;

use pubsub_core::{AckPolicy, SettlementKind};

use super::life::{ConsumerFacts, ConsumerLife};
use super::records::{Delivered, Records};
use super::story::{Found, of_delivery};

pub(super) fn max_ack_pending(records: &Records<'_>) -> Found {
    let mut by_consumer: BTreeMap<ConsumerLife, Vec<&Delivered<'_>>> = BTreeMap::new();
    for delivered in &records.deliveries {
        by_consumer.entry(delivered.ask.consumer).or_default().push(delivered);
    }
    let mut found = Found::new();
    for (life, deliveries) in by_consumer {
        let Some(consumer) = records.consumer(life).filter(|consumer| can_tell(records, consumer)) else {
            continue;
        };
        if let Some(most) = consumer.config.and_then(|config| config.max_ack_pending.at()) {
            found.extend(first_over(records, consumer, &deliveries, most));
        }
    }
    found
}

/// Messages that leave a stream by themselves stop being unsettled, and the history does not show when.
pub(super) fn can_tell(records: &Records<'_>, consumer: &ConsumerFacts<'_>) -> bool {
    let stream = records.streams.get(consumer.stream);
    let keeps_all = stream.is_some_and(super::life::StreamFacts::keeps_all);
    keeps_all && !consumer.changed && consumer.config.is_some_and(|config| config.ack == AckPolicy::Explicit)
}

fn first_over(
    records: &Records<'_>,
    consumer: &ConsumerFacts<'_>,
    deliveries: &[&Delivered<'_>],
    most: u32,
) -> Option<(String, std::collections::BTreeSet<usize>)> {
    let config = consumer.config?;
    // The settlements in the order of the calls, from which on the broker may have them.
    let mut settled: Vec<_> = deliveries
        .iter()
        .filter_map(|delivered| {
            let settle = delivered.settle.as_ref()?;
            let ends = matches!(settle.kind, SettlementKind::Ack | SettlementKind::Term { .. });
            ends.then_some((settle.called.order, delivered.message.stream_sequence))
        })
        .collect();
    settled.sort_unstable();
    let mut settled = settled.into_iter().peekable();

    let mut unsettled: BTreeMap<u64, &Delivered<'_>> = BTreeMap::new();
    for delivered in deliveries {
        while let Some((_, sequence)) = settled.next_if(|(order, _)| *order < delivered.point.order) {
            unsettled.remove(&sequence);
        }
        unsettled.insert(delivered.message.stream_sequence, delivered);
        if unsettled.len() <= most as usize {
            continue;
        }
        // One that has used up its attempts counts only until its last ack wait is over or it is nakked.
        let last_attempt = |held: &Delivered<'_>| {
            config.max_deliver.at().is_some_and(|most| held.message.attempt >= u64::from(most))
        };
        unsettled.retain(|_, held| {
            let ack_wait = records.ack_wait(held).unwrap_or(config.ack_wait);
            let over = records.earliest(held) + ack_wait <= delivered.point.at
                || held.given_back().is_some_and(|point| point.order < delivered.point.order);
            !(over && last_attempt(held))
        });
        if unsettled.len() > most as usize {
            let proof = unsettled.values().flat_map(|held| of_delivery(held));
            let proof = proof.filter(|order| *order <= delivered.point.order).collect();
            let detail =
                format!("{} messages were unsettled at a time; max_ack_pending is {most}", unsettled.len());
            return Some((detail, proof));
        }
    }
    None
}
