//! Keeps a replay from writing into what it reads: [`Guard`].

use crate::admin::StreamInfo;
use crate::name::StreamName;
use crate::publish::Receipt;
use crate::subject::{Subject, SubjectFilter};
use crate::{Error, ErrorKind, Result};

/// Refuses whatever the stream that is read would store.
#[derive(Debug)]
pub(super) struct Guard {
    source: StreamName,
    subjects: Vec<SubjectFilter>,
    is_off: bool,
}

impl Guard {
    pub(super) fn new(source: &StreamInfo, is_off: bool) -> Self {
        Self { source: source.config.name.clone(), subjects: source.config.subjects.clone(), is_off }
    }

    /// Before anything is read: what may come out of a transform.
    pub(super) fn check_all(&self, produced: &SubjectFilter) -> Result<()> {
        let stored = self.subjects.iter().find(|subject| subject.overlaps(produced));
        match stored.filter(|_| !self.is_off) {
            Some(stored) => Err(self
                .refusal("the transform leads into the stream that is read")
                .with_context("destination", produced)
                .with_context("subject", stored)),
            None => Ok(()),
        }
    }

    /// Before a message is published.
    pub(super) fn check(&self, subject: &Subject) -> Result<()> {
        if self.is_off || !self.subjects.iter().any(|stored| stored.matches(subject.as_str())) {
            return Ok(());
        }
        Err(self
            .refusal("a handler's message leads into the stream that is read")
            .with_context("subject", subject))
    }

    /// After it: a server may map subjects on their way.
    pub(super) fn check_receipt(&self, receipt: &Receipt) -> Result<()> {
        if self.is_off || receipt.stream != self.source {
            return Ok(());
        }
        Err(self.refusal("a message was stored in the stream that is read"))
    }

    fn refusal(&self, message: &'static str) -> Error {
        Error::new(ErrorKind::Config, message).with_context("stream", &self.source).with_remedy(
            "replay to subjects of another stream, or say `with_source_allowed` if that is what you want",
        )
    }
}
