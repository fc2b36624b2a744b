//! Choosing among those who ask, as nats-server does for a priority group (ADR-42; measured on nats-server 2.11.11 to
//! 2.15.1).

use pubsub_core::{PriorityGroup, PriorityPolicy, PullPriority, Unpinned};
use tokio::time::Instant;

use super::{ConsumerState, Room, Taken};
use crate::clock::after;
use crate::stream::{Effects, Messages, Notice};

/// Who asks for messages, as far as it matters for the choice.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asker {
    pub(crate) handle: u64,
    pub(crate) priority: PullPriority,
}

/// Who gets everything, where the policy is to pin one.
#[derive(Debug, Default)]
pub(crate) struct Pin {
    holder: Option<Holder>,
    /// Who was unpinned: everybody else comes first.
    unpinned: Option<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Holder {
    handle: u64,
    since: Instant,
    /// When it loses the pin, unless it asks again.
    until: Instant,
}

/// Who gets the next message.
enum Chosen {
    /// A fetch that waits, and is to come for it.
    Fetch,
    Inbox {
        id: u64,
        handle: u64,
    },
}

impl ConsumerState {
    /// Whether this consumer chooses, and does not serve in turn.
    pub(crate) fn chooses(&self) -> bool {
        self.config.priority.is_some()
    }

    pub(crate) fn group(&self) -> Option<&PriorityGroup> {
        self.config.priority.as_ref()
    }

    /// Takes what there is room for, as long as this asker is the one to be served.
    pub(crate) fn take_chosen(
        &mut self,
        room: Room,
        asker: Asker,
        messages: &Messages,
        now: Instant,
        effects: &mut Effects,
        taken: &mut Vec<Taken>,
    ) {
        self.asked(asker.handle, now);
        let mut bytes = room.bytes;
        while taken.len() < room.messages && self.is_next(asker, messages, now) {
            let before = taken.len();
            if before > 0 && !self.next_fits(bytes, messages) {
                return;
            }
            let one = Room { messages: 1, bytes };
            self.take(one, asker.handle, messages, now, effects, taken);
            let Some(last) = taken.get(before) else { return };
            bytes = bytes.saturating_sub(last.message.cost());
            self.pin_to(asker.handle, now, effects);
        }
    }

    /// As [`offer`](Self::offer) does it in turn.
    pub(super) fn offer_chosen(&mut self, messages: &Messages, now: Instant, effects: &mut Effects) {
        while self.has_deliverable(messages) {
            let (id, handle) = match self.choose(messages, now) {
                None => return,
                Some(Chosen::Fetch) => {
                    self.waiters.wake_all(effects);
                    return;
                }
                Some(Chosen::Inbox { id, handle }) => (id, handle),
            };
            let Some(taken) = self.take_one(messages, now, effects) else {
                return;
            };
            self.pin_to(handle, now, effects);
            self.delivered_unasked(&taken);
            if let Some(waker) = self.inboxes.deliver_to(id, taken, now) {
                effects.wake(waker);
            }
        }
    }

    /// Somebody asks: if it is the one that is pinned, it stays so.
    pub(crate) fn asked(&mut self, handle: u64, now: Instant) {
        let timeout = self.config.priority.as_ref().map(|group| group.pin_timeout);
        if let (Some(holder), Some(timeout)) = (&mut self.pin.holder, timeout)
            && holder.handle == handle
        {
            holder.until = after(now, timeout);
        }
    }

    /// Lets the next one be pinned.
    pub(crate) fn unpin(&mut self, effects: &mut Effects) {
        if let Some(holder) = self.pin.holder.take() {
            self.pin.unpinned = Some(holder.handle);
            self.tell_unpinned(Unpinned::ADMIN, effects);
        }
    }

    fn tell_unpinned(&self, reason: &'static str, effects: &mut Effects) {
        if let Some(group) = self.config.priority.as_ref().filter(|_| effects.are_heard()) {
            let (consumer, group) = (self.name.clone(), group.name.clone());
            effects.notice(Notice::Unpinned { consumer, group, reason });
        }
    }

    pub(crate) fn pinned_since(&self) -> Option<Instant> {
        self.pin.holder.map(|holder| holder.since)
    }

