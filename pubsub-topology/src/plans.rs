//! What is declared: [`StreamPlan`], [`ConsumerPlan`], [`ServicePlan`].

use std::time::Duration;

use pubsub_core::{ConsumerConfig, StreamConfig, StreamName, SubjectFilter};

/// A stream, its consumers, and what is known about who publishes to it.
///
/// ```
/// use pubsub_core::{ConsumerConfig, StreamConfig};
/// use pubsub_topology::{ConsumerPlan, StreamPlan};
///
/// let billing = ConsumerConfig::durable("billing")?.with_filter("ride.completed")?;
/// let rides = StreamPlan::new(StreamConfig::new("RIDE", ["ride.>"])?)
///     .with_consumer(ConsumerPlan::new(billing).of_service("billing"));
/// assert_eq!(rides.consumers.len(), 1);
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamPlan {
    /// What it is to be.
    pub config: StreamConfig,
    /// Its consumers.
    pub consumers: Vec<ConsumerPlan>,
    /// For how long publishers go on publishing a message again under one id.
    pub publish_retry: Option<Duration>,
}

impl StreamPlan {
    /// A stream without consumers.
    #[must_use]
    pub fn new(config: StreamConfig) -> Self {
        Self { config, consumers: Vec::new(), publish_retry: None }
    }

    /// Adds a consumer.
    #[must_use]
    pub fn with_consumer(mut self, consumer: ConsumerPlan) -> Self {
        self.consumers.push(consumer);
        self
    }

    /// Says for how long publishers go on publishing a message again.
    #[must_use]
    pub fn with_publish_retry(mut self, budget: Duration) -> Self {
        self.publish_retry = Some(budget);
        self
    }
}

/// A consumer, and what is known about who uses it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConsumerPlan {
    /// What it is to be.
    pub config: ConsumerConfig,
    /// The services that use it. More than one share its messages, which is a mistake.
    pub services: Vec<String>,
    /// The stream that keeps what is given up.
    pub dead_letters: Option<StreamName>,
    /// How many messages one instance holds at once.
    pub prefetch: Option<u32>,
    /// How long handling one message takes, one after the other.
    pub handling_time: Option<Duration>,
    /// For how long a message is tried again.
    pub retry_budget: Option<Duration>,
}

impl ConsumerPlan {
    /// A consumer of which nothing else is known.
    #[must_use]
    pub fn new(config: ConsumerConfig) -> Self {
        Self {
            config,
            services: Vec::new(),
            dead_letters: None,
            prefetch: None,
            handling_time: None,
            retry_budget: None,
        }
    }

    /// Says which service uses it.
    #[must_use]
    pub fn of_service(mut self, service: impl Into<String>) -> Self {
        self.services.push(service.into());
        self
    }

    /// Says which stream keeps what is given up.
    #[must_use]
    pub fn with_dead_letters(mut self, stream: StreamName) -> Self {
        self.dead_letters = Some(stream);
        self
    }

    /// Says how many messages one instance holds at once, and how long handling one takes.
    #[must_use]
    pub fn with_prefetch(mut self, messages: u32, handling_time: Duration) -> Self {
        self.prefetch = Some(messages);
        self.handling_time = Some(handling_time);
        self
    }

    /// Says for how long a message is tried again.
    #[must_use]
    pub fn with_retry_budget(mut self, budget: Duration) -> Self {
        self.retry_budget = Some(budget);
        self
    }
}

/// A service, and what it publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServicePlan {
    /// Its name, as consumers give it.
    pub name: String,
    /// The subjects that it publishes to.
    pub publishes: Vec<SubjectFilter>,
}

impl ServicePlan {
    /// A service that publishes to these subjects.
    #[must_use]
    pub fn new(name: impl Into<String>, publishes: Vec<SubjectFilter>) -> Self {
        Self { name: name.into(), publishes }
    }
}
