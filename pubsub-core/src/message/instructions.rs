//! What a message tells the broker besides its id: [`Instructions`].

use std::borrow::Cow;

use super::{Expectations, Rollup, Schedule, TimeToLive};
use crate::{Capabilities, Capability, Result, Subject, SubjectFilter};

/// The rare parts of a message, kept together so that a plain one stays small.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Instructions {
    pub(super) expectations: Option<Expectations>,
    pub(super) ttl: Option<TimeToLive>,
    pub(super) schedule: Option<Schedule>,
    pub(super) rollup: Option<Rollup>,
}

impl Instructions {
    /// As header lines of the wire, in a fixed order.
    pub(super) fn headers(&self) -> Vec<(&'static str, Cow<'_, str>)> {
        let mut lines = Vec::new();
        if let Some(expected) = &self.expectations {
            let number = |sequence: Option<u64>| sequence.map(|sequence| Cow::Owned(sequence.to_string()));
            let text = |text: Option<&'_ str>| text.map(|text| Cow::Owned(text.to_owned()));
            let values = [
                ("Nats-Expected-Stream", text(expected.stream.as_ref().map(AsRef::as_ref))),
                ("Nats-Expected-Last-Sequence", number(expected.last_sequence)),
                ("Nats-Expected-Last-Subject-Sequence", number(expected.last_subject_sequence)),
                (
                    "Nats-Expected-Last-Subject-Sequence-Subject",
                    text(expected.last_subject_filter.as_ref().map(AsRef::as_ref)),
                ),
                ("Nats-Expected-Last-Msg-Id", text(expected.last_id.as_ref().map(AsRef::as_ref))),
            ];
            lines.extend(values.into_iter().filter_map(|(name, value)| Some((name, value?))));
        }
        if let Some(ttl) = self.ttl {
            lines.push(("Nats-TTL", Cow::Owned(ttl.header())));
        }
        if let Some(rollup) = self.rollup {
            lines.push(("Nats-Rollup", Cow::Borrowed(rollup.header())));
        }
        if let Some(schedule) = &self.schedule {
            lines.push(("Nats-Schedule", Cow::Owned(schedule.header())));
            lines.push(("Nats-Schedule-Target", Cow::Borrowed(schedule.target.as_str())));
            let source = schedule.source.as_ref().map(|source| Cow::Borrowed(source.as_str()));
            let values = [
                ("Nats-Schedule-TTL", schedule.ttl.map(|ttl| Cow::Owned(ttl.header()))),
                ("Nats-Schedule-Source", source),
                ("Nats-Schedule-Time-Zone", schedule.time_zone.as_deref().map(Cow::Borrowed)),
                ("Nats-Schedule-Rollup", schedule.rollup.then_some(Cow::Borrowed("sub"))),
            ];
            lines.extend(values.into_iter().filter_map(|(name, value)| Some((name, value?))));
        }
        lines
    }

    /// Replaces every subject that is spoken of.
    pub(super) fn map_subjects(
        &mut self,
        on_subject: impl Fn(&Subject) -> Result<Subject>,
        on_filter: impl Fn(&SubjectFilter) -> Result<SubjectFilter>,
    ) -> Result<()> {
        if let Some(filter) =
            self.expectations.as_mut().and_then(|expected| expected.last_subject_filter.as_mut())
        {
            *filter = on_filter(filter)?;
        }
        if let Some(schedule) = &mut self.schedule {
            schedule.target = on_subject(&schedule.target)?;
            if let Some(source) = &mut schedule.source {
                *source = on_subject(source)?;
            }
        }
        Ok(())
    }

    pub(super) fn find_fault(&self, subject: &Subject, capabilities: Capabilities) -> Result<()> {
        if let Some(expected) = &self.expectations {
            capabilities.require(Capability::Expectations)?;
            if expected.last_subject_filter.is_some() {
                capabilities.require(Capability::ExpectedSubjectFilter)?;
            }
            expected.find_fault()?;
        }
        if let Some(ttl) = self.ttl {
            capabilities.require(Capability::MessageTtl)?;
            ttl.find_fault()?;
        }
        if self.rollup.is_some() {
            capabilities.require(Capability::Rollup)?;
        }
        if let Some(schedule) = &self.schedule {
            capabilities.require(schedule.capability())?;
            schedule.find_fault(subject)?;
        }
        Ok(())
    }
}
