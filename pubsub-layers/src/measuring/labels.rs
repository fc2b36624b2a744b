//! A bounded number of labels: [`Labels`].

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use metrics::SharedString;
use pubsub_core::{ConsumerName, StreamName};

use crate::subject_class::SubjectClass;

const OTHER: SharedString = SharedString::const_str("other");

/// The names that have been seen, up to so many.
#[derive(Debug)]
pub(super) struct Labels {
    class: SubjectClass,
    most: usize,
    subjects: Mutex<HashSet<String>>,
    consumers: Mutex<HashSet<(StreamName, ConsumerName)>>,
}

/// A stream and a consumer as labels.
#[derive(Debug, Clone)]
pub(super) struct ConsumerLabels {
    pub(super) stream: SharedString,
    pub(super) consumer: SharedString,
}

impl Labels {
    pub(super) fn new(class: SubjectClass, most: usize) -> Self {
        Self { class, most, subjects: Mutex::default(), consumers: Mutex::default() }
    }

    pub(super) fn subjects(&self) -> &SubjectClass {
        &self.class
    }

    pub(super) fn most(&self) -> usize {
        self.most
    }

    pub(super) fn subject(&self, subject: &str) -> SharedString {
        let name = self.class.of(subject);
        let mut known = self.subjects.lock().unwrap_or_else(PoisonError::into_inner);
        if known.contains(&name) || (known.len() < self.most && known.insert(name.clone())) {
            name.into()
        } else {
            OTHER
        }
    }

    pub(super) fn consumer(&self, stream: &StreamName, consumer: &ConsumerName) -> ConsumerLabels {
        let pair = (stream.clone(), consumer.clone());
        let mut known = self.consumers.lock().unwrap_or_else(PoisonError::into_inner);
        if known.contains(&pair) || (known.len() < self.most && known.insert(pair)) {
            ConsumerLabels { stream: stream.to_string().into(), consumer: consumer.to_string().into() }
        } else {
            ConsumerLabels { stream: OTHER, consumer: OTHER }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_the_most_all_are_other() {
        let labels = Labels::new(SubjectClass::first_token(), 2);
        let named = ["a.1", "b.1", "c.1", "a.2"].map(|subject| labels.subject(subject).to_string());
        assert_eq!(named, ["a.>", "b.>", "other", "a.>"]);
        let stream = StreamName::new("S").unwrap();
        let named = ["x", "y", "z", "x"]
            .map(|name| labels.consumer(&stream, &ConsumerName::new(name).unwrap()).consumer.to_string());
        assert_eq!(named, ["x", "y", "other", "x"]);
    }
}
