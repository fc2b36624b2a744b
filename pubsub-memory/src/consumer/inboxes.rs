//! The subscriptions of a consumer: [`Inboxes`].

use std::collections::VecDeque;
use std::sync::{Arc, MutexGuard};
use std::task::Waker;
use std::time::Duration;

use tokio::time::Instant;

use super::row::Takes;
use super::{Asker, Inbox, Taken};
use crate::clock::after;
use crate::stream::{Effects, Kept};

/// How long a subscription that nobody polls goes on asking. The requests of the NATS backend live as long.
const REQUEST: Duration = Duration::from_secs(30);

/// All subscriptions, in the order of their turns.
#[derive(Debug, Default)]
pub(crate) struct Inboxes {
    line: VecDeque<Seat>,
}

/// What the consumer knows of a subscription, under the stream's lock.
#[derive(Debug)]
struct Seat {
    inbox: Arc<Inbox>,
    /// Messages that may still be delivered.
    asked: usize,
    /// Until when that holds if nobody waits.
    until: Option<Instant>,
    /// Who waits for the next message. There is none while something is held.
    waker: Option<Waker>,
    /// When who waits looks again by itself.
    again: Option<Instant>,
}

/// What a subscription finds under the lock of its stream.
#[derive(Debug)]
pub(crate) enum Next {
    Taken(Taken),
    /// Nothing is there. The waker is kept; look again at this time at the latest.
    Wait(Option<Instant>),
}

/// The only subscription, while many messages in a row are delivered to it: its arrivals are locked once for all.
#[derive(Debug)]
pub(super) struct Only<'a> {
    arrivals: MutexGuard<'a, VecDeque<Taken>>,
    asked: &'a mut usize,
    until: &'a mut Option<Instant>,
    waker: &'a mut Option<Waker>,
    woken: Option<Waker>,
}

/// All subscriptions, while many messages in a row are delivered to them in turn.
#[derive(Debug)]
pub(super) struct InTurn<'a> {
    inboxes: &'a mut Inboxes,
    woken: Vec<Waker>,
}

/// Whether a subscription has to ask for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Nothing,
    /// It has no request.
    Request,
    /// Its request gets larger.
    More,
}

impl Inboxes {
    pub(crate) fn is_empty(&self) -> bool {
        self.line.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.line.len()
    }

    /// Adds one that is not there yet.
    pub(crate) fn add(&mut self, inbox: &Arc<Inbox>) {
        if self.seat(inbox).is_none() {
            let inbox = Arc::clone(inbox);
            self.line.push_back(Seat { inbox, asked: 0, until: None, waker: None, again: None });
        }
    }

    pub(crate) fn of_connection(&self, connection: u64) -> Vec<Arc<Inbox>> {
        let theirs = self.line.iter().filter(|seat| seat.inbox.connection() == connection);
        theirs.map(|seat| Arc::clone(&seat.inbox)).collect()
    }

    /// Forgets a request that is over. Returns whether one is to be made now, and whether it comes on top of another.
    pub(crate) fn needs(&mut self, inbox: &Inbox, now: Instant) -> Need {
        let Some(seat) = self.seat(inbox) else {
            return Need::Nothing;
        };
        let is_over = !seat.is_asking(now);
        if is_over {
            seat.asked = 0;
        }
        match (inbox.wants(is_over), seat.asked) {
            (false, _) => Need::Nothing,
            (true, 0) => Need::Request,
            (true, _) => Need::More,
        }
    }

    /// Asks for as much as there is room for.
    pub(crate) fn ask(&mut self, inbox: &Inbox, now: Instant) {
        if let Some(seat) = self.seat(inbox) {
            seat.asked = inbox.ask();
            seat.until = Some(after(now, REQUEST));
        }
    }

    /// Leaves the waker, of somebody who has found nothing and looks again by itself at that time.
    pub(crate) fn wait(&mut self, inbox: &Inbox, waker: &Waker, again: Option<Instant>) {
        if let Some(seat) = self.seat(inbox) {
            match &mut seat.waker {
                Some(known) => known.clone_from(waker),
                None => seat.waker = Some(waker.clone()),
            }
            seat.again = again;
        }
    }

    /// Takes a subscription out, wakes who waits, and gives what was not taken.
    pub(super) fn end(&mut self, inbox: &Inbox, effects: &mut Effects) -> VecDeque<Taken> {
        if let Some(place) = self.line.iter().position(|seat| seat.inbox.id() == inbox.id())
            && let Some(waker) = self.line.remove(place).and_then(|seat| seat.waker)
        {
            effects.wake(waker);
        }
        inbox.end()
    }

    /// Whether a message may be delivered to one of them.
    pub(super) fn is_asking(&self, now: Instant) -> bool {
        self.line.iter().any(|seat| seat.is_asking(now))
    }

    /// How many requests there are.
    pub(super) fn asking(&self, now: Instant) -> usize {
        self.line.iter().filter(|seat| seat.is_asking(now)).count()
    }

    /// Whether there are requests, those that are over included.
    pub(crate) fn have_asked(&self) -> bool {
        self.line.iter().any(|seat| seat.asked > 0)
    }

    /// How many messages may still be delivered to all of them.
    pub(super) fn asked(&self) -> usize {
        self.line.iter().map(|seat| seat.asked).sum()
    }

