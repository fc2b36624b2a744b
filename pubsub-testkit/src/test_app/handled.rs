//! What a service has handled: [`Handled`].

use std::fmt::Write as _;

use pubsub_core::worker::{Ending, Settled};
use pubsub_core::{Error, SubjectFilter};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::recorder::fail;

/// Attempts that have ended, in the order in which they did, narrowed down; about which something can be asserted. Made by
/// [`TestApp::handled`](super::TestApp::handled). An assertion that does not hold panics at the line of the test, with every
/// attempt that there was.
#[derive(Debug, Clone)]
#[must_use = "it asserts nothing until it is told how often"]
pub struct Handled {
    all: Vec<Settled>,
    matching: Vec<Settled>,
    /// What was narrowed down to, for people.
    words: String,
}

impl Handled {
    #[track_caller]
    pub(super) fn new<F>(filter: F, all: Vec<Settled>) -> Self
    where
        F: TryInto<SubjectFilter, Error: Into<Error>>,
    {
        let filter = match filter.try_into().map_err(Into::into) {
            Ok(filter) => filter,
            Err(error) => fail(&format!("the filter of an expectation: {error}")),
        };
        let matching = all.iter().filter(|settled| filter.matches(&settled.subject)).cloned().collect();
        Self { all, matching, words: format!("`{filter}`") }
    }

    /// Only those of which this is true; `words` say it.
    pub fn matching(mut self, words: &str, is_meant: impl Fn(&Settled) -> bool) -> Self {
        self.matching.retain(|settled| is_meant(settled));
        let _ = write!(self.words, ", {words}");
        self
    }

    /// Only those of this consumer.
    pub fn by(self, consumer: &str) -> Self {
        self.matching(&format!("by {consumer}"), |settled| settled.info.consumer.as_str() == consumer)
    }

    /// Only those whose payload is this value as JSON.
    #[track_caller]
    pub fn with<T: Serialize + ?Sized>(self, value: &T) -> Self {
        let wanted = match serde_json::to_value(value) {
            Ok(wanted) => wanted,
            Err(error) => fail(&format!("the value cannot be written as JSON: {error}")),
        };
        self.matching(&format!("with {wanted}"), |settled| {
            serde_json::from_slice::<serde_json::Value>(&settled.payload).is_ok_and(|value| value == wanted)
        })
    }

    /// Only attempts of this number, from 1.
    pub fn on_attempt(self, attempt: u64) -> Self {
        self.matching(&format!("attempt {attempt}"), |settled| settled.attempt == attempt)
    }

    /// Only those that succeeded.
    pub fn done(self) -> Self {
        self.matching("done", |settled| settled.ending == Ending::Done)
    }

    /// Only those that failed and are tried again, for a reason that contains this.
    pub fn retried_because(self, reason: &str) -> Self {
        self.matching(
            &format!("retried because {reason:?}"),
            |settled| matches!(&settled.ending, Ending::Retried { reason: why, .. } if why.contains(reason)),
        )
    }

    /// Only those after which the message went to the dead letters, for a reason that contains this.
    pub fn dead_lettered_because(self, reason: &str) -> Self {
        self.matching(
            &format!("dead because {reason:?}"),
            |settled| matches!(&settled.ending, Ending::DeadLettered { reason: why } if why.contains(reason)),
        )
    }

    /// Their payloads, read as JSON.
    ///
    /// # Panics
    /// If one cannot be read.
    #[track_caller]
    #[must_use]
    pub fn payloads<T: DeserializeOwned>(&self) -> Vec<T> {
        let read = |settled: &Settled| match serde_json::from_slice(&settled.payload) {
            Ok(value) => value,
            Err(error) => {
                fail(&format!("the payload of `{}` is not what was expected: {error}", settled.subject))
            }
        };
        self.matching.iter().map(read).collect()
    }

    /// The attempts themselves.
    #[must_use]
    pub fn settled(&self) -> &[Settled] {
        &self.matching
    }

    /// There is one.
    ///
    /// # Panics
    /// If there is none, or more.
    #[track_caller]
    pub fn once(&self) {
        self.times(1);
    }

    /// There is none.
    ///
    /// # Panics
    /// If there is one.
    #[track_caller]
    pub fn never(&self) {
        self.times(0);
    }

    /// There are so many.
    ///
    /// # Panics
    /// If there are more or fewer.
    #[track_caller]
    pub fn times(&self, wanted: usize) {
        let count = self.matching.len();
        if count == wanted {
            return;
        }
        let mut words = format!("handled {}: {count} instead of {wanted} times; these were all:", self.words);
        for settled in &self.all {
            let _ = write!(
                words,
                "\n  {} attempt {} by {}: {:?}",
                settled.subject, settled.attempt, settled.info.consumer, settled.ending
            );
        }
        fail(&words);
    }
}
