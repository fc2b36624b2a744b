//! What a test expects: [`Expectation`].

use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use pubsub_core::{Error, SettlementKind, SubjectFilter};

use super::eventually::Eventually;
use super::seen::{self, Deed, Seen};
use super::show;
use crate::history::History;

type Condition = Arc<dyn Fn(&Seen) -> bool + Send + Sync>;

/// How often something is to be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Exactly(usize),
    AtLeast(usize),
}

impl Wanted {
    pub(super) fn holds(self, count: usize) -> bool {
        match self {
            Self::Exactly(wanted) => count == wanted,
            Self::AtLeast(wanted) => count >= wanted,
        }
    }

    /// Whether more cannot make it hold any more.
    pub(super) fn is_exceeded(self, count: usize) -> bool {
        matches!(self, Self::Exactly(wanted) if count > wanted)
    }

    pub(super) fn words(self) -> String {
        match self {
            Self::Exactly(0) => "never".to_owned(),
            Self::Exactly(1) => "once".to_owned(),
            Self::Exactly(wanted) => format!("{wanted} times"),
            Self::AtLeast(1) => "at least once".to_owned(),
            Self::AtLeast(wanted) => format!("at least {wanted} times"),
        }
    }
}

/// Some publishes, deliveries or settlements, narrowed down, about which something can be asserted: now, or
/// [`within`](Self::within) some time. Made by [`Recorder::published`](super::Recorder::published) and its kind.
#[derive(Clone)]
#[must_use = "it asserts nothing until it is told how often"]
pub struct Expectation {
    history: History,
    pub(super) deed: Deed,
    pub(super) filter: SubjectFilter,
    pub(super) narrowed: Vec<(String, Condition)>,
}

impl Debug for Expectation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let narrowed: Vec<_> = self.narrowed.iter().map(|(words, _)| words).collect();
        f.debug_struct("Expectation")
            .field("deed", &self.deed)
            .field("filter", &self.filter.as_str())
            .field("narrowed", &narrowed)
            .finish()
    }
}

impl Expectation {
    #[track_caller]
    pub(super) fn new<F>(history: History, deed: Deed, filter: F) -> Self
    where
        F: TryInto<SubjectFilter, Error: Into<Error>>,
    {
        match filter.try_into().map_err(Into::into) {
            Ok(filter) => Self { history, deed, filter, narrowed: Vec::new() },
            Err(error) => fail(&format!("the filter of an expectation: {error}")),
        }
    }

    /// Only those for which the condition holds. `what` completes "with ..." in the failure.
    pub fn matching(
        mut self,
        what: impl Into<String>,
        condition: impl Fn(&Seen) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.narrowed.push((what.into(), Arc::new(condition)));
        self
    }

    /// Only those with this payload.
    pub fn with_payload(self, payload: impl Into<Bytes>) -> Self {
        let payload = payload.into();
        self.matching(format!("the payload {}", show::payload(&payload)), move |seen| seen.payload == payload)
    }

    /// Only those with this message id.
    pub fn with_id(self, id: impl Into<String>) -> Self {
        let id = id.into();
        self.matching(format!("the id `{id}`"), move |seen| seen.id.as_deref() == Some(id.as_str()))
    }

    /// Only those with this header and this value of it.
    pub fn with_header(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let (name, value) = (name.into(), value.into());
        self.matching(format!("the header `{name}: {value}`"), move |seen| {
            seen.headers.get_all(&name).any(|found| found == value)
        })
    }

    /// Only acks.
    pub fn as_ack(self) -> Self {
        self.matching("an ack", |seen| matches!(seen.settlement, Some(SettlementKind::Ack)))
    }

    /// Only naks, with a delay or without.
    pub fn as_nak(self) -> Self {
        self.matching("a nak", |seen| matches!(seen.settlement, Some(SettlementKind::Nak { .. })))
    }

    /// Only terms.
    pub fn as_term(self) -> Self {
        self.matching("a term", |seen| matches!(seen.settlement, Some(SettlementKind::Term { .. })))
    }

    /// Waits for it, so long at most, instead of looking once.
    pub fn within(self, time: Duration) -> Eventually {
        Eventually::new(self, time)
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.seen().len()
    }

    /// They themselves, in order.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        let mut all = self.on_the_subject();
        all.retain(|seen| self.misses(seen).is_none());
        all
    }

    /// Asserts that there is exactly one.
    ///
    /// # Panics
    /// If there is none or more than one.
    #[track_caller]
    pub fn once(&self) {
        self.assert(Wanted::Exactly(1));
    }

    /// Asserts that there are exactly so many.
    ///
    /// # Panics
    /// If there are fewer or more.
    #[track_caller]
    pub fn times(&self, times: usize) {
        self.assert(Wanted::Exactly(times));
    }

    /// Asserts that there are so many or more.
    ///
    /// # Panics
    /// If there are fewer.
    #[track_caller]
    pub fn at_least(&self, times: usize) {
        self.assert(Wanted::AtLeast(times));
    }

    /// Asserts that there is none until now. To assert that none comes, [`within`](Self::within) a time.
    ///
    /// # Panics
    /// If there is one.
    #[track_caller]
    pub fn never(&self) {
        self.assert(Wanted::Exactly(0));
    }

    #[track_caller]
    fn assert(&self, wanted: Wanted) {
        let count = self.count();
        if !wanted.holds(count) {
            fail(&show::failure(self, wanted, count, None));
        }
    }

    pub(super) fn history(&self) -> &History {
        &self.history
    }

    /// Those with a matching subject, whatever else is asked of them.
    pub(super) fn on_the_subject(&self) -> Vec<Seen> {
        let mut all = seen::all(self.deed, &self.history.events());
        all.retain(|seen| self.filter.matches(&seen.subject));
        all
    }

    /// The first condition that does not hold, in words.
    pub(super) fn misses(&self, seen: &Seen) -> Option<&str> {
        let missed = self.narrowed.iter().find(|(_, condition)| !condition(seen));
        missed.map(|(words, _)| words.as_str())
    }
}

#[track_caller]
#[expect(clippy::panic, reason = "this is how an assertion fails")]
pub(crate) fn fail(words: &str) -> ! {
    panic!("{words}")
}
