//! When the broker itself publishes a message: [`Schedule`].

use std::time::{Duration, SystemTime};

use super::TimeToLive;
use crate::config::{duration, timestamp};
use crate::{Capability, Error, Result, Subject};

/// When the broker publishes a message to another subject of the same stream (ADR-51).
///
/// The message itself is stored at once, on its own subject, and is the schedule: a second one on that subject replaces
/// it, and purging the subject cancels it. A consumer whose filter covers that subject sees the schedule, so give
/// schedules a subject of their own. The stream must allow schedules
/// ([`allow_schedules`](crate::StreamConfig::allow_schedules)). Neither the message id nor the time to live of the
/// schedule is on what it produces.
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// use pubsub_core::{OutboundMessage, Schedule};
///
/// let in_an_hour = SystemTime::now() + Duration::from_secs(3600);
/// let reminder = OutboundMessage::new("reminder.schedule.r-17", "your ride is near")?
///     .with_schedule(Schedule::at(in_an_hour, "reminder.due.r-17")?);
///
/// let nightly = OutboundMessage::new("report.schedule", "")?
///     .with_schedule(Schedule::cron("0 30 2 * * *", "report.due")?.with_time_zone("Europe/Berlin"));
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Schedule {
    /// When.
    pub when: ScheduleTime,
    /// Where the message goes then: another subject of the same stream, without wildcards (10190).
    pub target: Subject,
    /// How long what it produces lives.
    pub ttl: Option<TimeToLive>,
    /// The subject whose newest message it publishes, in place of the schedule's own payload and headers.
    pub source: Option<Subject>,
    /// The time zone of a cron schedule, as the IANA database names it; UTC if unset.
    pub time_zone: Option<String>,
    /// Whether what it produces replaces what was on the target before.
    pub rollup: bool,
}

/// The times of a [`Schedule`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScheduleTime {
    /// Once; at once if it has passed. Takes the capability `schedules`, the others `recurring_schedules`.
    At(SystemTime),
    /// Again and again with this time between: at least 1 s.
    Every(Duration),
    /// By six fields (second, minute, hour, day of month, month, day of week), or `@hourly`, `@daily`, `@weekly`,
    /// `@monthly` or `@yearly`.
    Cron(String),
}

impl Schedule {
    /// Once, at this time.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the target is no subject.
    pub fn at<S>(time: SystemTime, target: S) -> Result<Self>
    where
        S: TryInto<Subject, Error: Into<Error>>,
    {
        Self::new(ScheduleTime::At(time), target)
    }

    /// Again and again, with this time between.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the target is no subject.
    pub fn every<S>(interval: Duration, target: S) -> Result<Self>
    where
        S: TryInto<Subject, Error: Into<Error>>,
    {
        Self::new(ScheduleTime::Every(interval), target)
    }

    /// By a cron expression of six fields, seconds first.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the target is no subject. The expression is
    /// checked when the message is published.
    pub fn cron<S>(expression: impl Into<String>, target: S) -> Result<Self>
    where
        S: TryInto<Subject, Error: Into<Error>>,
    {
        Self::new(ScheduleTime::Cron(expression.into()), target)
    }

    fn new<S>(when: ScheduleTime, target: S) -> Result<Self>
    where
        S: TryInto<Subject, Error: Into<Error>>,
    {
        let target = target.try_into().map_err(Into::into)?;
        Ok(Self { when, target, ttl: None, source: None, time_zone: None, rollup: false })
    }

    /// Sets [`ttl`](Self::ttl).
    #[must_use]
    pub fn with_ttl(mut self, ttl: impl Into<TimeToLive>) -> Self {
        self.ttl = Some(ttl.into());
        self
    }

    /// Sets [`source`](Self::source).
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if it is no subject.
    pub fn with_source<S>(mut self, source: S) -> Result<Self>
    where
        S: TryInto<Subject, Error: Into<Error>>,
    {
        self.source = Some(source.try_into().map_err(Into::into)?);
        Ok(self)
    }

    /// Sets [`time_zone`](Self::time_zone).
    #[must_use]
    pub fn with_time_zone(mut self, time_zone: impl Into<String>) -> Self {
        self.time_zone = Some(time_zone.into());
        self
    }

    /// Sets [`rollup`](Self::rollup).
    #[must_use]
    pub fn with_rollup(mut self) -> Self {
        self.rollup = true;
        self
    }

    /// What it takes: a server before 2.14 only knows `@at`, in UTC, and neither source nor rollup.
    pub(super) fn capability(&self) -> Capability {
        let once = matches!(self.when, ScheduleTime::At(_));
        if once && self.source.is_none() && self.time_zone.is_none() && !self.rollup {
            Capability::Schedules
        } else {
            Capability::RecurringSchedules
        }
    }

    /// The value of the header `Nats-Schedule`.
    pub(super) fn header(&self) -> String {
        match &self.when {
            ScheduleTime::At(time) => format!("@at {}", timestamp::format(*time).unwrap_or_default()),
            ScheduleTime::Every(interval) => format!("@every {}ms", interval.as_millis()),
            ScheduleTime::Cron(expression) => expression.clone(),
        }
    }

    pub(super) fn find_fault(&self, subject: &Subject) -> Result<()> {
        let refused = |message: &'static str, code: u16, remedy: &'static str| {
            Err(Error::invalid_input("schedule", message).with_broker_code(code).with_remedy(remedy))
        };
        if self.target == *subject {
            return refused(
                "a schedule cannot publish to its own subject",
                10190,
                "give the schedule a subject of its own in the same stream",
            );
        }
        match &self.when {
            ScheduleTime::At(time) if timestamp::format(*time).is_none() => {
                refused("the time is before 1970 or after 9999", 10189, "give a time between them")
            }
            ScheduleTime::Every(interval)
                if *interval < Duration::from_secs(1) || *interval > duration::MAX =>
            {
                refused("the interval is not between 1 s and 292 years", 10189, "give at least 1s")
            }
            ScheduleTime::Cron(expression)
                if expression.is_empty() || expression.chars().any(char::is_control) =>
            {
                refused(
                    "the cron expression is empty or has control characters",
                    10189,
                    "write six fields, such as `0 30 2 * * *`",
                )
            }
            _ => self.ttl.map_or(Ok(()), TimeToLive::find_fault),
        }
    }
}
