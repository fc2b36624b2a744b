//! One consumer and what handles its messages: [`Binding`].

use std::ops::RangeInclusive;
use std::time::Duration;

use super::{DeadLetters, KeyBy, RetryPolicy, Router};
use crate::admin::{AckPolicy, ConsumerConfig, Provision};
use crate::config::{Limit, duration};
use crate::name::StreamName;
use crate::{Capabilities, Capability, Error, Result};

/// One consumer of one stream, the router that handles its messages, and how.
///
/// What becomes of messages that are given up must be said: by [`with_dead_letters`](Self::with_dead_letters) or
/// [`discard_dead_letters`](Self::discard_dead_letters).
///
/// ```
/// use pubsub_core::ConsumerConfig;
/// use pubsub_core::worker::{Binding, DeadLetters, KeyBy, Router};
///
/// async fn completed() {}
///
/// let router = Router::new().route("ride.{ride_id}.completed", completed)?;
/// let binding = Binding::new("RIDE", ConsumerConfig::durable("billing")?, router)?
///     .with_concurrency(32)
///     .with_key(KeyBy::token(1))
///     .with_dead_letters(DeadLetters::in_stream("DEAD_LETTERS")?);
/// # drop(binding);
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Binding {
    pub(super) stream: StreamName,
    pub(super) consumer: ConsumerConfig,
    pub(super) router: Router,
    pub(super) provision: Provision,
    pub(super) concurrency: RangeInclusive<usize>,
    pub(super) prefetch: Option<usize>,
    pub(super) deadline: Duration,
    pub(super) retry: RetryPolicy,
    pub(super) key: Option<KeyBy>,
    /// `None` while nobody has said.
    pub(super) given_up: Option<GivenUp>,
}

/// What becomes of messages that are given up.
#[derive(Debug, Clone)]
pub(super) enum GivenUp {
    Kept(Box<DeadLetters>),
    Discarded,
}

impl Binding {
    /// The default of [`with_concurrency`](Self::with_concurrency): 16.
    pub const DEFAULT_CONCURRENCY: usize = 16;
    /// The default of [`with_deadline`](Self::with_deadline): 5 min.
    pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(300);

