//! Flaws in what becomes of the instructions that a message carries.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use pubsub_core::{
    BatchReceipt, Expectations, Headers, OutboundMessage, PublishOptions, Publisher, Result, Rollup,
    Schedule, ScheduleTime, TimeToLive,
};

use super::Tamper;

/// What a message asks of its broker.
struct Asked {
    expectations: Option<Expectations>,
    ttl: Option<TimeToLive>,
    schedule: Option<Schedule>,
    rollup: Option<Rollup>,
}

/// The message as it would be with other instructions.
fn asking(message: OutboundMessage, change: impl FnOnce(&mut Asked)) -> OutboundMessage {
    let mut asked = Asked {
        expectations: message.expectations().cloned(),
        ttl: message.ttl(),
        schedule: message.schedule().cloned(),
        rollup: message.rollup(),
    };
    change(&mut asked);
    let Ok(mut other) = OutboundMessage::new(message.subject.clone(), message.payload.clone()) else {
        return message;
    };
    (other.headers, other.id) = (message.headers, message.id);
    if let Some(expectations) = asked.expectations {
        other = other.with_expectations(expectations);
    }
    if let Some(ttl) = asked.ttl {
        other = other.with_ttl(ttl);
    }
    if let Some(schedule) = asked.schedule {
        other = other.with_schedule(schedule);
    }
    match asked.rollup {
        Some(rollup) => other.with_rollup(rollup),
        None => other,
    }
}

/// Instructions that are changed on their way, by a flaw of that name.
macro_rules! misinstructed {
    ($($(#[doc = $doc:literal])+ $name:ident = |$asked:ident| $change:expr;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug)]
        pub(super) struct $name;

        impl Tamper for $name {
            fn outbound(&self, message: OutboundMessage) -> OutboundMessage {
                asking(message, |$asked| $change)
            }
        }
    )+};
}

misinstructed! {
    /// The likely cause: headers that the broker does not know.
    IgnoresExpectations = |asked| asked.expectations = None;
    /// The likely cause: the older form of the header, which knows one subject only.
    ExpectsOfOneSubject = |asked| if let Some(expected) = &mut asked.expectations {
        expected.last_subject_filter = None;
    };
    /// The likely cause: a limit that the stream has and a message has not.
    IgnoresTimesToLive = |asked| asked.ttl = None;
    /// The likely cause: a value that is cut to fit its field.
    RoundsTimesToLive = |asked| if let Some(TimeToLive::After(time)) = asked.ttl {
        asked.ttl = Some(Duration::from_secs(time.as_secs().max(1)).into());
    };
    /// The likely cause: "never" that is read as "not set".
    ForgetsNever = |asked| asked.ttl = asked.ttl.filter(|ttl| *ttl != TimeToLive::Never);
    /// The likely cause: a message like any other.
    IgnoresRollups = |asked| asked.rollup = None;
    /// The likely cause: one kind of rollup.
    RollsEverythingUp = |asked| asked.rollup = asked.rollup.map(|_| Rollup::All);
    /// The likely cause: a sweep that takes what is due before the next one.
    SchedulesEarly = |asked| if let Some(Schedule { when: ScheduleTime::At(time), .. }) = &mut asked.schedule {
        *time -= Duration::from_secs(10);
    };
    /// The likely cause: seconds, and what is late until the next minute.
    SchedulesLate = |asked| if let Some(Schedule { when: ScheduleTime::At(time), .. }) = &mut asked.schedule {
        *time += Duration::from_secs(60);
    };
    /// The likely cause: a job that is taken from its list when it runs.
    RecursOnce = |asked| if let Some(schedule) = &mut asked.schedule
        && matches!(schedule.when, ScheduleTime::Every(_)) {
        schedule.when = ScheduleTime::At(SystemTime::UNIX_EPOCH);
    };
    /// The likely cause: the payload is the schedule's own, whatever it names.
    IgnoresSources = |asked| if let Some(schedule) = &mut asked.schedule {
        schedule.source = None;
    };
    /// The likely cause: one time to live, that of the schedule itself.
    ForgetsTimesOfProducts = |asked| if let Some(schedule) = &mut asked.schedule {
        schedule.ttl = None;
    };
    /// The likely cause: one sequence to compare with, that of the stream.
    ExpectsOfTheWholeStream = |asked| if let Some(expected) = &mut asked.expectations
        && expected.last_subject_filter.is_none()
        && let Some(sequence) = expected.last_subject_sequence.take() {
        expected.last_sequence = Some(sequence);
    };
}

/// The likely cause: a product that is made of the payload alone.
#[derive(Debug)]
pub(super) struct SchedulesBare;

impl Tamper for SchedulesBare {
    fn outbound(&self, message: OutboundMessage) -> OutboundMessage {
        if message.schedule().is_some() { message.with_headers(Headers::new()) } else { message }
    }
}

/// The likely cause: what is checked for one message and not for several.
#[derive(Debug)]
pub(super) struct BatchesExpectNothing;

#[async_trait]
impl Tamper for BatchesExpectNothing {
    async fn publish_atomic(
        &self,
        inner: &Arc<dyn Publisher>,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Result<BatchReceipt> {
        let messages = messages.into_iter().map(|message| asking(message, |asked| asked.expectations = None));
        inner.publish_atomic(messages.collect(), options).await
    }
}
