//! Order by key over several processes: [`ConsumerGroup`].

mod fence;
mod member;
mod partitions;
mod records;
mod status;
mod view;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use partitions::Partitions;
pub use status::{GroupHandle, GroupStatus};

use super::{Binding, Outcome, Router, Settled, Worker};
use crate::admin::PriorityGroup;
use crate::broker::Client;
use crate::name::ConsumerName;
use crate::{Capability, Error, Result};
use fence::Fence;
use member::Member;

/// One member of a group of processes that share the messages of a stream and handle those of one key in their order,
/// one after the other, whichever of them has the key. Run one in each process.
///
/// Keys are hashed to [`Partitions`]; each partition is a consumer, and at any time the business of one member, which
/// runs a [`Worker`] for it. The members find each other through a small stream of their own
/// (`STREAM_GROUP_members`), and share the partitions evenly:
///
/// - **A member joins**: the others stop as many partitions as it is to have, finish and settle what they have begun
///   with, and only then give them up.
/// - **A member stops**: it does the same with all of its own.
/// - **A member dies**: the others have its partitions after its lease (10 s by default), and its unsettled messages
///   after their ack wait, before those behind them.
/// - **A member loses the broker**: it ends its handlers after three quarters of the lease, before anybody else may
///   begin, and joins anew when it can.
///
/// So two members do not handle messages of one key at the same time, and no message is handled before an earlier one
/// of its key is done or given up. Two things are beyond that. A process that does not run for longer than its lease
/// (suspended, or with a blocked runtime) can find itself in the middle of a handler that another member has begun
/// anew; nothing more is delivered to it, since each consumer is [pinned](crate::PriorityPolicy::Pinned) to one member.
/// And delivery is at least once as ever.
///
/// It takes the capabilities `priority_groups`, `subject_transform`, `expectations` and `message_ttl`: the memory
/// backend, and nats-server 2.11 and newer. Designed after what the documentation of Synadia's orbit says of its
/// partitioned consumer groups; its members are no members of those.
///
/// ```no_run
/// use pubsub_core::worker::{Binding, ConsumerGroup, Partitions, Path, Router};
/// use pubsub_core::{Client, ConsumerConfig, Provision, Result, StreamConfig};
///
/// async fn completed(Path(ride): Path<String>) {
///     println!("bill {ride}");
/// }
///
/// # async fn example(client: Client, stop: impl Future<Output = ()> + Send) -> Result<()> {
/// let by_ride = Partitions::new("ride.*.*", [1], 16)?;
/// let stream = by_ride.on(StreamConfig::new("RIDE", ["ride.*.*"])?)?;
/// client.ensure_stream(stream, Provision::CreateIfMissing).await?;
///
/// let router = Router::new().route("ride.{ride_id}.completed", completed)?;
/// let billing = Binding::new("RIDE", ConsumerConfig::durable("billing")?, router)?.discard_dead_letters();
/// let outcome = ConsumerGroup::new(client, by_ride, billing)?.run_until(stop).await?;
/// println!("{} rides billed here", outcome.done);
/// # Ok(())
/// # }
/// ```
pub struct ConsumerGroup {
    client: Client,
    partitions: Partitions,
    binding: Binding,
    name: ConsumerName,
    lease: Duration,
    drain: Duration,
    handle: GroupHandle,
    after_settle: Vec<AfterSettle>,
}

type AfterSettle = Arc<dyn Fn(&Settled) + Send + Sync>;

impl ConsumerGroup {
    /// The default of [`with_lease`](Self::with_lease): 10 s.
    pub const DEFAULT_LEASE: Duration = Duration::from_secs(10);
    /// The shortest lease.
    pub const LEAST_LEASE: Duration = Duration::from_secs(1);
    /// The name of each consumer's priority group.
    const PIN: &'static str = "owner";