    /// When the pin ends by itself. While its holder waits for messages, it does not.
    pub(super) fn pin_end(&self) -> Option<Instant> {
        let holder = self.pin.holder.filter(|holder| !self.is_waiting(holder.handle))?;
        Some(holder.until)
    }

    pub(super) fn end_pin(&mut self, now: Instant, effects: &mut Effects) {
        if self.pin_end().is_some_and(|end| end <= now) {
            self.pin.holder = None;
            self.tell_unpinned(Unpinned::TIMEOUT, effects);
        }
    }

    fn pin_to(&mut self, handle: u64, now: Instant, effects: &mut Effects) {
        let Some(group) =
            self.config.priority.as_ref().filter(|group| group.policy == PriorityPolicy::Pinned)
        else {
            return;
        };
        let until = after(now, group.pin_timeout);
        let held = self.pin.holder.filter(|holder| holder.handle == handle);
        if held.is_none() && effects.are_heard() {
            // As long as a server's, which are random; counted, so that a program runs the same each time.
            let pin = format!("{handle:011}{:011}", self.delivered.consumer);
            let (consumer, group) = (self.name.clone(), group.name.clone());
            effects.notice(Notice::Pinned { consumer, group, pin });
        }
        let since = held.map_or(now, |holder| holder.since);
        self.pin = Pin { holder: Some(Holder { handle, since, until }), unpinned: None };
    }

    fn is_waiting(&self, handle: u64) -> bool {
        self.waiters.askers(None).any(|asker| asker.handle == handle) || self.inboxes.polls(handle)
    }

    /// Whether this asker gets the next message, if nobody comes before it.
    fn serves(&mut self, asker: Asker, messages: &Messages) -> bool {
        match self.config.priority.as_ref().map(|group| group.policy) {
            Some(PriorityPolicy::Overflow) => {
                let pending = self.position.undelivered(messages, &self.selector);
                let ack_pending = u64::try_from(self.pending.len()).unwrap_or(u64::MAX);
                let PullPriority { min_pending, min_ack_pending, .. } = asker.priority;
                if self.overflows_by_both {
                    min_pending.is_none_or(|least| pending >= least)
                        && min_ack_pending.is_none_or(|least| ack_pending >= least)
                } else {
                    asker.priority.overflows(pending, ack_pending)
                }
            }
            Some(PriorityPolicy::Pinned) => {
                self.pin.holder.is_none_or(|holder| holder.handle == asker.handle)
            }
            _ => true,
        }
    }

    /// Whether an asker that has come gets the next message.
    fn is_next(&mut self, asker: Asker, messages: &Messages, now: Instant) -> bool {
        if !self.serves(asker, messages) {
            return false;
        }
        let goes_first = self.precedence();
        let mut others =
            self.waiters.askers(Some(now)).chain(self.inboxes.askers(now).map(|(_, other)| other));
        !others.any(|other| goes_first(other) < goes_first(asker))
    }

    fn choose(&mut self, messages: &Messages, now: Instant) -> Option<Chosen> {
        let fetches = self.waiters.askers(Some(now)).map(|asker| (None, asker));
        let inboxes = self.inboxes.askers(now).map(|(id, asker)| (Some(id), asker));
        let mut askers: Vec<_> = fetches.chain(inboxes).collect();
        askers.retain(|(_, asker)| self.serves(*asker, messages));
        let goes_first = self.precedence();
        let (id, asker) = askers.into_iter().min_by_key(|(_, asker)| goes_first(*asker))?;
        Some(match id {
            Some(id) => Chosen::Inbox { id, handle: asker.handle },
            None => Chosen::Fetch,
        })
    }

    /// Who comes before whom: the lower one.
    fn precedence(&self) -> impl Fn(Asker) -> u8 + use<> {
        let policy = self.config.priority.as_ref().map(|group| group.policy);
        let unpinned = self.pin.unpinned;
        move |asker| match policy {
            Some(PriorityPolicy::Prioritized) => asker.priority.rank,
            Some(PriorityPolicy::Pinned) => u8::from(unpinned == Some(asker.handle)),
            _ => 0,
        }
    }
}
