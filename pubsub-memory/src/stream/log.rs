//! The messages of a stream by sequence.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use pubsub_core::{Headers, Subject};
use tokio::time::Instant;

/// How many sequences one segment covers.
const SEGMENT: u64 = 1024;

/// What a message costs besides its parts, as nats-server's memory storage counts it.
const OVERHEAD: u64 = 16;

/// One stored message. Shared between the log and its deliveries.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) subject: Subject,
    pub(crate) headers: Headers,
    pub(crate) payload: Bytes,
    pub(crate) at: Instant,
}

impl Stored {
    /// The bytes that count against a stream's `max_bytes`.
    pub(crate) fn cost(&self) -> u64 {
        count(self.subject.as_str().len()) + self.size() + OVERHEAD
    }

    /// The message with its size, in the header `Nats-Msg-Size`, in place of its payload.
    pub(crate) fn without_payload(&self) -> Self {
        let mut headers = self.headers.clone();
        // The name and a number: neither is ever refused.
        let _ = headers.append_received("Nats-Msg-Size", &self.payload.len().to_string());
        Self { subject: self.subject.clone(), headers, payload: Bytes::new(), at: self.at }
    }

    /// The bytes of headers and payload.
    pub(crate) fn size(&self) -> u64 {
        let headers = if self.headers.is_empty() { 0 } else { self.headers.wire_len() };
        count(headers + self.payload.len())
    }
}

/// A log with gaps. Segments of fixed size, so that growing copies little and emptied ones cost nothing.
#[derive(Debug, Default)]
pub(crate) struct Log {
    segments: VecDeque<Segment>,
    /// The number of the first segment: its first sequence is `base * SEGMENT`.
    base: u64,
    /// The lowest stored sequence; one above `last` if there is none.
    first: u64,
    /// The highest sequence ever given out.
    last: u64,
    messages: u64,
    bytes: u64,
    /// Whether a purge has set where it begins.
    is_set: bool,
}

#[derive(Debug, Default)]
struct Segment {
    slots: Vec<Slot>,
    live: u64,
}

#[derive(Debug, Default, Clone)]
struct Slot {
    message: Option<Arc<Stored>>,
    /// Under interest retention: how many consumers have not settled it yet.
    holders: u32,
}

