//! In which order messages come first.

use std::collections::{BTreeMap, HashMap};

use super::life::ConsumerLife;
use super::records::{Delivered, Records};
use super::story::{Found, of_delivery};

pub(super) fn first_deliveries_in_order(records: &Records<'_>) -> Found {
    // What a crash has made a first attempt again is none.
    if records.has_crashed() {
        return Found::new();
    }
    let mut by_consumer: BTreeMap<ConsumerLife, Vec<&Delivered<'_>>> = BTreeMap::new();
    for delivered in records.deliveries.iter().filter(|delivered| delivered.message.attempt == 1) {
        by_consumer.entry(delivered.ask.consumer).or_default().push(delivered);
    }
    by_consumer.values().filter_map(|deliveries| first_out_of_order(deliveries)).collect()
}

/// Two deliveries can be compared if they answer the same fetch or subscription, or if the second was asked for after
/// the first had come. Otherwise they were on their way at the same time.
fn first_out_of_order(deliveries: &[&Delivered<'_>]) -> Option<(String, std::collections::BTreeSet<usize>)> {
    // For each place, the delivery with the highest sequence until then.
    let mut highest: Vec<&Delivered<'_>> = Vec::with_capacity(deliveries.len());
    let mut last_of_ask: HashMap<usize, &Delivered<'_>> = HashMap::new();
    for delivered in deliveries {
        let sequence = delivered.message.stream_sequence;
        let seen = highest.len();
        let before = deliveries.get(..seen).map_or(0, |seen| {
            seen.partition_point(|earlier| earlier.point.order < delivered.ask.called.order)
        });
        let before = before.checked_sub(1).and_then(|place| highest.get(place).copied());
        let same_ask = last_of_ask.insert(delivered.ask_number, delivered);
        for earlier in [before, same_ask].into_iter().flatten() {
            let reached = earlier.message.stream_sequence;
            // The same one again is a matter of the attempts.
            if reached > sequence {
                let detail = format!("sequence {sequence} came after {reached}");
                return Some((detail, &of_delivery(earlier) | &of_delivery(delivered)));
            }
        }
        let top = match highest.last() {
            Some(top) if top.message.stream_sequence > sequence => *top,
            _ => *delivered,
        };
        highest.push(top);
    }
    None
}
