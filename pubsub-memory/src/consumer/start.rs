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
            // Without a filter it is the last sequence, even if that message is deleted; in an empty stream the next one.
            Selector::All => log.last().max(log.first()).max(1),
            // Without a match everything: some message may match later.
            _ => messages.last(selector).unwrap_or(log.first()),
        },
        DeliverPolicy::LastPerSubject => {
            let picked = last_of_each(selector, messages);
            let cursor = if picked.is_empty() { log.last().max(log.first()) } else { end };
            return Position::new(cursor, picked);
        }
        // A sequence beyond the end is waited for (nats-server 2.11 and newer).
        DeliverPolicy::FromSequence(sequence) => sequence.max(log.first()),
        DeliverPolicy::FromTime(time) => {
            let cursor = log.first_since(|at| clock.wall(at) >= time).unwrap_or(end);
            nearest_first(selector, messages, cursor)
        }
        DeliverPolicy::All => log.first(),
        // `New`; `known` has refused the rest.
        _ => end,
    };
    Position::new(cursor, VecDeque::new())
}

/// Where a filtered consumer starts if its first messages of all are later than `cursor`: with the first of these, unless
/// that is the end of the stream. It skips nothing, and shows in the counters.
fn nearest_first(selector: &Selector, messages: &Messages, cursor: u64) -> u64 {
    let (first, last) = (messages.log().first(), messages.log().last());
    let firsts = selector.filters().unwrap_or_default().iter().filter_map(|filter| {
        let only = Selector::Wildcards(vec![filter.clone()]);
        messages.next(&only, first).map(|(sequence, _)| sequence)
    });
    let nearest = firsts.filter(|sequence| *sequence > cursor && *sequence < last).min();
    nearest.unwrap_or(cursor)
}

fn last_of_each(selector: &Selector, messages: &Messages) -> VecDeque<u64> {
    let all = [SubjectFilter::all()];
    let filters = selector.filters().unwrap_or(&all);
    let mut picked: Vec<u64> =
        filters.iter().flat_map(|filter| messages.subjects().last_of_each(filter)).collect();
    picked.sort_unstable();
    picked.into()
}
