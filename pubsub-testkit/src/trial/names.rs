//! Names that no other case has.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use pubsub_core::{ConsumerName, Result, StreamName, Subject, SubjectFilter};

use super::Trial;

/// A token that is part of every name and subject of one trial. Random, since a harness may give a store that other
/// processes use too.
#[derive(Debug)]
pub(super) struct Names {
    token: String,
}

impl Names {
    pub(super) fn new(id: &str) -> Self {
        static TRIALS: AtomicU64 = AtomicU64::new(0);
        let trial = TRIALS.fetch_add(1, Ordering::Relaxed);
        let random = RandomState::new().hash_one(trial);
        Self { token: format!("{}-{random:016x}", id.to_ascii_lowercase()) }
    }

    /// The id of the case, in lower case.
    pub(super) fn case(&self) -> &str {
        self.token.split('-').next().unwrap_or_default()
    }

    pub(super) fn token(&self) -> &str {
        &self.token
    }
}

impl Trial {
    /// A text without the token of this trial: what is left are the labels that the case itself uses.
    pub(crate) fn shorten(&self, text: &str) -> String {
        let token = &self.names.token;
        let text = text.replace(&format!("-{token}"), "").replace(&format!("{token}."), "");
        match self.adopted() {
            Some(other) => other.shorten(&text),
            None => text,
        }
    }

    /// The name of this label for a stream of this case.
    pub(crate) fn stream_name(&self, label: &str) -> Result<StreamName> {
        StreamName::new(format!("{label}-{}", self.names.token))
    }

    /// The name of this label for a consumer of this case.
    pub(crate) fn consumer_name(&self, label: &str) -> Result<ConsumerName> {
        ConsumerName::new(format!("{label}-{}", self.names.token))
    }

    /// The subject of this label: one or more tokens below those of this case.
    pub(crate) fn subject(&self, label: &str) -> Result<Subject> {
        Subject::new(format!("{}.{label}", self.names.token))
    }

    /// The filter of this label, which may have wildcards; `>` covers all subjects of this case.
    pub(crate) fn filter(&self, label: &str) -> Result<SubjectFilter> {
        SubjectFilter::new(format!("{}.{label}", self.names.token))
    }
}