    /// Binds a router to a consumer. A consumer without filters gets those of the router; `max_deliver` becomes unlimited,
    /// since the worker counts the attempts itself, so that no message stays in the stream unseen.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for an illegal name;
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) for a router without routes, a route of batches below a layer, or a
    /// filter of which no route takes all.
    pub fn new<N>(stream: N, consumer: ConsumerConfig, router: Router) -> Result<Self>
    where
        N: TryInto<StreamName, Error: Into<Error>>,
    {
        let stream = stream.try_into().map_err(Into::into)?;
        let routes = router.filters();
        if routes.is_empty() {
            return Err(Error::config("router", "the router has no routes").with_remedy("add one by `route`"));
        }
        if let Some(route) = router.missing_layer() {
            return Err(Error::config("router", "no layer goes around a handler of batches")
                .with_context("route", route)
                .with_remedy("add the route after the layers, and do in its handler what they do"));
        }
        let mut consumer = consumer.with_max_deliver(Limit::Unlimited);
        if consumer.filters.is_empty() {
            consumer.filters = routes;
        } else if let Some(filter) =
            consumer.filters.iter().find(|filter| !routes.iter().any(|route| route.covers(filter)))
        {
            return Err(Error::config("filters", format!("no route takes all that `{filter}` lets in"))
                .with_remedy("leave the filters out, to get those of the router, or add a route"));
        }
        Ok(Self {
            stream,
            consumer,
            router,
            provision: Provision::CreateIfMissing,
            concurrency: Self::DEFAULT_CONCURRENCY..=Self::DEFAULT_CONCURRENCY,
            prefetch: None,
            deadline: Self::DEFAULT_DEADLINE,
            retry: RetryPolicy::default(),
            key: None,
            given_up: None,
        })
    }

    /// Sets how the consumer is made sure of when the worker starts; by default it is created if it is missing.
    ///
    /// With [`Provision::Never`] the consumer may have a `max_deliver`, whose last attempt is the worker's last too. What reaches it while
    /// no worker is there is swept up into the dead letters: a stream (`WORKER_ADVISORIES`, unless another one has their
    /// subject) keeps what the broker tells of it.
    #[must_use]
    pub fn with_provision(mut self, provision: Provision) -> Self {
        self.provision = provision;
        self
    }

    /// Sets how many messages are handled at once: at least 1, by default 16.
    #[must_use]
    pub fn with_concurrency(mut self, handlers: usize) -> Self {
        self.concurrency = handlers..=handlers;
        self
    }

    /// Lets the lag say how many messages are handled at once, between two bounds: it begins with the lower one, doubles while
    /// more messages are to come than are handled at once, and goes down when none are. For handlers that wait for others,
    /// and a database that one would rather leave alone at quiet times. [`WorkerStatus`](super::WorkerStatus) shows it.
    #[must_use]
    pub fn with_concurrency_between(mut self, bounds: RangeInclusive<usize>) -> Self {
        self.concurrency = bounds;
        self
    }

    /// Sets how many messages are held at most, those that are handled included. By default the worker finds it: as many
    /// as it handles in an eighth of the ack wait, up to 1,000.
    #[must_use]
    pub fn with_prefetch(mut self, messages: usize) -> Self {
        self.prefetch = Some(messages);
        self
    }

    /// Sets for how long one attempt may run, by default 5 min: it is then ended, and tried again. Until then the worker
    /// extends the ack wait.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Sets when a failed message is tried again, and how often.
    #[must_use]
    pub fn with_retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Handles messages of one key one after the other.
    #[must_use]
    pub fn with_key(mut self, key: KeyBy) -> Self {
        self.key = Some(key);
        self
    }

    /// Keeps messages that are given up.
    #[must_use]
    pub fn with_dead_letters(mut self, dead_letters: DeadLetters) -> Self {
        self.given_up = Some(GivenUp::Kept(Box::new(dead_letters)));
        self
    }

    /// Ends messages that are given up, with an error in the log for each: they are lost.
    #[must_use]
    pub fn discard_dead_letters(mut self) -> Self {
        self.given_up = Some(GivenUp::Discarded);
        self
    }

    pub(super) fn validate(&self) -> Result<&GivenUp> {
        self.retry.validate()?;
        if self.consumer.ack != AckPolicy::Explicit {
            return Err(Error::config("ack", "a worker settles each message by itself")
                .with_remedy("leave the consumer's `ack` explicit"));
        }
        if !self.consumer.backoff.is_empty() {
            return Err(Error::config(
                "backoff",
                "the server adds these delays to those of the worker's retries",
            )
            .with_context("stream", &self.stream)
            .with_remedy("leave the consumer's `backoff` out, and give the binding a `RetryPolicy`"));
        }
        if self.concurrency.is_empty() {
            return Err(Error::config("concurrency", "its upper bound is below its lower one")
                .with_remedy("give bounds such as 4..=64"));
        }
        if *self.concurrency.start() == 0 || self.prefetch == Some(0) {
            let field = if self.prefetch == Some(0) { "prefetch" } else { "concurrency" };
            return Err(Error::config(field, format!("{field} is 0")).with_remedy("give at least 1"));
        }
        if self.deadline.is_zero() {
            return Err(Error::config("deadline", "deadline is 0").with_remedy("give a duration such as 5m"));
        }
        if let Some(GivenUp::Kept(dead_letters)) = &self.given_up {
            dead_letters.must_not_return_to(&self.stream, &self.consumer.filters)?;
        }
        self.given_up.as_ref().ok_or_else(|| {
            Error::config("dead_letters", "nobody has said what becomes of messages that are given up")
                .with_context("stream", &self.stream)
                .with_remedy("keep them (`with_dead_letters`), or lose them (`discard_dead_letters`)")
        })
    }

    /// Whether a backend that can do this keeps the delays of the retries. A message with a key, or without the capability
    /// `nak_delay`, waits in the worker; without `extend` the broker delivers it elsewhere when its ack wait is over.
    pub(super) fn must_be_kept_by(&self, has: Capabilities) -> Result<()> {
        let waits_here = self.key.is_some() || !has.has(Capability::NakDelay);
        let (longest, ack_wait) = (self.retry.longest_delay(), self.consumer.effective_ack_wait());
        if !waits_here || has.has(Capability::Extend) || longest < ack_wait {
            return Ok(());
        }
        let (longest, ack_wait) = (duration::format(longest), duration::format(ack_wait));
        let message =
            format!("a retry may wait for {longest}, and this backend keeps a message for {ack_wait}");
        Err(Error::config("max_delay", message).with_context("stream", &self.stream).with_remedy(
            "shorten `max_delay`, its random part included, or lengthen the consumer's ack wait",
        ))
    }
}
