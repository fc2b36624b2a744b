//! Whether a history can be explained by the model: [`Explainer`].

mod operation;
mod reading;
mod step;

use std::collections::{BTreeSet, HashSet};

use super::reference::{Facts, Late, World};
use crate::history::event::{Event, What};
use operation::Operation;
use reading::{Moment, Reader};

/// As many states are looked at for one answer. Beyond, the model says nothing: a wrong verdict is worse than none.
const MOST_STATES: usize = 5_000;

/// How many things that may happen at any time are tried before one answer.
const MOST_LATE: usize = 8;

/// One way in which everything until now can have happened: a state, and how far each call under way has come.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Way {
    world: World,
    open: Vec<(usize, usize)>,
}

/// An answer that the model does not allow.
#[derive(Debug, Clone)]
pub(crate) struct Unexplained {
    pub(crate) detail: String,
    /// The events that show it.
    pub(crate) proof: BTreeSet<usize>,
}

/// Reads a history bit by bit and keeps every state that it can have led to.
#[derive(Debug, Clone)]
pub(crate) struct Explainer {
    reader: Reader,
    ways: HashSet<Way>,
    /// What was read until now.
    moments: Vec<Moment>,
    /// What may happen at any time is tried at every moment, and not only where nothing else explains an answer. It takes
    /// longer, and finds what can have happened early only, such as a delivery before a purge.
    eager: bool,
    /// The model has lost its way, without a fault of the backend.
    silent: bool,
}

impl Explainer {
    pub(crate) fn new() -> Self {
        let (reader, moments) = (Reader::default(), Vec::new());
        Self { reader, ways: start(), moments, eager: false, silent: false }
    }

    /// Takes in the events that it has not seen yet. Of looks at the counters one after the other, the last one counts.
    pub(crate) fn explain(&mut self, events: &[Event]) -> Result<(), Unexplained> {
        let moments = self.reader.read(events);
        self.moments.extend(&moments);
        match self.follow(&moments) {
            Err(_) if !self.eager => {
                self.eager = true;
                self.ways = start();
                let all = std::mem::take(&mut self.moments);
                let followed = self.follow(&all);
                self.moments = all;
                followed
            }
            followed => followed,
        }
    }

    fn follow(&mut self, moments: &[Moment]) -> Result<(), Unexplained> {
        for moment in moments {
            if self.silent {
                break;
            }
            match moment {
                Moment::Called(number) => self.begin(*number),
                Moment::Returned(number) => self.complete(*number)?,
            }
        }
        Ok(())
    }

    fn begin(&mut self, number: usize) {
        self.ways = std::mem::take(&mut self.ways)
            .into_iter()
            .map(|mut way| {
                way.open.push((number, 0));
                way
            })
            .collect();
    }

    fn complete(&mut self, number: usize) -> Result<(), Unexplained> {
        let Some(operation) = self.reader.operations.get(number) else { return Ok(()) };
        // First without what may happen at any time: most answers need none of that.
        let tries: &[usize] = if self.eager { &[MOST_LATE] } else { &[0, MOST_LATE] };
        for late in tries.iter().copied() {
            match self.ways_in_which(number, late) {
                None => {
                    self.silent = true;
                    return Ok(());
                }
                Some(ways) if !ways.is_empty() => {
                    self.ways = ways;
                    return Ok(());
                }
                Some(_) => {}
            }
        }
        let mut proof = self.reader.story(number);
        proof.insert(operation.order);
        let world = self.ways.iter().next().map(|way| &way.world);
        let detail = operation.objection(&self.reader.facts, world);
        Err(Unexplained { detail, proof })
    }

    /// Every way in which this call has come to its end, with so much of what may happen at any time; `None` if there are
    /// too many.
    fn ways_in_which(&self, number: usize, late: usize) -> Option<HashSet<Way>> {
        let facts = &self.reader.facts;
        let mut ended = HashSet::new();
        let mut seen: HashSet<(Way, usize)> = HashSet::new();
        let mut next: Vec<(Way, usize)> = self.ways.iter().map(|way| (way.clone(), late)).collect();
        while let Some((way, late)) = next.pop() {
            if !seen.insert((way.clone(), late)) {
                continue;
            }
            if seen.len() > MOST_STATES {
                return None;
            }
            if self.has_ended(&way, number) {
                let mut way = way;
                way.open.retain(|(open, _)| *open != number);
                ended.insert(way);
                continue;
            }
            for place in 0..way.open.len() {
                next.extend(self.further(&way, place, facts).into_iter().map(|way| (way, late)));
            }
            if late > 0 {
                next.extend(with_something_late(&way, facts).into_iter().map(|way| (way, late - 1)));
            }
        }
        Some(ended)
    }

    fn has_ended(&self, way: &Way, number: usize) -> bool {
        let steps = self.reader.operations.get(number).map_or(0, Operation::steps);
        way.open.iter().any(|(open, done)| *open == number && *done >= steps)
    }

    /// The ways in which a call under way has come one step further.
    fn further(&self, way: &Way, place: usize, facts: &Facts) -> Vec<Way> {
        let Some((number, done)) = way.open.get(place).copied() else { return Vec::new() };
        let Some(operation) = self.reader.operations.get(number).filter(|call| done < call.steps()) else {
            return Vec::new();
        };
        let worlds = operation.step(facts, &way.world, done).into_iter();
        let on = |world| {
            let mut open = way.open.clone();
            if let Some(further) = open.get_mut(place) {
                further.1 += 1;
            }
            Way { world, open }
        };
        worlds.map(on).collect()
    }
}

fn start() -> HashSet<Way> {
    HashSet::from([Way { world: World::default(), open: Vec::new() }])
}

fn with_something_late(way: &Way, facts: &Facts) -> Vec<Way> {
    let alike =
        |place: usize, late: &Late| way.world.late.iter().position(|other| other == late) == Some(place);
    let places = way.world.late.iter().enumerate().filter(|(place, late)| alike(*place, late));
    let worlds = places.flat_map(|(place, _)| way.world.happens(facts, place));
    worlds.map(|world| Way { world, open: way.open.clone() }).collect()
}

/// For the judge: a history that says that the model can follow it must be one that the model allows.
pub(crate) fn as_the_model_allows(events: &[Event]) -> Result<(), Unexplained> {
    if events.iter().any(|event| matches!(event.what, What::Modelled { .. })) {
        Explainer::new().explain(events)
    } else {
        Ok(())
    }
}
