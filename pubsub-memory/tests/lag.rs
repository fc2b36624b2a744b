//! A consumer that lags is one that does not, to whoever looks: the same random operations on two servers, one of which is
//! looked at after each of them, so that nothing is left for later.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{SECOND, Setup, durable, stream, take};
use futures::stream::BoxStream;
use futures::{FutureExt as _, StreamExt as _};
use proptest::prelude::*;
use pubsub_core::{
    AckPolicy, Broker as _, Consumer, ConsumerConfig, Delivery, Limit, OutboundMessage, PublishOptions,
    Purge, Result, Retention, StreamConfig, SubjectFilter, SubscribeOptions,
};

const SUBJECTS: [&str; 3] = ["s.a", "s.b", "s.a.x"];
const CONSUMERS: usize = 2;
const READERS: usize = 2;

/// One operation; numbers are taken modulo what there is to choose from.
#[derive(Debug, Clone)]
enum Op {
    Publish(usize),
    Batch(usize),
    Next(usize),
    Fetch(usize),
    Ack(usize),
    AckConfirmed(usize),
    AckMany(usize),
    Nak(usize),
    NakAfter(usize, u64),
    Extend(usize),
    Abandon(usize),
    Wait(u64),
    Info,
    Delete(u64),
    Purge(usize),
    Pause(usize, u64),
    Unsubscribe(usize),
    Limit(u64),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => any::<usize>().prop_map(Op::Publish),
        2 => (1..12_usize).prop_map(Op::Batch),
        12 => any::<usize>().prop_map(Op::Next),
        1 => any::<usize>().prop_map(Op::Fetch),
        8 => any::<usize>().prop_map(Op::Ack),
        1 => any::<usize>().prop_map(Op::AckConfirmed),
        1 => any::<usize>().prop_map(Op::AckMany),
        1 => any::<usize>().prop_map(Op::Nak),
        1 => (any::<usize>(), 1..12_u64).prop_map(|(which, seconds)| Op::NakAfter(which, seconds)),
        1 => any::<usize>().prop_map(Op::Extend),
        1 => any::<usize>().prop_map(Op::Abandon),
        3 => (0..12_u64).prop_map(Op::Wait),
        2 => Just(Op::Info),
        1 => any::<u64>().prop_map(Op::Delete),
        1 => any::<usize>().prop_map(Op::Purge),
        1 => (any::<usize>(), 1..20_u64).prop_map(|(which, seconds)| Op::Pause(which, seconds)),
        1 => any::<usize>().prop_map(Op::Unsubscribe),
        1 => (1..20_u64).prop_map(Op::Limit),
    ]
}

/// How streams and consumers are made.
#[derive(Debug, Clone)]
struct Shape {
    retention: Retention,
    max_ack_pending: u32,
    buffer: usize,
    filters: [Option<&'static str>; CONSUMERS],
    ack: AckPolicy,
    max_age: Option<u64>,
}

fn shape() -> impl Strategy<Value = Shape> {
    let retention = prop_oneof![
        4 => Just(Retention::Limits),
        1 => Just(Retention::Interest),
        2 => Just(Retention::WorkQueue)
    ];
    let filter = prop_oneof![Just(None), Just(Some("s.a")), Just(Some("s.*"))];
    let ack = prop_oneof![5 => Just(AckPolicy::Explicit), 1 => Just(AckPolicy::All)];
    let max_age = proptest::option::weighted(0.3, 5..40_u64);
    (retention, 1..30_u32, 1..9_usize, [filter.clone(), filter], ack, max_age).prop_map(
        |(retention, max_ack_pending, buffer, filters, ack, max_age)| {
            // No two consumers of a work queue see the same message, and each acks one by one.
            let (filters, ack) = match retention {
                Retention::WorkQueue => ([Some("s.a"), Some("s.b")], AckPolicy::Explicit),
                _ => (filters, ack),
            };
            Shape { retention, max_ack_pending, buffer, filters, ack, max_age }
        },
    )
}

struct World {
    setup: Setup,
    config: StreamConfig,
    buffer: usize,
    consumers: Vec<Arc<dyn Consumer>>,
    subscriptions: Vec<Option<BoxStream<'static, Result<Delivery>>>>,
    held: Vec<Delivery>,
    /// What was seen.
    log: Vec<String>,
}

impl World {
    async fn new(shape: &Shape) -> Self {
        let mut config = stream().with_retention(shape.retention);
        if let Some(seconds) = shape.max_age {
            config = config.with_max_age(Duration::from_secs(seconds));
        }
        let setup = Setup::new(config.clone()).await;
        let mut consumers = Vec::new();
        for (number, filter) in shape.filters.iter().enumerate() {
            let config: ConsumerConfig = durable(&format!("c{number}"));
            let config = config
                .with_filters(filter.iter().copied())
                .unwrap()
                .with_ack(shape.ack)
                .with_ack_wait(7 * SECOND)
                .with_max_ack_pending(shape.max_ack_pending)
                .with_max_deliver(Limit::At(4));
            consumers.push(setup.consumer(config).await);
        }
        let subscriptions = (0..CONSUMERS * READERS).map(|_| None).collect();
        let (held, log) = (Vec::new(), Vec::new());
        Self { setup, config, buffer: shape.buffer, consumers, subscriptions, held, log }
    }

    fn note(&mut self, what: String) {
        self.log.push(what);
    }

    fn hold(&mut self, delivery: Delivery) {
        let info = delivery.info();
        self.log.push(format!(
            "{} {} {} try {} left {} {:?}",
            info.consumer,
            info.stream_sequence,
            info.consumer_sequence,
            info.attempt,
            // A redelivery counts when somebody looks, also what came after its ack wait had ended.
            if info.attempt == 1 { info.pending } else { 0 },
            delivery.subject()
        ));
        self.held.push(delivery);
    }

