//! Messages of a stream once more, to handlers or to other subjects: [`Replay`].

mod guard;
mod handling;
mod pace;
mod progress;
mod run;
mod source;

use std::sync::Arc;
use std::time::Duration;

pub use pace::Pace;
pub use progress::{ReplayProgress, Replaying};
pub use source::ReplayEnd;

use super::{Binding, Router};
use crate::broker::Broker;
use crate::name::StreamName;
use crate::read::ReadOptions;
use crate::subject::{SubjectMapping, SubjectTransform};
use crate::{Error, Result};

/// Takes messages that are stored in a stream once more, in their order: to the handlers of a router, or as copies to
/// other subjects. From where and which, at what pace and up to where is said beforehand.
///
/// It reads as [`Client::read`](crate::Client::read) does: nothing is acknowledged, no consumer of anybody is
/// touched, and a lost connection neither loses nor repeats a message.
///
/// - **To handlers** ([`to_handlers`](Self::to_handlers)): one message after the other, each by the route that takes
///   its subject; to fill a new read model by the functions that a worker runs later. What a handler returns for
///   publishing is withheld and counted, since it was published when the message was handled first, unless
///   [`with_responses_published`](Self::with_responses_published).
/// - **To subjects** ([`to_subjects`](Self::to_subjects)): copies, renamed by a transform, with payload and headers
///   but without those that the broker reserves; [`ORIGIN`](Self::ORIGIN) says which message each was. Up to 256 are
///   on their way at once.
///
/// Nothing is written into the stream that is read, neither by the transform nor by what handlers return, unless
/// [`with_source_allowed`](Self::with_source_allowed). Schedules and the markers of deleted messages are skipped.
///
/// ```
/// # use futures::StreamExt as _;
/// # use pubsub_core::worker::{Pace, Replay};
/// # use pubsub_core::{Client, DeliverPolicy, ReadOptions, Result, SubjectTransform};
/// # async fn example(client: Client) -> Result<()> {
/// let mut replaying = Replay::to_subjects("RIDE", &SubjectTransform::new("ride.>", "test.ride.>")?)?
///     .with_read(ReadOptions::default().with_from(DeliverPolicy::FromSequence(1_000)))
///     .with_pace(Pace::Original(10.0))
///     .start(client)
///     .await?;
/// while let Some(progress) = replaying.next().await {
///     let progress = progress?;
///     println!("{} replayed, {} to go", progress.replayed, progress.remaining);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Replay {
    stream: StreamName,
    to: To,
    read: ReadOptions,
    pace: Pace,
    end: ReplayEnd,
    deadline: Duration,
    run_name: Option<String>,
    publishes_responses: bool,
    allows_source: bool,
    skips_failures: bool,
    is_dry: bool,
}

#[derive(Debug)]
enum To {
    Handlers(Router),
    Subjects(SubjectMapping),
}

impl Replay {
    /// The header of a copy that says which message it is of: `STREAM/SEQUENCE`.
    pub const ORIGIN: &'static str = "Replayed-From";

    /// To the handlers of a router. For them it is attempt 1, of a consumer `replay`; a
    /// [`WorkerHandle`](super::WorkerHandle) ends the replay.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for an illegal name,
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) for a router without routes, or with a route of batches.
    pub fn to_handlers<N>(stream: N, router: Router) -> Result<Self>
    where
        N: TryInto<StreamName, Error: Into<Error>>,
    {
        if router.filters().is_empty() {
            return Err(Error::config("router", "the router has no routes").with_remedy("add one by `route`"));
        }
        if router.largest_batch() > 0 {
            return Err(Error::config("router", "a replay goes through messages one by one, not in batches")
                .with_remedy("give it a router whose routes are all made by `route`"));
        }
        Ok(Self::new(stream.try_into().map_err(Into::into)?, To::Handlers(router)))
    }

    /// As copies to the subjects that a transform makes of those in the stream. Messages whose subject it does not
    /// take are skipped.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for an illegal name, and as
    /// [`SubjectTransform::prepare`].
    pub fn to_subjects<N>(stream: N, transform: &SubjectTransform) -> Result<Self>
    where
        N: TryInto<StreamName, Error: Into<Error>>,
    {
        Ok(Self::new(stream.try_into().map_err(Into::into)?, To::Subjects(transform.prepare()?)))
    }

    fn new(stream: StreamName, to: To) -> Self {
        Self {
            stream,
            to,
            read: ReadOptions::default(),
            pace: Pace::Instant,
            end: ReplayEnd::Newest,
            deadline: Binding::DEFAULT_DEADLINE,
            run_name: None,
            publishes_responses: false,
            allows_source: false,
            skips_failures: false,
            is_dry: false,
        }
    }

    /// Sets where it begins, and which subjects it reads; by default all from the oldest message.
    #[must_use]
    pub fn with_read(mut self, options: ReadOptions) -> Self {
        self.read = options;
        self
    }

    /// Sets how fast it goes; by default as fast as it can.
    #[must_use]
    pub fn with_pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// Sets where it ends; by default with what is the newest message when it begins.
    #[must_use]
    pub fn with_end(mut self, end: ReplayEnd) -> Self {
        self.end = end;
        self
    }

    /// Sets for how long a handler may take for one message; by default 5 min.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Gives each copy a message id made of this name, the stream and the sequence: a replay that was broken off and
    /// begins again under the same name, within the duplicate window of the stream that it writes to, stores none
    /// twice. Without a name copies have no such id, so that the same can be replayed as often as one likes.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if no id can be made of it.
    pub fn with_run_name(mut self, name: impl Into<String>) -> Result<Self> {
        let name = name.into();
        run::copy_id(&name, &self.stream, u64::MAX)?;
        self.run_name = Some(name);
        Ok(self)
    }

    /// Publishes what handlers return, as a worker does.
    #[must_use]
    pub fn with_responses_published(mut self) -> Self {
        self.publishes_responses = true;
        self
    }

    /// Lets it write into the stream that it reads.
    #[must_use]
    pub fn with_source_allowed(mut self) -> Self {
        self.allows_source = true;
        self
    }

    /// Passes over a message whose handler fails, or of which no copy can be made, and counts it; by default that
    /// ends the replay. A broker that cannot be reached ends it in any case.
    #[must_use]
    pub fn with_failures_skipped(mut self) -> Self {
        self.skips_failures = true;
        self
    }

    /// Reads and counts, checks subjects and the guard, and neither publishes nor handles anything, nor waits.
    #[must_use]
    pub fn with_dry_run(mut self) -> Self {
        self.is_dry = true;
        self
    }

    /// Begins. The work is done while the result is polled.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) for a pace that is none, if it would write into the stream that it
    /// reads, or would do so for ever; and as [`Client::read`](crate::Client::read).
    ///
    /// # Cancel safety
    /// Dropped before completion, nothing was published or handled.
    pub async fn start(self, broker: impl Broker) -> Result<Replaying> {
        let stream = self.stream.clone();
        let begun = run::Run::begin(self, Arc::new(broker)).await;
        begun
            .map(Replaying::new)
            .map_err(|error| error.with_operation("replay").with_context("stream", stream))
    }
}
