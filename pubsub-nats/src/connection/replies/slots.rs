//! Who waits for which answer: a table that never grows beyond what was waiting at once.

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::Answered;

/// A token is a serial number and a place in the table, so that a late answer never meets a later waiter.
const PLACE_BITS: u32 = 20;
const PLACES: u64 = 1 << PLACE_BITS;

pub(super) struct Slots<W> {
    places: Vec<Option<Waiting<W>>>,
    free: Vec<usize>,
    /// How many were taken out and have not left: they are being resolved.
    leaving: usize,
    serial: u64,
    flushes: Vec<Flush>,
    closed: bool,
    answered: Answered,
    /// Whether an answer has come since deadlines were looked at.
    is_answered: bool,
}

struct Waiting<W> {
    token: u64,
    waiter: W,
    deadline: Instant,
    /// Whether the request was handed to the connection; before that its caller is still in charge.
    sent: bool,
}

/// Someone who waits until all that waited before have left.
struct Flush {
    before: u64,
    remaining: usize,
    done: oneshot::Sender<()>,
}

impl<W> Slots<W> {
    pub(super) const fn new() -> Self {
        Self {
            places: Vec::new(),
            free: Vec::new(),
            leaving: 0,
            serial: 0,
            flushes: Vec::new(),
            closed: false,
            answered: Answered { newest: 0, last: None },
            is_answered: false,
        }
    }

    /// Adds a waiter, made for its token. `None` if the table is full.
    pub(super) fn insert(&mut self, deadline: Instant, waiter: impl FnOnce(u64) -> W) -> Option<u64> {
        let place = self.free.pop().unwrap_or(self.places.len());
        let number = u64::try_from(place).ok().filter(|number| *number < PLACES)?;
        self.serial += 1;
        let token = (self.serial << PLACE_BITS) | number;
        let waiting = Waiting { token, waiter: waiter(token), deadline, sent: false };
        match self.places.get_mut(place) {
            Some(empty) => *empty = Some(waiting),
            None => self.places.push(Some(waiting)),
        }
        Some(token)
    }

    /// Notes that a request was sent. After the close nobody looks after its waiter any more: it is taken out.
    pub(super) fn mark_sent(&mut self, token: u64) -> Option<W> {
        if self.closed {
            return self.take(token);
        }
        self.get_mut(token)?.sent = true;
        None
    }

    /// Notes that an answer has come. Its time is that of the next look at deadlines: a clock is not read for each.
    pub(super) fn mark_answered(&mut self, token: u64) {
        self.answered.newest = self.answered.newest.max(token);
        self.is_answered = true;
    }

    /// Takes out those that were sent, and lets no other wait.
    pub(super) fn close(&mut self) -> Vec<(u64, W)> {
        self.closed = true;
        self.take_where(|_| true)
    }

    /// Takes a waiter out, to be resolved. It has its place, and a flush waits for it, until it [leaves](Self::leave).
    pub(super) fn take(&mut self, token: u64) -> Option<W> {
        let place = place_of(token)?;
        self.places.get(place)?.as_ref().filter(|waiting| waiting.token == token)?;
        self.empty(place).map(|(_, waiter)| waiter)
    }

    /// One that was taken out is resolved. To be called once for each.
    pub(super) fn leave(&mut self, token: u64) {
        let Some(place) = place_of(token) else { return };
        self.leaving -= 1;
        self.free.push(place);
        let serial = token >> PLACE_BITS;
        for flush in self.flushes.iter_mut().filter(|flush| serial <= flush.before) {
            flush.remaining -= 1;
        }
        for flush in self.flushes.extract_if(.., |flush| flush.remaining == 0) {
            // Whoever waited may have given up.
            let _ = flush.done.send(());
        }
    }

