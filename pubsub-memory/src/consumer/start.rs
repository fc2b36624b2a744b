//! Where a new consumer starts.

use std::collections::VecDeque;

use pubsub_core::{DeliverPolicy, SubjectFilter};

use super::{Position, Selector};
use crate::clock::Clock;
use crate::stream::Messages;

/// The position that a deliver policy stands for (measured on nats-server 2.15.1).
pub(super) fn position(
    policy: DeliverPolicy,
    selector: &Selector,
    messages: &Messages,
    clock: &Clock,
) -> Position {
    let log = messages.log();
    let end = log.last().saturating_add(1);
    let cursor = match policy {
        DeliverPolicy::Last => match selector {
            // Without a filter it is the last sequence, even if that message is deleted.
            Selector::All => log.last().max(1),
            // Without a match everything: some message may match later.
            _ => messages.last(selector).unwrap_or(log.first()),
        },
        DeliverPolicy::LastPerSubject => {
            let picked = last_of_each(selector, messages);
            let cursor = if picked.is_empty() { log.last().max(1) } else { end };
            return Position::new(cursor, picked);
        }
        // A sequence beyond the end is waited for (nats-server 2.11 and newer).
        DeliverPolicy::FromSequence(sequence) => sequence.max(log.first()),
        DeliverPolicy::FromTime(time) => log
            .iter()
            .find(|(_, message)| clock.wall(message.at) >= time)
            .map_or(end, |(sequence, _)| sequence),
        DeliverPolicy::All => log.first(),
        // `New`; `known` has refused the rest.
        _ => end,
    };
    Position::new(cursor, VecDeque::new())
}

fn last_of_each(selector: &Selector, messages: &Messages) -> VecDeque<u64> {
    let all = [SubjectFilter::all()];
    let filters = selector.filters().unwrap_or(&all);
    let mut picked: Vec<u64> = filters
        .iter()
        .flat_map(|filter| messages.subjects().last_of_each(filter))
        .collect();
    picked.sort_unstable();
    picked.into()
}
