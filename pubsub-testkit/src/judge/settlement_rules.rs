//! What a settlement, an extension and an ack wait promise.

use std::time::Duration;

use pubsub_core::SettlementKind;

use super::TOLERANCE;
use super::records::{Delivered, MessageKey, Records, Settle};
use super::story::{self, Found};

/// When the broker may first take the message as not settled, without anybody asking for it: its ack wait from the
/// hand-out, or from the last extension that came in time.
fn expires(records: &Records<'_>, delivered: &Delivered<'_>) -> Option<Duration> {
    let ack_wait = records.ack_wait(delivered)?;
    let first = records.earliest(delivered) + ack_wait;
    Some(delivered.extended.iter().fold(first, |expires, extended| {
        if extended.at < expires { expires.max(extended.at + ack_wait) } else { expires }
    }))
}

/// Pairs of deliveries of one message that follow each other without a gap in the attempts.
fn successive<'s, 'a>(
    records: &'s Records<'a>,
) -> impl Iterator<Item = (MessageKey, &'s Delivered<'a>, &'s Delivered<'a>)> {
    records.messages.iter().flat_map(move |(key, places)| {
        let pairs = records.attempts(places).zip(records.attempts(places).skip(1));
        pairs
            .filter(|(one, next)| one.message.attempt + 1 == next.message.attempt)
            .map(move |(one, next)| (*key, one, next))
    })
}

/// Whether somebody who holds an earlier delivery of the message has asked for it: a nak names a sequence.
fn is_given_back_by_others(
    records: &Records<'_>,
    key: MessageKey,
    one: &Delivered<'_>,
    next: &Delivered<'_>,
) -> bool {
    let places = records.messages.get(&key).map_or(&[][..], Vec::as_slice);
    let others = records.attempts(places).filter(|other| other.point.order != one.point.order);
    let mut given_back = others.filter_map(Delivered::given_back);
    given_back.any(|point| point.order > one.ask.called.order && point.order < next.point.order)
}

pub(super) fn leases_exclusive(records: &Records<'_>) -> Found {
    let mut found = Found::new();
    for (key, one, next) in successive(records) {
        let asked_for = one.given_back().is_some_and(|point| point.order < next.point.order)
            || is_given_back_by_others(records, key, one, next)
            || records.crashed_between(one.point.order, next.point.order);
        let Some(expires) = expires(records, one).filter(|_| !asked_for) else {
            continue;
        };
        if next.point.at + TOLERANCE < expires {
            let early = expires.saturating_sub(next.point.at);
            let detail = format!("sequence {} came again {early:?} before its ack wait was over", key.1);
            found.push((detail, story::of_message(records, key, next.point.order)));
        }
    }
    found
}

pub(super) fn nak_delay_kept(records: &Records<'_>) -> Found {
    let mut found = Found::new();
    for (key, one, next) in successive(records) {
        let Some(settle) = one.settle.as_ref().filter(|settle| settle.succeeded.is_some()) else {
            continue;
        };
        let SettlementKind::Nak { delay: Some(delay) } = settle.kind else {
            continue;
        };
        // A late nak may have come after the redelivery by the ack wait.
        let in_time = expires(records, one).is_some_and(|expires| settle.called.at < expires);
        let due = settle.called.at + *delay;
        if in_time && next.point.at + TOLERANCE < due && !is_given_back_by_others(records, key, one, next) {
            let waited = next.point.at.saturating_sub(settle.called.at);
            let detail =
                format!("sequence {} came again after {waited:?}; the nak asked for {delay:?}", key.1);
            found.push((detail, story::of_message(records, key, next.point.order)));
        }
    }
    found
}

pub(super) fn settled_stays_settled(records: &Records<'_>) -> Found {
    let mut found = Found::new();
    for (key, places) in &records.messages {
        for one in records.attempts(places) {
            let Some(settle) = one.settle.as_ref().filter(|settle| ends(settle)) else {
                continue;
            };
            let again = records.attempts(places).find(|next| came_after(records, places, one, settle, next));
            if let Some(next) = again {
                let detail = format!(
                    "sequence {} came as attempt {} after it had been settled",
                    key.1, next.message.attempt
                );
                found.push((detail, story::of_message(records, *key, next.point.order)));
                break;
            }
        }
    }
    found
}

fn ends(settle: &Settle<'_>) -> bool {
    matches!(settle.kind, SettlementKind::Ack | SettlementKind::Term { .. }) && settle.succeeded.is_some()
}

/// Whether `next` proves that the settlement of `one` did not hold: it was handed out after it for certain.
fn came_after(
    records: &Records<'_>,
    places: &[usize],
    one: &Delivered<'_>,
    settle: &Settle<'_>,
    next: &Delivered<'_>,
) -> bool {
    let Some(settled) = settle.succeeded else {
        return false;
    };
    if next.point.order < settled.order || records.crashed_between(one.point.order, next.point.order) {
        return false;
    }
    if records.is_perhaps_from_before_a_crash(one) {
        return false;
    }
    // A plain one is handed over, and may be lost on its way.
    if !settle.confirmed && records.faulted_between(settle.called.order, next.point.order) {
        return false;
    }
    // Somebody else may have asked for the message again while this delivery was held.
    let given_back_since = records
        .attempts(places)
        .filter_map(Delivered::given_back)
        .any(|point| point.order > one.point.order && point.order < settled.order);
    let in_time =
        !given_back_since && expires(records, one).is_some_and(|expires| settled.at + TOLERANCE < expires);
    if next.ask.called.order < settled.order {
        // It may have been on its way, unless there was no reason to send it.
        return in_time;
    }
    // An unconfirmed settlement can be overtaken by a redelivery that was due, on the same connection too: a server puts
    // settlements in a queue, which another task works off.
    settle.confirmed || in_time
}