    /// A member of the group that has the name of the binding's consumer. The binding is that of each partition: its
    /// concurrency is for each, and its consumer's name is followed by the partition's number, as in `billing-3`.
    /// Routes are written as messages are published, without the number that comes before the subject.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) for a consumer that is not durable, that has filters of its
    /// own or a priority group, and for a binding with a key: the key is that of the partitions.
    pub fn new(client: Client, partitions: Partitions, binding: Binding) -> Result<Self> {
        let refused = |field: &'static str, message: &'static str, remedy: &'static str| {
            Err(Error::config(field, message).with_context("stream", &binding.stream).with_remedy(remedy))
        };
        let consumer = &binding.consumer;
        let Some(name) = consumer.name.clone().filter(|_| consumer.durable) else {
            return refused(
                "durable",
                "the consumers of a group are durable",
                "make it by `ConsumerConfig::durable`",
            );
        };
        if binding.key.is_some() {
            return refused("key", "the key of a group is that of its partitions", "leave `with_key` out");
        }
        if consumer.priority.is_some() {
            return refused("priority", "a group pins its consumers by itself", "leave `with_priority` out");
        }
        if consumer.filters != binding.router.filters() {
            return refused("filters", "a group takes the filters of its routes", "leave the consumer's out");
        }
        Ok(Self {
            client,
            partitions,
            binding,
            name,
            lease: Self::DEFAULT_LEASE,
            drain: Worker::DEFAULT_DRAIN,
            handle: GroupHandle::default(),
            after_settle: Vec::new(),
        })
    }

    /// Sets after what time without a sign of life the others take a member's partitions; by default 10 s, at least 1 s.
    #[must_use]
    pub fn with_lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// Sets for how long handlers may finish when a partition is given up, as [`Worker::with_drain`].
    #[must_use]
    pub fn with_drain(mut self, drain: Duration) -> Self {
        self.drain = drain;
        self
    }

    /// Runs after each attempt, as [`Worker::after_settle`].
    #[must_use]
    pub fn after_settle(mut self, hook: impl Fn(&Settled) + Send + Sync + 'static) -> Self {
        self.after_settle.push(Arc::new(hook));
        self
    }

    /// What stops and watches this member from elsewhere.
    #[must_use]
    pub fn handle(&self) -> GroupHandle {
        self.handle.clone()
    }

    /// Takes part until it is [stopped](GroupHandle::stop), or a partition cannot go on: then it gives all of them
    /// up.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) on a backend without what it takes, before anything is made
    /// there; [`Config`](crate::ErrorKind::Config) if the stream does not put its messages into these partitions, a
    /// route is outside of them, or the lease is too short; what making sure of the members' stream says.
    ///
    /// # Cancel safety
    /// Dropped before completion, it is as if the process had died.
    pub async fn run(self) -> Result<Outcome> {
        self.run_until(std::future::pending()).await
    }

    /// Takes part until `stop` resolves, or as [`run`](Self::run).
    ///
    /// # Errors
    /// As [`run`](Self::run).
    ///
    /// # Cancel safety
    /// As [`run`](Self::run).
    pub async fn run_until(self, stop: impl Future<Output = ()> + Send) -> Result<Outcome> {
        let handle = self.handle();
        let member = Member::join(self).await?;
        let mut running = std::pin::pin!(member.run());
        tokio::select! {
            outcome = &mut running => return outcome,
            () = stop => handle.stop(),
        }
        running.await
    }

    /// Before anything is made: whether it can be at all.
    async fn check(&self) -> Result<u8> {
        let needs = [
            Capability::PriorityGroups,
            Capability::SubjectTransform,
            Capability::Expectations,
            Capability::MessageTtl,
            Capability::ConfirmedSettlement,
        ];
        self.client.require(&needs)?;
        self.binding.validate()?;
        if self.lease < Self::LEAST_LEASE {
            return Err(Error::config("lease", "the lease is too short").with_remedy("give at least 1s"));
        }
        let admin = self.client.admin()?;
        let stream = admin.stream_info(&self.binding.stream).await?.config;
        self.partitions.must_be_of(&stream, &self.binding.router.filters())?;
        Ok(stream.replicas)
    }

    /// What runs one partition, and what keeps others from its consumer.
    fn worker(&self, partition: u32) -> Result<(Worker, Arc<Fence>)> {
        let mut binding = self.binding.clone();
        let name = ConsumerName::new(format!("{}-{partition}", self.name))?;
        let filters = binding.router.filters();
        let filters = filters.iter().map(|filter| Partitions::within(partition, filter));
        binding.consumer.filters = filters.collect::<Result<_>>()?;
        binding.consumer.name = Some(name.clone());
        binding.consumer.priority = Some(PriorityGroup::pinned(Self::PIN)?);
        binding.router = Router::new().nest("*", binding.router)?;
        binding.key = Some(self.partitions.key());
        let fence = Arc::new(Fence::new(self.client.admin()?, binding.stream.clone(), name, self.lease));
        let first = Arc::clone(&fence);
        let worker =
            Worker::new(self.client.clone()).with_drain(self.drain).bind(binding).on_start(|_| async move {
                // Who had it before has no say in it any more, nor does it keep this one waiting.
                first.raise().await
            });
        let worker = self.after_settle.iter().fold(worker, |worker, hook| {
            let hook = Arc::clone(hook);
            worker.after_settle(move |settled| hook(settled))
        });
        Ok((worker, fence))
    }
}

impl fmt::Debug for ConsumerGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsumerGroup")
            .field("name", &self.name)
            .field("partitions", &self.partitions)
            .field("lease", &self.lease)
            .finish_non_exhaustive()
    }
}
