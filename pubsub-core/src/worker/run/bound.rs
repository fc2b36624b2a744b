//! A binding that is connected: [`Bound`].

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use super::WorkerHandle;
use super::hooks::AfterSettle;
use super::keeper::Keeper;
use super::status::BindingStatus;
use super::sweep::Sweep;
use crate::admin::{ConsumerConfig, ConsumerInfo, Provision};
use crate::broker::Broker;
use crate::consume::Consumer;
use crate::name::ConsumerName;
use crate::publish::Publisher;
use crate::worker::binding::GivenUp;
use crate::worker::{Binding, KeyBy, RetryPolicy, Router};
use crate::{Capabilities, Capability, Error, Limit, Result};

/// All that an engine needs.
pub(super) struct Bound {
    pub(super) consumer: Arc<dyn Consumer>,
    pub(super) consumer_name: ConsumerName,
    /// What the consumer said when the worker started.
    pub(super) at_start: ConsumerInfo,
    pub(super) publisher: Arc<dyn Publisher>,
    pub(super) capabilities: Capabilities,
    pub(super) config: ConsumerConfig,
    pub(super) router: Router,
    pub(super) concurrency: RangeInclusive<usize>,
    pub(super) prefetch: Option<usize>,
    pub(super) deadline: Duration,
    pub(super) retry: RetryPolicy,
    pub(super) key: Option<KeyBy>,
    pub(super) given_up: GivenUp,
    pub(super) keeper: Keeper,
    /// Brings what dies without a worker.
    pub(super) sweep: Option<Sweep>,
    pub(super) worker: WorkerHandle,
    /// Where it reports.
    pub(super) place: usize,
    pub(super) after_settle: Vec<AfterSettle>,
    pub(super) drain: Duration,
}

impl Bound {
    /// Makes sure of the consumer and of the dead letters' stream.
    pub(super) async fn open(
        broker: &dyn Broker,
        binding: Binding,
        worker: WorkerHandle,
        after_settle: Vec<AfterSettle>,
        drain: Duration,
    ) -> Result<Self> {
        let given_up = binding.validate()?.clone();
        let admin = broker.admin().ok_or_else(|| Error::unsupported("stream_admin"))?;
        if let GivenUp::Kept(dead_letters) = &given_up {
            // What keeps them may have been changed by hand, and still keeps them.
            let wanted = dead_letters.stream();
            let kept = match admin.stream_info(&wanted.name).await {
                Ok(info) => info.config,
                Err(_) => admin.ensure_stream(wanted.clone(), Provision::CreateIfMissing).await?.config,
            };
            let covered = |subject| kept.subjects.iter().any(|kept| kept.covers(subject));
            if !wanted.subjects.first().is_some_and(covered) {
                return Err(Error::config(
                    "dead_letters",
                    "the stream of the dead letters does not store them",
                )
                .with_context("stream", &wanted.name)
                .with_remedy("add the subject to that stream, or name another one"));
            }
        }
        let mut wanted = binding.consumer;
        let capabilities = broker.capabilities();
        let info = match (&wanted.name, &binding.provision) {
            (Some(name), Provision::Never) => {
                let info = admin.consumer_info(&binding.stream, name).await?;
                // Whoever made it may have set a limit; it counts too.
                wanted.max_deliver = info.config.max_deliver;
                wanted.must_equal(&binding.stream, &info.config)?;
                info
            }
            _ => admin.ensure_consumer(&binding.stream, wanted, binding.provision).await?,
        };
        let consumer = broker.consumer(&binding.stream, &info.name).await?;
        let publisher = broker.publisher();
        let sweep = match (&given_up, info.config.max_deliver) {
            (GivenUp::Kept(_), Limit::At(_)) => Some(Sweep::open(broker, Arc::clone(&admin), &info).await?),
            _ => None,
        };
        let keeper = Keeper::new(Arc::clone(&publisher), admin, binding.stream.clone());
        let place = worker.add(BindingStatus::new(binding.stream, info.name.clone()));
        // Nothing keeps a message longer than its ack wait where that cannot be extended.
        let longest = info.config.effective_ack_wait();
        let can_extend = capabilities.has(Capability::Extend);
        Ok(Self {
            consumer,
            consumer_name: info.name.clone(),
            keeper,
            sweep,
            publisher,
            capabilities,
            config: info.config.clone(),
            at_start: info,
            router: binding.router,
            concurrency: binding.concurrency,
            prefetch: binding.prefetch,
            deadline: if can_extend { binding.deadline } else { binding.deadline.min(longest) },
            retry: binding.retry,
            key: binding.key,
            given_up,
            worker,
            place,
            after_settle,
            drain,
        })
    }

    /// Looks once more at what is unsettled, after something was done to the consumer that may have let messages go to others.
    pub(super) async fn look_again(&mut self) -> Result<()> {
        if self.key.is_some() {
            self.at_start = self.consumer.info().await?;
        }
        Ok(())
    }
}
