//! The messages of a stream by sequence.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use pubsub_core::{Headers, Subject};
use tokio::time::Instant;

use super::segment::{SEGMENT, Segment, Slot};
use super::stored::{Kept, Stored};
use super::subjects::SubjectIndex;
use super::tally::{RANGE, Tally};

/// A log with gaps, and the index of its subjects. It consists of the segments that hold a message, and the last one, so
/// that growing copies nothing and gaps cost nothing. A subject's text is kept once for all its messages.
#[derive(Debug, Default)]
pub(crate) struct Log {
    /// In the order of their numbers.
    segments: VecDeque<Box<Segment>>,
    /// An emptied segment, for the next one that is needed.
    spare: Option<Box<Segment>>,
    subjects: SubjectIndex,
    tally: Tally,
    /// When the first message was stored. The times of all are counted from it.
    origin: Option<Instant>,
    /// The lowest stored sequence; one above `last` if there is none.
    first: u64,
    /// The highest sequence ever given out.
    last: u64,
    messages: u64,
    bytes: u64,
    /// Whether a purge has set where it begins.
    is_set: bool,
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

    pub(crate) fn subjects(&self) -> &SubjectIndex {
        &self.subjects
    }

    /// The sequence of the next message, if there is one left.
    pub(crate) fn next_sequence(&self) -> Option<u64> {
        self.last.checked_add(1)
    }

    /// Appends at [`next_sequence`](Self::next_sequence), which the caller has seen to exist. Takes headers and payload.
    pub(crate) fn push(&mut self, message: &mut Stored, holders: u32) -> u64 {
        let cost = message.cost();
        let (headers, payload) = (std::mem::take(&mut message.headers), std::mem::take(&mut message.payload));
        self.push_parts(&message.subject, headers, payload, message.at, cost, holders)
    }

    /// The same for the parts of a message, which costs so many bytes.
    pub(crate) fn push_parts(
        &mut self,
        subject: &Subject,
        headers: Headers,
        payload: Bytes,
        at: Instant,
        cost: u64,
        holders: u32,
    ) -> u64 {
        let sequence = self.last.saturating_add(1);
        self.bytes += cost;
        let slot = Slot {
            payload,
            headers: if headers.is_empty() { None } else { Some(Arc::new(headers)) },
            at: self.count_time(at),
            subject: self.subjects.insert(subject, sequence),
            holders,
        };
        if self.messages == 0 {
            self.first = sequence;
        }
        self.open_segment(sequence / SEGMENT);
        if let Some(segment) = self.segments.back_mut() {
            segment.push(sequence, slot);
        }
        self.tally.add(sequence);
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

    /// Gives out all sequences up to this one without storing anything. `is_set` as a purge would.
    pub(crate) fn end_at(&mut self, last: u64, is_set: bool) {
        self.last = self.last.max(last);
        self.is_set = is_set;
        if self.messages == 0 {
            self.first = self.last.saturating_add(1);
        }
    }

    /// Whether a purge has set where it begins.
    pub(crate) fn is_set(&self) -> bool {
        self.is_set
    }

    pub(crate) fn get(&self, sequence: u64) -> Option<Kept<'_>> {
        let slot = self.segments.get(self.place(sequence / SEGMENT)?)?.get(sequence)?;
        self.kept(slot)
    }

    pub(crate) fn holders_mut(&mut self, sequence: u64) -> Option<&mut u32> {
        let place = self.place(sequence / SEGMENT)?;
        self.segments.get_mut(place)?.get_mut(sequence).map(|slot| &mut slot.holders)
    }

    /// Removes a message and returns its subject.
    pub(crate) fn remove(&mut self, sequence: u64) -> Option<Subject> {
        let place = self.place(sequence / SEGMENT)?;
        let segment = self.segments.get_mut(place)?;
        let slot = segment.remove(sequence)?;
        if segment.is_empty() && place + 1 < self.segments.len() {
            self.give_up(place);
        }
        let (subject, cost) = self.kept(&slot).map(|message| (message.subject.clone(), message.cost()))?;
        self.subjects.remove(slot.subject, sequence);
        self.tally.remove(sequence);
        self.messages -= 1;
        self.bytes -= cost;
        if sequence == self.first {
            let next = self.next_from(sequence.saturating_add(1)).map(|(next, _)| next);
            self.first = next.unwrap_or_else(|| self.last.saturating_add(1));
        }
        Some(subject)
    }

    /// Removes everything. The next sequence is one above the last, or `next` if that is higher.
    pub(crate) fn clear(&mut self, next: u64) {
        let last = self.last.max(next.saturating_sub(1));
        *self = Self { first: last.saturating_add(1), last, is_set: true, ..Self::default() };
    }