    fn let_go(&mut self, which: usize) -> Option<Delivery> {
        (!self.held.is_empty()).then(|| self.held.remove(which % self.held.len()))
    }

    async fn infos(&mut self) {
        for consumer in self.consumers.clone() {
            let mut info = consumer.info().await.unwrap();
            // Each server has its own beginning.
            (info.created, info.paused_until) = (std::time::UNIX_EPOCH, None);
            self.note(format!("{info:?}"));
        }
        let info = self.setup.info().await;
        self.note(format!("{} {} {}", info.messages, info.first_sequence, info.last_sequence));
    }

    async fn apply(&mut self, op: &Op) {
        let admin = self.setup.admin();
        match op.clone() {
            Op::Publish(which) => {
                let sequence = self.setup.publish(SUBJECTS[which % SUBJECTS.len()]).await.sequence;
                self.note(format!("{sequence:?}"));
            }
            Op::Batch(size) => {
                let batch =
                    (0..size).map(|at| OutboundMessage::new(SUBJECTS[at % 3], "x").unwrap()).collect();
                let _ = self.setup.broker.publisher().publish_batch(batch, PublishOptions::default()).await;
            }
            Op::Next(which) => {
                let which = which % self.subscriptions.len();
                let consumer = &self.consumers[which % CONSUMERS];
                let options = SubscribeOptions::default().with_buffer(self.buffer);
                let subscription =
                    self.subscriptions[which].get_or_insert_with(|| Arc::clone(consumer).subscribe(options));
                match subscription.next().now_or_never() {
                    Some(delivery) => self.hold(delivery.unwrap().unwrap()),
                    None => self.note("nothing".to_owned()),
                }
            }
            Op::Fetch(which) => {
                let consumer = Arc::clone(&self.consumers[which % CONSUMERS]);
                for delivery in take(&consumer, 1 + which % 5).await {
                    self.hold(delivery);
                }
            }
            Op::Ack(which) => {
                if let Some(delivery) = self.let_go(which) {
                    delivery.ack().await.unwrap();
                }
            }
            Op::AckConfirmed(which) => {
                if let Some(delivery) = self.let_go(which) {
                    delivery.ack_confirmed().await.unwrap();
                }
            }
            Op::AckMany(which) => {
                let many = self.held.drain(..which % (self.held.len() + 1)).collect();
                let settled = self.consumers[0].settle_many(many, pubsub_core::Settlement::ack()).await;
                assert!(settled.iter().all(Result::is_ok));
            }
            Op::Nak(which) => {
                if let Some(delivery) = self.let_go(which) {
                    delivery.nak().await.unwrap();
                }
            }
            Op::NakAfter(which, seconds) => {
                if let Some(delivery) = self.let_go(which) {
                    delivery.nak_after(Duration::from_secs(seconds)).await.unwrap();
                }
            }
            Op::Extend(which) => {
                if !self.held.is_empty() {
                    self.held[which % self.held.len()].extend().await.unwrap();
                }
            }
            Op::Abandon(which) => drop(self.let_go(which).map(Delivery::into_message)),
            Op::Wait(_) => {}
            Op::Info => self.infos().await,
            Op::Delete(which) => {
                let info = self.setup.info().await;
                let sequence = info.first_sequence + which % (info.last_sequence + 2 - info.first_sequence);
                let deleted = admin.delete_message(&self.setup.stream, sequence).await.is_ok();
                self.note(format!("{deleted}"));
            }
            Op::Purge(which) => {
                let filter = SubjectFilter::new(SUBJECTS[which % SUBJECTS.len()]).unwrap();
                let purge = Purge::keep(1).with_filter(filter).unwrap();
                let purged = admin.purge_stream(&self.setup.stream, purge).await.unwrap();
                self.note(format!("{purged:?}"));
            }
            Op::Pause(which, seconds) => {
                let name = self.consumers[which % CONSUMERS].info().await.unwrap().name;
                let until = self.setup.info().await.created + Duration::from_secs(seconds * 5);
                admin.pause_consumer(&self.setup.stream, &name, until).await.unwrap();
            }
            Op::Unsubscribe(which) => {
                let which = which % self.subscriptions.len();
                self.subscriptions[which] = None;
            }
            Op::Limit(messages) => {
                self.config = self.config.clone().with_max_messages(messages);
                admin.update_stream(self.config.clone()).await.unwrap();
            }
        }
    }
}

async fn compare(shape: Shape, ops: Vec<Op>) {
    let mut lagging = World::new(&shape).await;
    let mut prompt = World::new(&shape).await;
    for (step, op) in ops.iter().enumerate() {
        if let Op::Wait(seconds) = op {
            tokio::time::sleep(Duration::from_millis(seconds * 1_000 + 1)).await;
            if shape.max_age.is_some() {
                // What has become too old leaves with the next look, whoever lags.
                lagging.setup.info().await;
                prompt.setup.info().await;
            }
        }
        lagging.apply(op).await;
        prompt.apply(op).await;
        if !matches!(op, Op::Wait(_)) {
            prompt.setup.info().await;
        }
        assert_eq!(lagging.log, prompt.log, "step {step}: {op:?}");
    }
    lagging.infos().await;
    prompt.infos().await;
    assert_eq!(lagging.log, prompt.log, "at the end");
    for world in [&mut lagging, &mut prompt] {
        // Not logged one by one.
        world.held.drain(..).for_each(|delivery| drop(delivery.into_message()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nobody_can_tell_that_a_consumer_lags(shape in shape(), ops in proptest::collection::vec(op(), 1..80)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.unwrap().block_on(compare(shape, ops));
    }
}