    /// Takes out those that were sent and for which the condition holds.
    pub(super) fn take_where(&mut self, mut condition: impl FnMut(&W) -> bool) -> Vec<(u64, W)> {
        let mut taken = Vec::new();
        for place in 0..self.places.len() {
            let leaves = self
                .places
                .get(place)
                .and_then(Option::as_ref)
                .is_some_and(|waiting| waiting.sent && condition(&waiting.waiter));
            if leaves {
                taken.extend(self.empty(place));
            }
        }
        taken
    }

    /// Takes out those whose time is over, but for those that are given more.
    pub(super) fn take_due(
        &mut self,
        now: Instant,
        mut more: impl FnMut(&mut W, u64, Answered) -> Option<Instant>,
    ) -> Vec<(u64, W)> {
        if std::mem::take(&mut self.is_answered) {
            self.answered.last = Some(now);
        }
        let (mut taken, answered) = (Vec::new(), self.answered);
        for place in 0..self.places.len() {
            let Some(waiting) = self.places.get_mut(place).and_then(Option::as_mut) else { continue };
            if !waiting.sent || waiting.deadline > now {
                continue;
            }
            match more(&mut waiting.waiter, waiting.token, answered) {
                Some(later) => waiting.deadline = later,
                None => taken.extend(self.empty(place)),
            }
        }
        taken
    }

    /// Gives a waiter more time, if it is there and says until when.
    pub(super) fn postpone(
        &mut self,
        token: u64,
        until: impl FnOnce(&mut W) -> Option<Instant>,
    ) -> Option<bool> {
        let waiting = self.get_mut(token)?;
        let until = until(&mut waiting.waiter);
        waiting.deadline = until.unwrap_or(waiting.deadline);
        Some(until.is_some())
    }

    /// The tokens of those that were sent and fulfil the condition, in the order of their insertion.
    pub(super) fn select(&mut self, mut condition: impl FnMut(&mut W) -> bool) -> Vec<u64> {
        let sent = self.places.iter_mut().flatten().filter(|waiting| waiting.sent);
        let mut tokens: Vec<u64> =
            sent.filter_map(|it| condition(&mut it.waiter).then_some(it.token)).collect();
        // A token begins with its serial number.
        tokens.sort_unstable();
        tokens
    }

    pub(super) fn get(&self, token: u64) -> Option<&W> {
        let waiting = self.places.get(place_of(token)?)?.as_ref()?;
        (waiting.token == token).then_some(&waiting.waiter)
    }

    /// How many of those that were sent fulfil the condition.
    pub(super) fn count(&self, condition: impl Fn(&W) -> bool) -> usize {
        let waiting = self.places.iter().flatten();
        waiting.filter(|waiting| waiting.sent && condition(&waiting.waiter)).count()
    }

