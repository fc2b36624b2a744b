//! Whether the counters that were looked at can be true.
//!
//! A look takes time, others work meanwhile, and a broker may count a settlement or a publish a little late. So each
//! counter has bounds: the least is what must be counted, whatever the order within the look, and the most what may be.

use std::collections::BTreeSet;

use pubsub_core::{DeliverPolicy, Retention, SettlementKind};

use super::complete;
use super::life::{ConsumerFacts, ConsumerLife, StreamFacts, StreamLife};
use super::pending;
use super::records::{Delivered, Look, MessageKey, Publish, Records, Seen};
use super::story::{Found, of_delivery, of_publish};
use crate::history::counts::{ConsumerCounts, StreamCounts};

pub(super) fn counters_are_true(records: &Records<'_>) -> Found {
    let mut found = Found::new();
    if records.has_crashed() {
        return found;
    }
    for look in &records.looks {
        let fault = match look.seen {
            Seen::Consumer(life, counts) => of_consumer(records, look, life, counts),
            Seen::Stream(life, counts) => of_stream(records, look, life, counts),
        };
        if let Some((detail, mut proof)) = fault {
            proof.extend([look.called, look.ended]);
            proof.retain(|order| *order <= look.ended);
            found.push((detail, proof));
        }
    }
    found
}

type Fault = Option<(String, BTreeSet<usize>)>;

/// What is wrong with a counter that is outside its bounds.
fn outside(what: &str, counted: u64, least: usize, most: Option<usize>) -> Option<String> {
    if counted < least as u64 {
        return Some(format!("{counted} {what} were counted; there are at least {least}"));
    }
    most.filter(|most| counted > *most as u64)
        .map(|most| format!("{counted} {what} were counted; there are at most {most}"))
}

fn of_consumer(records: &Records<'_>, look: &Look, life: ConsumerLife, counts: ConsumerCounts) -> Fault {
    // Not one that was made while it was looked at, or changed on the way.
    let consumer =
        records.consumer(life).filter(|consumer| consumer.born < look.called && !consumer.changed)?;
    let quiet = is_quiet(records, life, look);
    deliveries(records, look, life, counts, quiet)
        .or_else(|| unsettled(records, look, (life, consumer), counts, quiet))
        .or_else(|| still_to_come(records, look, (life, consumer), counts))
}

/// Whether every delivery that the broker has made until the look is in the history: nothing was prefetched, dropped or
/// on its way.
fn is_quiet(records: &Records<'_>, life: ConsumerLife, look: &Look) -> bool {
    let mut until_then =
        records.asked.iter().filter(|asked| asked.consumer == life && asked.called < look.ended);
    until_then
        .all(|asked| !asked.is_subscription && asked.answered.is_some_and(|answered| answered < look.called))
}

/// The messages of a consumer that had come before the look, each with its deliveries until then, by attempt.
fn delivered_before<'s, 'a>(
    records: &'s Records<'a>,
    look: &Look,
    life: ConsumerLife,
) -> Vec<Vec<&'s Delivered<'a>>> {
    let of_life: std::ops::RangeInclusive<MessageKey> = (life, 0)..=(life, u64::MAX);
    let messages = records.messages.range(of_life).map(|(_, places)| {
        let before = records.attempts(places).filter(|delivered| delivered.point.order < look.called);
        before.collect::<Vec<_>>()
    });
    messages.filter(|deliveries| !deliveries.is_empty()).collect()
}

fn deliveries(
    records: &Records<'_>,
    look: &Look,
    life: ConsumerLife,
    counts: ConsumerCounts,
    quiet: bool,
) -> Fault {
    let before = delivered_before(records, look, life);
    let count = before.iter().map(Vec::len).sum();
    let last = before.iter().flatten().map(|delivered| delivered.message.stream_sequence).max().unwrap_or(0);
    let detail = outside("deliveries", counts.deliveries, count, quiet.then_some(count)).or_else(|| {
        (counts.last_delivered < last).then(|| {
            format!("sequence {} was called the last delivered; {last} was before", counts.last_delivered)
        })
    })?;
    Some((detail, before.iter().flatten().flat_map(|delivered| of_delivery(delivered)).collect()))
}

