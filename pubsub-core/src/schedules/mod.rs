//! Messages for later, known by a key: [`Schedules`].

mod clock;
mod planned;

use std::fmt::Display;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

pub use planned::Planned;

use crate::admin::{MessageSelector, Purge, StreamAdmin};
use crate::broker::Broker;
use crate::message::{Expectations, OutboundMessage, Schedule, ScheduleTime};
use crate::name::StreamName;
use crate::publish::{Publisher, PublisherExt as _, Receipt};
use crate::subject::{Subject, SubjectFilter};
use crate::{Capability, Error, ErrorKind, Result};
use clock::BrokerClock;

/// Publishes messages later, and knows each by a key, so that it can be moved and called off: reminders, timeouts,
/// delayed jobs, what recurs.
///
/// The broker keeps them ([`Schedule`], ADR-51) and publishes them when it is time, whether this process lives or
/// not; no message is nakked and no timer held for it. What is planned under a key is a message on the subject
/// `PLANS.KEY` of the same stream; planning under that key again replaces it. A consumer whose filter covers these
/// subjects sees the plans, so keep them apart. A server keeps seconds: a message comes in the second in which it is
/// due.
///
/// nats-server 2.12 and newer, and the memory backend; with `recurring_schedules` (2.14) what recurs too. Elsewhere
/// it is refused: an older server would store a plan as an ordinary message.
///
/// ```no_run
/// # use std::time::Duration;
/// # use pubsub_core::{Client, OutboundMessage, Provision, Result, Schedules, StreamConfig};
/// # async fn example(client: Client) -> Result<()> {
/// let stream = StreamConfig::new("REMIND", ["remind.due.*", "remind.plan.*"])?.with_allow_schedules();
/// client.ensure_stream(stream, Provision::CreateIfMissing).await?;
/// let reminders = Schedules::open(client, "REMIND", "remind.plan").await?;
///
/// let message = OutboundMessage::new("remind.due.anna", "call the garage")?;
/// reminders.publish_after("anna", Duration::from_secs(3600), message).await?;
/// reminders.move_after("anna", Duration::from_secs(60)).await?; // sooner
/// let was_planned = reminders.cancel("anna").await?;
/// # drop(was_planned);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Schedules {
    admin: Arc<dyn StreamAdmin>,
    publisher: Arc<dyn Publisher>,
    stream: StreamName,
    /// What the stream stores.
    subjects: Vec<SubjectFilter>,
    /// What stands before a key.
    plans: Subject,
    clock: Arc<BrokerClock>,
}

impl Schedules {
    /// Those of one stream, on subjects below `plans`, such as `remind.plan`.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] without the capability `schedules` (nats-server before 2.12), `InvalidInput` for an
    /// illegal name or subject, `NotFound` if there is no such stream, [`ErrorKind::Config`] if it does not allow
    /// schedules (10188), or stores nothing on subjects below `plans`.
    ///
    /// # Cancel safety
    /// Dropped before completion, nothing changes.
    pub async fn open<N, S>(broker: impl Broker, stream: N, plans: S) -> Result<Self>
    where
        N: TryInto<StreamName, Error: Into<Error>> + Send,
        S: TryInto<Subject, Error: Into<Error>> + Send,
    {
        let stream = stream.try_into().map_err(Into::into)?;
        let plans = plans.try_into().map_err(Into::into)?;
        broker.capabilities().require(Capability::Schedules)?;
        let admin = broker.admin().ok_or_else(|| Error::unsupported("stream_admin"))?;
        let config = admin.stream_info(&stream).await?.config;
        let refused = |message: &'static str, remedy: &'static str| {
            Err(Error::config("stream", message).with_context("stream", &stream).with_remedy(remedy))
        };
        if !config.allow_schedules {
            return refused(
                "the stream does not allow schedules",
                "make or update it `with_allow_schedules`; it cannot be taken back",
            )
            .map_err(|error: Error| error.with_broker_code(10188));
        }
        let below = SubjectFilter::new(format!("{plans}.*"))?;
        if !config.subjects.iter().any(|stored| stored.overlaps(&below)) {
            return refused(
                "the stream stores nothing on the subjects of the plans",
                "add such as `remind.plan.*` to its subjects",
            );
        }
        let clock = Arc::new(BrokerClock::new(Arc::clone(&admin), stream.clone(), &plans)?);
        Ok(Self { admin, publisher: broker.publisher(), stream, subjects: config.subjects, plans, clock })
    }

