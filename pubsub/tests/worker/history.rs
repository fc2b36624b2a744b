//! What handlers of keys did, in order, and whether they may have done it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

/// By which member, of which key, and which number: messages of a key are numbered from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    Begun(usize, u32, u32),
    Done(usize, u32, u32),
    /// Done, failed or cut off.
    Ended(usize, u32, u32),
}

#[derive(Clone, Default)]
pub(crate) struct History(Arc<Mutex<Vec<Event>>>);

/// Ends in the history also if its handler is cut off.
pub(crate) struct Handling {
    history: History,
    who: (usize, u32, u32),
}

impl Drop for Handling {
    fn drop(&mut self) {
        let (member, key, number) = self.who;
        self.history.add(Event::Ended(member, key, number));
    }
}

impl History {
    pub(crate) fn add(&self, event: Event) {
        self.0.lock().expect("a lock").push(event);
    }

    pub(crate) fn begin(&self, member: usize, key: u32, number: u32) -> Handling {
        self.add(Event::Begun(member, key, number));
        Handling { history: self.clone(), who: (member, key, number) }
    }

    pub(crate) fn done(&self) -> BTreeSet<(u32, u32)> {
        let events = self.0.lock().expect("a lock");
        let done = events.iter().filter_map(|event| match event {
            Event::Done(_, key, number) => Some((*key, *number)),
            _ => None,
        });
        done.collect()
    }

    /// Which member has done how many.
    pub(crate) fn by_member(&self) -> BTreeMap<usize, usize> {
        let mut by_member = BTreeMap::new();
        for event in self.0.lock().expect("a lock").iter() {
            if let Event::Done(member, ..) = event {
                *by_member.entry(*member).or_default() += 1;
            }
        }
        by_member
    }

    pub(crate) fn judge(&self) {
        if let Err(wrong) = self.verdict() {
            panic!("{wrong}");
        }
    }

    /// No two messages of one key at the same time, and none before an earlier one of its key was done.
    pub(crate) fn verdict(&self) -> Result<(), String> {
        let events = self.0.lock().expect("a lock");
        let mut busy: HashMap<u32, (usize, u32)> = HashMap::new();
        let mut done: HashMap<u32, u32> = HashMap::new();
        for (at, event) in events.iter().enumerate() {
            let before = &events[at.saturating_sub(20)..=at];
            match *event {
                Event::Begun(member, key, number) => {
                    if busy.insert(key, (member, number)).is_some() {
                        return Err(format!("two of key {key} at once: {before:?}"));
                    }
                    let next = done.get(&key).copied().unwrap_or(0);
                    if number > next {
                        return Err(format!("{number} of key {key} came before {next}: {before:?}"));
                    }
                }
                Event::Done(_, key, number) => {
                    let next = done.entry(key).or_default();
                    *next = (*next).max(number + 1);
                }
                Event::Ended(_, key, _) => {
                    if busy.remove(&key).is_none() {
                        return Err(format!("nothing of key {key} was under way: {before:?}"));
                    }
                }
            }
        }
        Ok(())
    }
}

#[test]
fn what_overlaps_and_what_overtakes_is_wrong() {
    use Event::{Begun, Done, Ended};
    let verdict = |events: &[Event]| {
        let history = History::default();
        events.iter().for_each(|event| history.add(*event));
        history.verdict()
    };
    let first = [Begun(1, 7, 0), Done(1, 7, 0), Ended(1, 7, 0)];
    assert_eq!(verdict(&first), Ok(()));
    assert_eq!(verdict(&[first.as_slice(), &[Begun(2, 7, 1), Begun(1, 8, 0)]].concat()), Ok(()));
    assert_eq!(verdict(&[first, first].concat()), Ok(()), "once more, after a crash");
    let overlaps = verdict(&[Begun(1, 7, 0), Begun(2, 7, 0)]).expect_err("both at once");
    assert!(overlaps.contains("two of key 7 at once"), "{overlaps}");
    let failed = [Begun(1, 7, 0), Ended(1, 7, 0), Begun(1, 7, 1)];
    assert!(verdict(&failed).expect_err("0 is not done").contains("came before 0"));
}