fn unsettled(
    records: &Records<'_>,
    look: &Look,
    (life, consumer): (ConsumerLife, &ConsumerFacts<'_>),
    counts: ConsumerCounts,
    quiet: bool,
) -> Fault {
    if !pending::can_tell(records, consumer) {
        return None;
    }
    let most_attempts = consumer.config.and_then(|config| config.max_deliver.at());
    let before = delivered_before(records, look, life);
    // By a delivery that came while it was looked, too.
    let ended = records
        .deliveries
        .iter()
        .filter(|delivered| delivered.ask.consumer == life && is_ended(delivered, look.ended, false));
    let ended: BTreeSet<u64> = ended.map(|delivered| delivered.message.stream_sequence).collect();
    let (mut least, mut most) = (0, 0);
    for deliveries in &before {
        // After its last attempt it counts until that has failed, and the history does not show when.
        let may_be_exhausted = deliveries
            .last()
            .is_some_and(|last| most_attempts.is_some_and(|most| last.message.attempt >= u64::from(most)));
        let may_be_settled =
            deliveries.last().is_some_and(|last| ended.contains(&last.message.stream_sequence));
        let is_settled = deliveries.iter().any(|delivered| is_ended(delivered, look.called, true));
        least += usize::from(!may_be_settled && !may_be_exhausted);
        most += usize::from(!is_settled);
    }
    let detail = outside("unsettled messages", counts.ack_pending, least, quiet.then_some(most))?;
    Some((detail, before.iter().flatten().flat_map(|delivered| of_delivery(delivered)).collect()))
}

/// Whether an ack or a term was made before that place; `surely`, whether the broker had confirmed it.
fn is_ended(delivered: &Delivered<'_>, order: usize, surely: bool) -> bool {
    delivered.settle.as_ref().is_some_and(|settle| {
        let ends = matches!(settle.kind, SettlementKind::Ack | SettlementKind::Term { .. });
        let point = if surely { settle.succeeded.filter(|_| settle.confirmed) } else { Some(settle.called) };
        ends && point.is_some_and(|point| point.order < order)
    })
}

/// Only the most is judged: a broker may count a message a little after its receipt.
fn still_to_come(
    records: &Records<'_>,
    look: &Look,
    (life, consumer): (ConsumerLife, &ConsumerFacts<'_>),
    counts: ConsumerCounts,
) -> Fault {
    let starts_at_a_known_place = consumer
        .config
        .is_some_and(|config| matches!(config.deliver, DeliverPolicy::All | DeliverPolicy::New));
    if !starts_at_a_known_place || !keeps_all(records, consumer.stream) {
        return None;
    }
    let published: Vec<_> = may_be_in(records, look, consumer.stream)
        .filter(|publish| {
            let sequence = publish.stored().map_or(0, |(_, sequence, _)| sequence);
            complete::concerns(records, consumer, publish, sequence)
        })
        .collect();
    let most = published.len().saturating_sub(delivered_before(records, look, life).len());
    let detail = outside("messages still to come", counts.pending, 0, Some(most))?;
    Some((detail, published.iter().flat_map(|publish| of_publish(publish)).collect()))
}

/// The publishes that may be in the stream when the look ends.
fn may_be_in<'s, 'a>(
    records: &'s Records<'a>,
    look: &Look,
    life: StreamLife,
) -> impl Iterator<Item = &'s Publish<'a>> {
    let ended = look.ended;
    records.publishes.iter().filter(move |publish| {
        let there = publish.stored().map_or_else(|| publish.may_be_stored(), |(stream, ..)| stream == life);
        there && publish.called.order < ended
    })
}

fn of_stream(records: &Records<'_>, look: &Look, life: StreamLife, counts: StreamCounts) -> Fault {
    let stored: Vec<_> = records
        .publishes
        .iter()
        .filter_map(|publish| Some((publish, publish.stored()?)))
        .filter(|(_, (stream, _, ended))| *stream == life && ended.order < look.called)
        .collect();
    let last = stored.iter().map(|(_, (_, sequence, _))| *sequence).max().unwrap_or(0);
    let detail = if counts.last_sequence < last {
        format!("sequence {} was called the last; {last} was stored before", counts.last_sequence)
    } else if keeps_all(records, life) {
        let most = may_be_in(records, look, life).count();
        outside("messages", counts.messages, stored.len(), Some(most))?
    } else {
        return None;
    };
    Some((detail, stored.iter().flat_map(|(publish, _)| of_publish(publish)).collect()))
}

/// Whether what was stored stays, whatever becomes of it.
fn keeps_all(records: &Records<'_>, life: StreamLife) -> bool {
    let stream = records.streams.get(life);
    let retention = stream.and_then(|stream| stream.config).map(|config| config.retention);
    retention == Some(Retention::Limits) && stream.is_some_and(StreamFacts::keeps_all)
}