    /// Publishes a message at this time, by the broker's clock; at once if it has passed. It replaces what was
    /// planned under the key.
    ///
    /// # Errors
    /// As [`plan`](Self::plan), and as [`PublisherExt::publish`](crate::PublisherExt::publish).
    ///
    /// # Cancel safety
    /// Dropped before completion, it is planned or not.
    pub async fn publish_at(
        &self,
        key: impl Display,
        time: SystemTime,
        message: OutboundMessage,
    ) -> Result<Receipt> {
        let plan = self.plan(key, ScheduleTime::At(time), message)?;
        self.publisher.publish_message(plan).await
    }

    /// Publishes a message after this delay, not before. It is counted by the broker's clock, which is asked for the
    /// first time and every 10 min: by an ephemeral consumer that is made and removed. If that is not allowed, this
    /// machine's clock must do.
    ///
    /// # Errors
    /// As [`publish_at`](Self::publish_at).
    ///
    /// # Cancel safety
    /// As [`publish_at`](Self::publish_at).
    pub async fn publish_after(
        &self,
        key: impl Display,
        delay: Duration,
        message: OutboundMessage,
    ) -> Result<Receipt> {
        let plan = self.plan(key, ScheduleTime::At(self.after(delay).await?), message)?;
        self.publisher.publish_message(plan).await
    }

    /// Publishes a message again and again with this time between, at least 1 s, until it is called off.
    ///
    /// # Errors
    /// As [`publish_at`](Self::publish_at); `Unsupported` without the capability `recurring_schedules`.
    ///
    /// # Cancel safety
    /// As [`publish_at`](Self::publish_at).
    pub async fn publish_every(
        &self,
        key: impl Display,
        interval: Duration,
        message: OutboundMessage,
    ) -> Result<Receipt> {
        let plan = self.plan(key, ScheduleTime::Every(interval), message)?;
        self.publisher.publish_message(plan).await
    }

    /// Publishes a message by a cron expression of six fields, seconds first, in UTC, until it is called off. For
    /// another time zone publish a [`Schedule`] of your own.
    ///
    /// # Errors
    /// As [`publish_at`](Self::publish_at); `Unsupported` without the capability `recurring_schedules`.
    ///
    /// # Cancel safety
    /// As [`publish_at`](Self::publish_at).
    pub async fn publish_cron(
        &self,
        key: impl Display,
        expression: impl Into<String> + Send,
        message: OutboundMessage,
    ) -> Result<Receipt> {
        let plan = self.plan(key, ScheduleTime::Cron(expression.into()), message)?;
        self.publisher.publish_message(plan).await
    }

    /// What would be published to plan a message: for a handler to return, or for a batch. Its subject is where it
    /// goes when it is time; its time to live is that of what comes then.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for a key that is no part of a subject, and for a message with an id or with
    /// expectations, which the broker would not look at when it is time; [`ErrorKind::Config`] for a subject that the
    /// stream does not store, or below `plans`.
    pub fn plan(
        &self,
        key: impl Display,
        when: ScheduleTime,
        message: OutboundMessage,
    ) -> Result<OutboundMessage> {
        let subject = self.subject_of(key)?;
        let refused = |message: &'static str, remedy: &'static str| {
            Err(Error::invalid_input("message", message)
                .with_context("subject", &subject)
                .with_remedy(remedy))
        };
        if message.id.is_some() {
            return refused(
                "the id of a plan is not on what comes of it",
                "leave it out: the key makes it once",
            );
        }
        if message.expectations().is_some() || message.rollup().is_some() || message.schedule().is_some() {
            return refused(
                "only the time to live of a message can be planned with it",
                "leave the rest out",
            );
        }
        let target = message.subject.as_str();
        let is_below = target.strip_prefix(self.plans.as_str()).is_some_and(|rest| rest.starts_with('.'));
        if is_below || !self.subjects.iter().any(|stored| stored.matches(target)) {
            return Err(Error::config("subject", "the stream cannot publish there when it is time")
                .with_context("stream", &self.stream)
                .with_context("subject", target)
                .with_remedy("give a subject of the same stream that is not one of the plans"));
        }
        let mut schedule = Schedule::at(SystemTime::UNIX_EPOCH, message.subject.clone())?;
        schedule.when = when;
        schedule.ttl = message.ttl();
        let headers = message.headers.without_reserved();
        Ok(OutboundMessage::new(subject, message.payload)?.with_headers(headers).with_schedule(schedule))
    }