impl Log {
    pub(crate) fn new() -> Self {
        Self { first: 1, ..Self::default() }
    }

    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    /// Whether it has no first sequence: none was given out, and nothing was purged (measured on nats-server 2.15.1).
    pub(crate) fn is_new(&self) -> bool {
        self.last == 0 && !self.is_set
    }

    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    pub(crate) fn len(&self) -> u64 {
        self.messages
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The sequence of the next message, if there is one left.
    pub(crate) fn next_sequence(&self) -> Option<u64> {
        self.last.checked_add(1)
    }

    /// Appends at [`next_sequence`](Self::next_sequence), which the caller has seen to exist.
    pub(crate) fn push(&mut self, message: Arc<Stored>, holders: u32) -> u64 {
        let sequence = self.last.saturating_add(1);
        let number = sequence / SEGMENT;
        if self.messages == 0 {
            self.segments.clear();
            self.base = number;
            self.first = sequence;
        }
        while self.base + count(self.segments.len()) <= number {
            self.segments.push_back(Segment::default());
        }
        self.bytes += message.cost();
        if let Some(segment) = self.segments.back_mut() {
            // Sequences that were skipped leave empty slots.
            segment.slots.resize(index(sequence % SEGMENT), Slot::default());
            segment.slots.push(Slot { message: Some(message), holders });
            segment.live += 1;
        }
        self.messages += 1;
        self.last = sequence;
        sequence
    }

    /// Gives out a sequence without storing anything.
    pub(crate) fn skip(&mut self) -> u64 {
        self.last = self.last.saturating_add(1);
        if self.messages == 0 {
            self.first = self.last.saturating_add(1);
        }
        self.last
    }

    pub(crate) fn get(&self, sequence: u64) -> Option<&Arc<Stored>> {
        let (segment, slot) = self.locate(sequence)?;
        self.segments.get(segment)?.slots.get(slot)?.message.as_ref()
    }

    pub(crate) fn holders_mut(&mut self, sequence: u64) -> Option<&mut u32> {
        let (segment, slot) = self.locate(sequence)?;
        let slot = self.segments.get_mut(segment)?.slots.get_mut(slot)?;
        slot.message.is_some().then_some(&mut slot.holders)
    }

    pub(crate) fn remove(&mut self, sequence: u64) -> Option<Arc<Stored>> {
        let (number, slot) = self.locate(sequence)?;
        let is_last_segment = number + 1 == self.segments.len();
        let segment = self.segments.get_mut(number)?;
        let message = segment.slots.get_mut(slot)?.message.take()?;
        segment.live -= 1;
        if segment.live == 0 && !is_last_segment {
            segment.slots = Vec::new();
        }
        self.messages -= 1;
        self.bytes -= message.cost();
        if sequence == self.first {
            self.first = self
                .next_from(sequence.saturating_add(1))
                .map_or(self.last.saturating_add(1), |(next, _)| next);
        }
        while self.segments.len() > 1 && self.segments.front().is_some_and(|segment| segment.live == 0) {
            self.segments.pop_front();
            self.base += 1;
        }
        Some(message)
    }

    /// Removes everything. The next sequence is one above the last, or `next` if that is higher.
    pub(crate) fn clear(&mut self, next: u64) {
        let last = self.last.max(next.saturating_sub(1));
        *self = Self { first: last.saturating_add(1), last, is_set: true, ..Self::default() };
    }

    /// The first stored message at this sequence or above.
    pub(crate) fn next_from(&self, sequence: u64) -> Option<(u64, &Arc<Stored>)> {
        let mut sequence = sequence.max(self.first);
        while sequence <= self.last {
            let (number, slot) = self.locate(sequence)?;
            let segment = self.segments.get(number)?;
            if segment.live > 0 {
                let tail = segment.slots.get(slot..).unwrap_or_default();
                let live =
                    tail.iter().enumerate().find_map(|(ahead, slot)| Some((ahead, slot.message.as_ref()?)));
                if let Some((ahead, message)) = live {
                    return Some((sequence + count(ahead), message));
                }
            }
            sequence = (sequence / SEGMENT + 1).checked_mul(SEGMENT)?;
        }
        None
    }

    /// The last stored message at this sequence or below.
    pub(crate) fn previous_from(&self, sequence: u64) -> Option<(u64, &Arc<Stored>)> {
        let mut sequence = sequence.min(self.last);
        while sequence >= self.first && self.messages > 0 {
            if let Some((number, slot)) = self.locate(sequence)
                && let Some(segment) = self.segments.get(number)
                && segment.live > 0
            {
                let head = segment.slots.get(..=slot).unwrap_or(&segment.slots);
                let begin = sequence - sequence % SEGMENT;
                let live =
                    head.iter().enumerate().rev().find_map(|(at, slot)| Some((at, slot.message.as_ref()?)));
                if let Some((at, message)) = live {
                    return Some((begin + count(at), message));
                }
            }
            sequence = (sequence - sequence % SEGMENT).checked_sub(1)?;
        }
        None
    }

    /// How many messages are stored at this sequence or above.
    pub(crate) fn count_from(&self, sequence: u64) -> u64 {
        if sequence <= self.first {
            return self.messages;
        }
        if sequence > self.last {
            return 0;
        }
        if self.messages == self.last - self.first + 1 {
            return self.last - sequence + 1;
        }
        let Some((number, slot)) = self.locate(sequence) else {
            return 0;
        };
        let begun = self.segments.get(number).map_or(0, |segment| {
            let tail = segment.slots.get(slot..).unwrap_or_default();
            count(tail.iter().filter(|slot| slot.message.is_some()).count())
        });
        begun + self.segments.iter().skip(number + 1).map(|segment| segment.live).sum::<u64>()
    }

    /// All stored messages, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, &Arc<Stored>)> {
        self.segments.iter().enumerate().flat_map(move |(number, segment)| {
            let begin = (self.base + count(number)) * SEGMENT;
            let slots = segment.slots.iter().enumerate();
            slots.filter_map(move |(at, slot)| Some((begin + count(at), slot.message.as_ref()?)))
        })
    }