    /// Delivers to the one whose turn it is, which then goes to the end of the line. Returns who waits there.
    #[must_use]
    pub(super) fn deliver(&mut self, taken: Taken, now: Instant) -> Option<Waker> {
        let place = self.line.iter().position(|seat| seat.is_asking(now))?;
        let waker = self.line.get_mut(place).and_then(|seat| seat.deliver(taken, now));
        if self.line.len() > 1
            && let Some(seat) = self.line.remove(place)
        {
            self.line.push_back(seat);
        }
        waker
    }

    /// The only one, if there are no others.
    pub(super) fn only(&mut self) -> Option<Only<'_>> {
        if self.line.len() != 1 {
            return None;
        }
        let Seat { inbox, asked, until, waker, .. } = self.line.front_mut()?;
        Some(Only { arrivals: inbox.arrivals(), asked, until, waker, woken: None })
    }

    /// All of them.
    pub(super) fn in_turn(&mut self) -> InTurn<'_> {
        InTurn { inboxes: self, woken: Vec::new() }
    }

    /// Which of them may be delivered to, and who they are.
    pub(super) fn askers(&self, now: Instant) -> impl Iterator<Item = (u64, Asker)> + '_ {
        let asking = self.line.iter().filter(move |seat| seat.is_asking(now));
        asking.map(|seat| (seat.inbox.id(), seat.inbox.asker()))
    }

    /// Whether somebody waits for one of this handle.
    pub(super) fn polls(&self, handle: u64) -> bool {
        self.line.iter().any(|seat| seat.waker.is_some() && seat.inbox.asker().handle == handle)
    }

    /// Delivers to this one, which then goes to the end of the line. Returns who waits there.
    #[must_use]
    pub(super) fn deliver_to(&mut self, id: u64, taken: Taken, now: Instant) -> Option<Waker> {
        let place = self.line.iter().position(|seat| seat.inbox.id() == id)?;
        let mut seat = self.line.remove(place)?;
        let waker = seat.deliver(taken, now);
        self.line.push_back(seat);
        waker
    }

    pub(super) fn are_waited_on(&self) -> bool {
        self.line.iter().any(|seat| seat.waker.is_some())
    }

    /// When the last request is over by itself.
    pub(super) fn ask_until(&self) -> Option<Instant> {
        self.line.iter().filter(|seat| seat.asked > 0).filter_map(|seat| seat.until).max()
    }

    /// Lets all who wait look again, and wait on if there is nothing.
    pub(super) fn wake_all(&self, effects: &mut Effects) {
        let wakers = self.line.iter().filter_map(|seat| seat.waker.as_ref());
        wakers.for_each(|waker| effects.wake(waker.clone()));
    }

    /// Lets those who wait without a request make one.
    pub(crate) fn wake_refused(&mut self, effects: &mut Effects) {
        for seat in &mut self.line {
            if seat.asked == 0
                && let Some(waker) = seat.waker.take()
            {
                effects.wake(waker);
            }
        }
    }

    /// Sees to it that all who wait look again at that time: one that does not come back must not hold up the others.
    pub(super) fn be_awake_at(&mut self, due: Instant, effects: &mut Effects) {
        for seat in &mut self.line {
            if let Some(waker) = &seat.waker
                && seat.again.is_none_or(|again| again > due)
            {
                effects.wake(waker.clone());
                seat.again = Some(due);
            }
        }
    }

    fn seat(&mut self, inbox: &Inbox) -> Option<&mut Seat> {
        self.line.iter_mut().find(|seat| seat.inbox.id() == inbox.id())
    }
}

impl Takes for Only<'_> {
    fn asks(&mut self, at: Instant, _: Kept<'_>) -> bool {
        *self.asked > 0 && (self.waker.is_some() || self.until.is_some_and(|until| at < until))
    }

    fn take(&mut self, taken: Taken, at: Instant) {
        self.arrivals.push_back(taken);
        *self.asked = self.asked.saturating_sub(1);
        if let Some(waker) = self.waker.take() {
            // While somebody waited, the request was renewed.
            *self.until = Some(after(at, REQUEST));
            self.woken = Some(waker);
        }
    }
}

impl Only<'_> {
    /// Who has waited.
    pub(super) fn into_woken(self) -> Option<Waker> {
        self.woken
    }
}

impl Takes for InTurn<'_> {
    fn asks(&mut self, at: Instant, _: Kept<'_>) -> bool {
        self.inboxes.is_asking(at)
    }

    fn take(&mut self, taken: Taken, at: Instant) {
        self.woken.extend(self.inboxes.deliver(taken, at));
    }
}

impl InTurn<'_> {
    /// Who has waited.
    pub(super) fn into_woken(self) -> Vec<Waker> {
        self.woken
    }
}

impl Seat {
    /// Whether a message may be delivered here now.
    fn is_asking(&self, now: Instant) -> bool {
        self.asked > 0 && (self.waker.is_some() || self.until.is_some_and(|until| now < until))
    }

    fn deliver(&mut self, taken: Taken, now: Instant) -> Option<Waker> {
        self.inbox.deliver(taken);
        self.asked = self.asked.saturating_sub(1);
        let waker = self.waker.take()?;
        // While somebody waited, the request was renewed.
        self.until = Some(after(now, REQUEST));
        Some(waker)
    }
}