    /// Moves what is planned under a key to this time; payload, headers and subject stay. `false` if nothing is
    /// planned: it was published meanwhile, or called off.
    ///
    /// # Errors
    /// As [`get`](Self::get), and as a publish with [`Expectations`].
    ///
    /// # Cancel safety
    /// Dropped before completion, it is moved or not.
    pub async fn move_to(&self, key: impl Display, time: SystemTime) -> Result<bool> {
        let subject = self.subject_of(key)?;
        let Some(planned) = self.planned(&subject).await? else {
            return Ok(false);
        };
        let unchanged = Expectations::none().with_last_subject_sequence(planned.sequence);
        let schedule = Schedule { when: ScheduleTime::At(time), ..planned.schedule };
        let plan = OutboundMessage::new(subject, planned.payload)?
            .with_headers(planned.headers)
            .with_schedule(schedule)
            .with_expectations(unchanged);
        match self.publisher.publish_message(plan).await {
            Ok(_) => Ok(true),
            // It was published, moved or called off in between.
            Err(error) if error.kind() == ErrorKind::Conflict => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Moves what is planned under a key to this delay from now, by the broker's clock.
    ///
    /// # Errors
    /// As [`move_to`](Self::move_to).
    ///
    /// # Cancel safety
    /// As [`move_to`](Self::move_to).
    pub async fn move_after(&self, key: impl Display, delay: Duration) -> Result<bool> {
        let time = self.after(delay).await?;
        self.move_to(key, time).await
    }

    /// Calls off what is planned under a key. `false` if nothing was: it may have been published already.
    ///
    /// # Errors
    /// `InvalidInput` for an illegal key, and as [`StreamAdmin::purge_stream`].
    ///
    /// # Cancel safety
    /// Dropped before completion, it is called off or not.
    pub async fn cancel(&self, key: impl Display) -> Result<bool> {
        let plan = Purge::all().with_filter(self.subject_of(key)?.as_str())?;
        Ok(self.admin.purge_stream(&self.stream, plan).await? > 0)
    }

    /// What is planned under a key.
    ///
    /// # Errors
    /// `InvalidInput` for an illegal key, [`ErrorKind::Codec`] for a plan of another client that cannot be read, and as
    /// [`StreamAdmin::get_message`].
    ///
    /// # Cancel safety
    /// Dropped before completion, nothing changes.
    pub async fn get(&self, key: impl Display) -> Result<Option<Planned>> {
        let subject = self.subject_of(key)?;
        self.planned(&subject).await
    }

    async fn planned(&self, subject: &Subject) -> Result<Option<Planned>> {
        match self.admin.get_message(&self.stream, MessageSelector::LastOf(subject.clone())).await {
            Ok(stored) => Planned::read(stored).map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn subject_of(&self, key: impl Display) -> Result<Subject> {
        Subject::new(format!("{}.{key}", self.plans)).map_err(|error| {
            Error::invalid_input("key", "the key is no part of a subject")
                .with_remedy("give letters, digits, `-` or `_`, in tokens between dots")
                .with_source(error)
        })
    }

    async fn after(&self, delay: Duration) -> Result<SystemTime> {
        let far =
            || Error::invalid_input("delay", "the delay is too long").with_remedy("give at most 8,000 years");
        self.clock.now().await.checked_add(delay).ok_or_else(far)
    }
}
