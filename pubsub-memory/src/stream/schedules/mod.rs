//! Scheduled messages (ADR-51): which there are, and when each is next.

mod check;
mod cron;
mod fire;
mod record;
mod times;
mod zone;

use std::collections::{BTreeSet, HashMap};
use std::time::SystemTime;

use pubsub_core::{Schedule, Subject};
use tokio::time::Instant;

/// The schedules of one stream: one for each subject at most.
#[derive(Debug, Default)]
pub(super) struct Schedules {
    by_subject: HashMap<Subject, Entry>,
    subjects: HashMap<u64, Subject>,
    due: BTreeSet<(Instant, u64)>,
}

#[derive(Debug)]
struct Entry {
    /// The message that is the schedule.
    sequence: u64,
    schedule: Schedule,
    next: Next,
}

/// When a schedule fires.
#[derive(Debug, Clone, Copy)]
struct Next {
    /// What the schedule says.
    time: SystemTime,
    /// When it is done.
    due: Instant,
}

impl Schedules {
    pub(super) fn is_empty(&self) -> bool {
        self.by_subject.is_empty()
    }

    /// Which schedule fires next, and when.
    pub(super) fn next_due(&self) -> Option<(Instant, u64)> {
        self.due.first().copied()
    }

    /// A message is gone.
    pub(super) fn forget(&mut self, sequence: u64) {
        if let Some(subject) = self.subjects.get(&sequence).cloned() {
            self.cancel(&subject);
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Adds a schedule, in place of the one that its subject had.
    fn add(&mut self, subject: &Subject, sequence: u64, schedule: Schedule, next: Next) {
        self.cancel(subject);
        self.due.insert((next.due, sequence));
        self.subjects.insert(sequence, subject.clone());
        self.by_subject.insert(subject.clone(), Entry { sequence, schedule, next });
    }

    fn cancel(&mut self, subject: &Subject) {
        if let Some(entry) = self.by_subject.remove(subject) {
            self.subjects.remove(&entry.sequence);
            self.due.remove(&(entry.next.due, entry.sequence));
        }
    }

    /// The schedule that fires now. Unless it is [put off](Self::put_off) it does not fire again.
    fn take_due(&mut self, sequence: u64) -> Option<(Subject, Schedule, Next)> {
        let subject = self.subjects.get(&sequence)?;
        let entry = self.by_subject.get(subject)?;
        self.due.remove(&(entry.next.due, sequence));
        Some((subject.clone(), entry.schedule.clone(), entry.next))
    }

    /// The schedule of this subject fires again.
    fn put_off(&mut self, subject: &Subject, next: Next) {
        if let Some(entry) = self.by_subject.get_mut(subject) {
            self.due.remove(&(entry.next.due, entry.sequence));
            entry.next = next;
            self.due.insert((next.due, entry.sequence));
        }
    }
}
