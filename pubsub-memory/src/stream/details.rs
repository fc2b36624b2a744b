//! What a stream holds, in detail.

use pubsub_core::{Result, SubjectFilter};

use super::state::StreamState;

impl StreamState {
    /// The subjects that match, with how many messages each has, in their order.
    pub(crate) fn subjects(&self, filter: &SubjectFilter) -> Result<Vec<(String, u64)>> {
        self.check_exists()?;
        let mut subjects: Vec<(String, u64)> = self
            .messages
            .subjects()
            .counts()
            .filter(|(subject, _)| filter.matches(subject.as_str()))
            .map(|(subject, count)| (subject.to_string(), count))
            .collect();
        subjects.sort_unstable();
        Ok(subjects)
    }

    /// The gaps between the first and the last sequence, in order.
    pub(crate) fn deleted_sequences(&self) -> Result<Vec<u64>> {
        self.check_exists()?;
        let log = self.messages.log();
        let mut next = log.first();
        let mut gone = Vec::new();
        for (sequence, _) in log.iter() {
            gone.extend(next..sequence);
            next = sequence.saturating_add(1);
        }
        gone.extend(next..=log.last());
        Ok(gone)
    }
}