    /// The first stored message at this sequence or above.
    pub(crate) fn next_from(&self, sequence: u64) -> Option<(u64, Kept<'_>)> {
        let sequence = sequence.max(self.first);
        let place = self.place_from(sequence / SEGMENT);
        let segment = self.segments.get(place)?;
        if segment.number() == sequence / SEGMENT
            && let Some(slot) = segment.get(sequence)
        {
            return Some((sequence, self.kept(slot)?));
        }
        let found = segment.next_from(sequence);
        // Only the last segment can be empty.
        let (sequence, slot) = found.or_else(|| self.segments.get(place + 1)?.next_from(sequence))?;
        Some((sequence, self.kept(slot)?))
    }

    /// Hands the stored messages at this sequence or above to `visit`, in order, until it breaks: for many in a row, as they
    /// lie there.
    pub(crate) fn visit_from(&self, sequence: u64, mut visit: impl FnMut(u64, Kept<'_>) -> ControlFlow<()>) {
        let sequence = sequence.max(self.first);
        let Some(origin) = self.origin else { return };
        // Often the next one has the subject of before.
        let mut known: Option<(u32, &Subject)> = None;
        for segment in self.segments.iter().skip(self.place_from(sequence / SEGMENT)) {
            let flow = segment.visit_from(sequence, |sequence, slot| {
                let subject = match known {
                    Some((number, subject)) if number == slot.subject => subject,
                    _ => match self.subjects.subject(slot.subject) {
                        Some(subject) => subject,
                        None => return ControlFlow::Break(()),
                    },
                };
                known = Some((slot.subject, subject));
                visit(sequence, Kept::new(slot, subject, origin + Duration::from_nanos(slot.at)))
            });
            if flow.is_break() {
                return;
            }
        }
    }

    /// The last stored message at this sequence or below.
    pub(crate) fn previous_from(&self, sequence: u64) -> Option<(u64, Kept<'_>)> {
        let behind = self.place_from(sequence / SEGMENT).saturating_add(1).min(self.segments.len());
        let mut segments = self.segments.iter().take(behind).rev();
        let (sequence, slot) = segments.find_map(|segment| segment.previous_from(sequence))?;
        Some((sequence, self.kept(slot)?))
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
        let from_here = self.segments.iter().skip(self.place_from(sequence / SEGMENT));
        let near = from_here.take_while(|segment| segment.number() / (RANGE / SEGMENT) == sequence / RANGE);
        let near = near.map(|segment| segment.len() - segment.count_below(sequence)).sum::<u64>();
        near + self.tally.above(sequence)
    }

    /// The first message for which `is_past` is true of the time when it was stored; it is false for those before that.
    pub(crate) fn first_since(&self, is_past: impl Fn(Instant) -> bool) -> Option<u64> {
        let is_before = |slot: &Slot| self.time_of(slot).is_some_and(|at| !is_past(at));
        let begins_before =
            |segment: &Segment| segment.iter().next().is_some_and(|(_, slot)| is_before(slot));
        let behind = self.segments.partition_point(|segment| begins_before(segment));
        let segments = self.segments.iter().skip(behind.saturating_sub(1));
        let mut slots = segments.flat_map(|segment| segment.iter());
        slots.find(|(_, slot)| !is_before(slot)).map(|(sequence, _)| sequence)
    }

    /// All stored messages, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, Kept<'_>)> {
        let slots = self.segments.iter().flat_map(|segment| segment.iter());
        slots.filter_map(|(sequence, slot)| Some((sequence, self.kept(slot)?)))
    }

    fn kept<'a>(&'a self, slot: &'a Slot) -> Option<Kept<'a>> {
        Some(Kept::new(slot, self.subjects.subject(slot.subject)?, self.time_of(slot)?))
    }

    fn time_of(&self, slot: &Slot) -> Option<Instant> {
        Some(self.origin? + Duration::from_nanos(slot.at))
    }

    /// Nanoseconds since the first message. Time does not run backwards here.
    fn count_time(&mut self, at: Instant) -> u64 {
        let since = at.saturating_duration_since(*self.origin.get_or_insert(at));
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    }

    /// Sees to it that the last segment is the one of this number.
    fn open_segment(&mut self, number: u64) {
        match self.segments.back() {
            Some(last) if last.number() == number => return,
            Some(last) if last.is_empty() => self.give_up(self.segments.len() - 1),
            _ => {}
        }
        let mut segment = self.spare.take().unwrap_or_default();
        segment.begin(number, self.messages >= SEGMENT);
        self.segments.push_back(segment);
    }

