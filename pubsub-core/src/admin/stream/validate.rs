//! The rules of a stream's configuration.

use std::time::Duration;

use super::{Discard, StreamConfig};
use crate::admin::rules;
use crate::config::{duration, size};
use crate::subject::SubjectFilter;
use crate::{Error, Result};

/// JetStream's code for every refused stream configuration.
const INVALID_STREAM: u16 = 10052;

/// The shortest `max_age` and `duplicate_window` (measured on nats-server 2.15.1).
const MIN_SPAN: Duration = Duration::from_millis(100);

const MAX_REPLICAS: u8 = 5;

/// The broker's own subjects, and the part of them that a stream may store (measured on nats-server 2.15.1).
const RESERVED: [(&str, Option<&str>); 4] =
    [("$JS.>", Some("$JS.EVENT.>")), ("$SYS.>", Some("$SYS.ACCOUNT.>")), ("$JSC.>", None), ("$NRG.>", None)];

impl StreamConfig {
    /// Checks that the fields fit together. Every backend does so, by [`check`](Self::check) or by this, before it does anything.
    ///
    /// The rules are those of nats-server 2.15.1, but for two: it takes the stream's name as the subject of a stream
    /// without one, and reads a limit of 0 as unlimited; both are refused here.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) with the field as context `field`, a remedy, and JetStream's
    /// code (10052) if it has this rule too. The first rule that is broken is named.
    pub fn validate(&self) -> Result<()> {
        self.find_fault().map_err(|error| error.with_context("stream", &self.name))
    }

    fn find_fault(&self) -> Result<()> {
        self.check_subjects()?;
        rules::description(self.description.as_deref(), INVALID_STREAM)?;
        if !(1..=MAX_REPLICAS).contains(&self.replicas) {
            return Err(refused("replicas", format!("{} replicas are not possible", self.replicas))
                .with_remedy("give 1 to 5; an odd number keeps a majority best"));
        }
        if let Some(max_age) = self.max_age.at() {
            if max_age.is_zero() {
                return Err(Error::config("max_age", "max_age is 0").with_remedy(
                    "give at least 100ms, or say \"unlimited\" (`Limit::Unlimited`) explicitly",
                ));
            }
            rules::span("max_age", max_age, MIN_SPAN, Some(INVALID_STREAM))?;
        }
        rules::count("max_bytes", self.max_bytes, size::MAX)?;
        rules::count("max_messages", self.max_messages, rules::MAX_COUNT)?;
        rules::count("max_messages_per_subject", self.max_messages_per_subject, rules::MAX_COUNT)?;
        rules::count("max_message_size", self.max_message_size, u64::from(i32::MAX.unsigned_abs()))?;
        rules::count("max_consumers", self.max_consumers, rules::MAX_COUNT)?;
        self.check_per_subject()?;
        self.check_markers()?;
        self.check_schedules()?;
        self.check_duplicate_window()?;
        rules::metadata(&self.metadata, INVALID_STREAM)?;
        self.check_transform()?;
        self.check_republish()
    }

    fn check_schedules(&self) -> Result<()> {
        if self.allow_schedules && self.discard == Discard::New {
            return Err(refused("allow_schedules", "a stream with schedules discards the oldest".to_owned())
                .with_remedy("leave `discard` at `old`, or keep the schedules in a stream of their own"));
        }
        Ok(())
    }

    fn check_transform(&self) -> Result<()> {
        match &self.subject_transform {
            Some(transform) => transform
                .prepare()
                .map(drop)
                .map_err(|error| error.with_context("field", "subject_transform")),
            None => Ok(()),
        }
    }

    /// What a stream publishes again, it must not store itself.
    fn check_republish(&self) -> Result<()> {
        let Some(republish) = &self.republish else {
            return Ok(());
        };
        let transform = &republish.subjects;
        let mapping = transform
            .prepare()
            .map_err(|error| error.with_broker_code(INVALID_STREAM).with_context("field", "republish"))?;
        let produced = mapping.produces()?;
        let own = self.subjects.iter().find(|subject| subject.overlaps(&produced));
        if let Some(subject) = own {
            return Err(refused(
                "republish",
                format!(
                    "what is published again (`{transform}`) may match `{subject}`, which the stream stores"
                ),
            )
            .with_context("subject", subject)
            .with_remedy("give it a first token that none of the stream's subjects begins with"));
        }
        Ok(())
    }

    fn check_per_subject(&self) -> Result<()> {
        let bounded = !self.max_messages_per_subject.is_unlimited();
        if self.discard_new_per_subject && !(self.discard == Discard::New && bounded) {
            return Err(refused(
                "discard_new_per_subject",
                "discard_new_per_subject takes discard = new and max_messages_per_subject".to_owned(),
            )
            .with_remedy("set both, or leave discard_new_per_subject out"));
        }
        Ok(())
    }

    fn check_markers(&self) -> Result<()> {
        let Some(ttl) = self.subject_delete_marker_ttl else {
            return Ok(());
        };
        rules::span("subject_delete_marker_ttl", ttl, Duration::from_secs(1), Some(INVALID_STREAM))?;
        if !self.allow_message_ttl {
            return Err(refused(
                "subject_delete_marker_ttl",
                "subject_delete_marker_ttl takes allow_message_ttl".to_owned(),
            )
            .with_remedy("set allow_message_ttl, or leave the markers out"));
        }
        Ok(())
    }

    fn check_subjects(&self) -> Result<()> {
        if self.subjects.is_empty() {
            return Err(Error::config("subjects", "the stream has no subject")
                .with_remedy("name the subjects that it stores, such as ride.>"));
        }
        if let Some((one, other)) = rules::first_overlap(&self.subjects) {
            return Err(refused("subjects", format!("`{one}` and `{other}` overlap"))
                .with_remedy("keep the wider one, or make them disjoint"));
        }
        for (reserved, allowed) in RESERVED {
            let reserved = SubjectFilter::new(reserved)?;
            let allowed = allowed.map(SubjectFilter::new).transpose()?;
            let clash = self.subjects.iter().find(|subject| {
                subject.overlaps(&reserved)
                    && !allowed.as_ref().is_some_and(|allowed| allowed.covers(subject))
            });
            if let Some(subject) = clash {
                return Err(refused(
                    "subjects",
                    format!("`{subject}` takes in the broker's own `{reserved}`"),
                )
                .with_context("subject", subject)
                .with_remedy("begin the subject with a word of its own, such as ride.>"));
            }
        }
        Ok(())
    }

    fn check_duplicate_window(&self) -> Result<()> {
        let Some(window) = self.duplicate_window else {
            return Ok(());
        };
        rules::span("duplicate_window", window, MIN_SPAN, Some(INVALID_STREAM))?;
        if self.max_age.is_exceeded_by(&window) {
            let window = duration::format(window);
            return Err(refused(
                "duplicate_window",
                format!("duplicate_window is {window}, longer than max_age ({})", self.max_age),
            )
            .with_remedy("shorten duplicate_window, or lengthen max_age"));
        }
        Ok(())
    }
}

fn refused(field: &'static str, message: String) -> Error {
    Error::config(field, message).with_broker_code(INVALID_STREAM)
}