    pub(super) fn len(&self) -> usize {
        self.places.len() - self.free.len() - self.leaving
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Resolves when all that wait now have left.
    pub(super) fn flush(&mut self) -> oneshot::Receiver<()> {
        let (done, flushed) = oneshot::channel();
        let remaining = self.places.len() - self.free.len();
        if remaining == 0 {
            // Nobody may have dropped the receiver yet.
            let _ = done.send(());
        } else {
            self.flushes.push(Flush { before: self.serial, remaining, done });
        }
        flushed
    }

    fn get_mut(&mut self, token: u64) -> Option<&mut Waiting<W>> {
        self.places.get_mut(place_of(token)?)?.as_mut().filter(|waiting| waiting.token == token)
    }

    fn empty(&mut self, place: usize) -> Option<(u64, W)> {
        let Waiting { token, waiter, .. } = self.places.get_mut(place)?.take()?;
        self.leaving += 1;
        Some((token, waiter))
    }
}

fn place_of(token: u64) -> Option<usize> {
    usize::try_from(token % PLACES).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn later() -> Instant {
        Instant::now() + std::time::Duration::from_secs(1)
    }

    #[test]
    fn a_late_answer_does_not_meet_the_next_waiter_of_its_place() {
        let mut slots = Slots::new();
        let first = slots.insert(later(), |_| "first").unwrap();
        assert_eq!(slots.take(first), Some("first"));
        slots.leave(first);
        let second = slots.insert(later(), |_| "second").unwrap();
        assert_eq!(slots.take(first), None);
        assert_eq!(slots.take(second), Some("second"));
        assert_eq!(slots.places.len(), 1);
        assert!(slots.is_empty());
    }

    #[test]
    fn only_what_was_sent_is_taken_in_bulk() {
        let mut slots = Slots::new();
        let sent = slots.insert(later(), |_| "sent").unwrap();
        slots.insert(later(), |_| "unsent").unwrap();
        slots.mark_sent(sent);
        assert_eq!(slots.take_where(|_| true), [(sent, "sent")]);
    }

    #[test]
    fn what_is_given_more_time_stays() {
        let mut slots = Slots::new();
        let tokens: Vec<u64> =
            ["ends", "goes on"].map(|name| slots.insert(later(), |_| name).unwrap()).into();
        tokens.iter().for_each(|token| assert_eq!(slots.mark_sent(*token), None));
        assert_eq!(slots.select(|_| true), tokens);
        let now = later();
        let more =
            |waiter: &mut &str, _, _| (*waiter == "goes on").then(|| now + std::time::Duration::from_secs(1));
        assert_eq!(slots.take_due(now, more), [(tokens[0], "ends")]);
        assert!(slots.take_due(now, |_, _, _| None).is_empty());
        assert_eq!(slots.get(tokens[1]), Some(&"goes on"));
        assert_eq!(slots.postpone(tokens[1], |_| Some(now)), Some(true));
        assert_eq!(slots.take_due(now, |_, _, _| None), [(tokens[1], "goes on")]);
        assert_eq!(slots.postpone(tokens[1], |_| Some(now)), None);
    }

    #[test]
    fn what_was_answered_is_known_at_the_next_look() {
        let mut slots = Slots::new();
        let tokens: Vec<u64> = [1, 2].map(|name| slots.insert(later(), |_| name).unwrap()).into();
        tokens.iter().for_each(|token| assert_eq!(slots.mark_sent(*token), None));
        slots.mark_answered(tokens[1]);
        slots.take(tokens[1]);
        let (now, mut seen) = (later(), Answered::default());
        slots.take_due(now, |_, token, answered| {
            assert_eq!(token, tokens[0]);
            seen = answered;
            None
        });
        assert!(seen.is_beyond(tokens[0]) && !seen.is_beyond(tokens[1]));
        let second = std::time::Duration::from_secs(1);
        assert!(!seen.is_silent_for(second, now) && seen.is_silent_for(second, now + second));
    }

    #[test]
    fn a_flush_waits_for_those_before_it_only() {
        let mut slots = Slots::new();
        let before = slots.insert(later(), |_| 1).unwrap();
        let mut flushed = slots.flush();
        let after = slots.insert(later(), |_| 2).unwrap();
        slots.take(after);
        slots.leave(after);
        assert!(flushed.try_recv().is_err());
        slots.take(before);
        slots.leave(before);
        assert!(flushed.try_recv().is_ok());
    }

    #[test]
    fn a_flush_waits_for_what_is_being_resolved() {
        let mut slots = Slots::new();
        let token = slots.insert(later(), |_| 1).unwrap();
        slots.take(token);
        let mut flushed = slots.flush();
        assert!(slots.is_empty() && flushed.try_recv().is_err());
        slots.leave(token);
        assert!(flushed.try_recv().is_ok());
    }

    #[test]
    fn a_flush_of_nothing_is_done() {
        assert!(Slots::<()>::new().flush().try_recv().is_ok());
    }

    #[test]
    fn hostile_tokens_are_nobodys() {
        let mut slots = Slots::new();
        slots.insert(later(), |_| 1).unwrap();
        for token in [0, 1, 2 * PLACES, u64::MAX] {
            assert_eq!(slots.take(token), None);
        }
    }
}