    fn locate(&self, sequence: u64) -> Option<(usize, usize)> {
        let number = (sequence / SEGMENT).checked_sub(self.base)?;
        Some((index(number), index(sequence % SEGMENT)))
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> Arc<Stored> {
        let subject = Subject::new("a").unwrap();
        Arc::new(Stored {
            subject,
            headers: Headers::new(),
            payload: Bytes::from_static(b"12"),
            at: Instant::now(),
        })
    }

    fn log(messages: u64) -> Log {
        let mut log = Log::new();
        for _ in 0..messages {
            log.push(message(), 0);
        }
        log
    }

    fn sequences(log: &Log) -> Vec<u64> {
        log.iter().map(|(sequence, _)| sequence).collect()
    }

    #[test]
    fn sequences_begin_with_one_and_rise_over_segments() {
        let log = log(3 * SEGMENT);
        assert_eq!((log.first(), log.last(), log.len()), (1, 3 * SEGMENT, 3 * SEGMENT));
        assert_eq!(sequences(&log), (1..=3 * SEGMENT).collect::<Vec<_>>());
        assert_eq!(log.bytes(), 3 * SEGMENT * (1 + 2 + OVERHEAD));
    }

    #[test]
    fn gaps_stay_and_the_first_moves_over_them() {
        let mut log = log(4);
        log.remove(2).unwrap();
        log.remove(3).unwrap();
        assert_eq!((log.first(), log.len()), (1, 2));
        log.remove(1).unwrap();
        assert_eq!(log.first(), 4);
        assert!(log.remove(1).is_none() && log.get(2).is_none());
        log.remove(4).unwrap();
        assert_eq!((log.first(), log.last(), log.bytes()), (5, 4, 0));
        assert_eq!(log.push(message(), 0), 5);
    }

    #[test]
    fn searching_and_counting_agree_with_a_plain_list() {
        let mut log = log(5 * SEGMENT);
        for sequence in (1..=5 * SEGMENT).filter(|sequence| sequence % 3 != 0 || *sequence / SEGMENT == 2) {
            log.remove(sequence);
        }
        log.skip();
        let plain = sequences(&log);
        for from in (0..=5 * SEGMENT + 3).step_by(7) {
            let next = plain.iter().find(|sequence| **sequence >= from).copied();
            let previous = plain.iter().rfind(|sequence| **sequence <= from).copied();
            assert_eq!(log.next_from(from).map(|found| found.0), next, "{from}");
            assert_eq!(log.previous_from(from).map(|found| found.0), previous, "{from}");
            assert_eq!(log.count_from(from), count(plain.iter().filter(|s| **s >= from).count()), "{from}");
        }
    }

    #[test]
    fn a_skipped_sequence_holds_nothing() {
        let mut log = log(1);
        assert_eq!(log.skip(), 2);
        assert_eq!(log.push(message(), 0), 3);
        assert_eq!(sequences(&log), [1, 3]);
        let mut empty = Log::new();
        empty.skip();
        assert_eq!((empty.first(), empty.last(), empty.len()), (2, 1, 0));
    }

    #[test]
    fn clearing_keeps_the_sequence_or_jumps_ahead() {
        let mut log = log(10);
        log.clear(0);
        assert_eq!((log.first(), log.last(), log.len(), log.bytes()), (11, 10, 0, 0));
        log.clear(5000);
        assert_eq!(log.push(message(), 0), 5000);
        assert_eq!(sequences(&log), [5000]);
    }

    #[test]
    fn the_highest_sequence_does_not_overflow() {
        let mut log = Log::new();
        log.clear(u64::MAX);
        assert_eq!(log.push(message(), 0), u64::MAX);
        assert_eq!(log.next_sequence(), None);
        assert_eq!(log.next_from(u64::MAX).map(|found| found.0), Some(u64::MAX));
        log.remove(u64::MAX).unwrap();
        assert_eq!(log.next_from(0).map(|found| found.0), None);
    }

    #[test]
    fn emptied_segments_are_given_up() {
        let mut log = log(4 * SEGMENT);
        for sequence in 1..=3 * SEGMENT {
            log.remove(sequence);
        }
        assert!(log.segments.len() <= 2, "{}", log.segments.len());
    }
}