    fn give_up(&mut self, place: usize) {
        self.spare = self.segments.remove(place);
    }

    /// Where the segment of this number is.
    fn place(&self, number: u64) -> Option<usize> {
        let place = self.place_from(number);
        (self.segments.get(place)?.number() == number).then_some(place)
    }

    /// Where the first segment of this number or above is.
    fn place_from(&self, number: u64) -> usize {
        let Some(first) = self.segments.front() else { return 0 };
        let distance = usize::try_from(number.saturating_sub(first.number())).unwrap_or(usize::MAX);
        // Numbers rise by one at least, so that a segment is at this distance or before it.
        let furthest = distance.min(self.segments.len() - 1);
        match self.segments.get(furthest) {
            Some(segment) if segment.number() == number => furthest,
            _ => self.segments.partition_point(|segment| segment.number() < number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OVERHEAD: u64 = 16;

    fn message() -> Stored {
        let subject = Subject::new("a").unwrap();
        Stored { subject, headers: Headers::new(), payload: Bytes::from_static(b"12"), at: Instant::now() }
    }

    fn push(log: &mut Log) -> u64 {
        log.push(&mut message(), 0)
    }

    fn log(messages: u64) -> Log {
        let mut log = Log::new();
        for _ in 0..messages {
            push(&mut log);
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
        assert_eq!(push(&mut log), 5);
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
            let above = plain.iter().filter(|sequence| **sequence >= from).count();
            assert_eq!(log.count_from(from), u64::try_from(above).unwrap(), "{from}");
        }
    }

    #[test]
    fn a_skipped_sequence_holds_nothing() {
        let mut log = log(1);
        assert_eq!(log.skip(), 2);
        assert_eq!(push(&mut log), 3);
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
        assert_eq!(push(&mut log), 5000);
        assert_eq!(sequences(&log), [5000]);
    }

    #[test]
    fn a_message_is_kept_as_it_was_pushed() {
        let mut headers = Headers::new();
        headers.append_received("a", "1").unwrap();
        let (begun, mut log) = (Instant::now(), Log::new());
        let later = begun + Duration::from_millis(7);
        log.push(&mut Stored { at: begun, ..message() }, 0);
        log.push(&mut Stored { at: later, headers: headers.clone(), ..message() }, 3);
        let kept = log.get(2).unwrap();
        assert_eq!((kept.subject.as_str(), kept.payload, kept.at), ("a", &Bytes::from_static(b"12"), later));
        assert_eq!((kept.headers, kept.hand_out().headers()), (&headers, &headers));
        assert_eq!(log.get(1).unwrap().headers, &Headers::new());
        assert_eq!(log.holders_mut(2).copied(), Some(3));
    }

    #[test]
    fn messages_are_found_by_the_time_when_they_were_stored() {
        let (begun, mut log) = (Instant::now(), Log::new());
        for number in 0..3 * SEGMENT {
            log.push(&mut Stored { at: begun + Duration::from_millis(number / 2), ..message() }, 0);
        }
        for removed in [1, 2, 3, 5].into_iter().chain(SEGMENT..=SEGMENT + 9) {
            log.remove(removed).unwrap();
        }
        for millis in 0..=3 * SEGMENT / 2 {
            let since = |at: Instant| at >= begun + Duration::from_millis(millis);
            let plain = log.iter().find(|(_, message)| since(message.at)).map(|(sequence, _)| sequence);
            assert_eq!(log.first_since(since), plain, "{millis}");
        }
    }

    #[test]
    fn gaps_take_no_room() {
        let mut log = log(1);
        for _ in 0..20 * SEGMENT {
            log.skip();
        }
        push(&mut log);
        for sequence in 2..20 * SEGMENT {
            assert!(log.remove(sequence).is_none());
        }
        assert_eq!((log.segments.len(), sequences(&log).len()), (2, 2));
        assert_eq!(log.next_from(2).map(|found| found.0), Some(20 * SEGMENT + 2));
        assert_eq!(log.previous_from(20 * SEGMENT).map(|found| found.0), Some(1));
    }

    #[test]
    fn a_stream_that_empties_uses_its_segment_again() {
        let mut log = Log::new();
        for _ in 0..3 * SEGMENT {
            let sequence = push(&mut log);
            log.remove(sequence).unwrap();
            assert_eq!(log.segments.len(), 1);
        }
    }

    #[test]
    fn the_highest_sequence_does_not_overflow() {
        let mut log = Log::new();
        log.clear(u64::MAX);
        assert_eq!(push(&mut log), u64::MAX);
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
