//! Order by key over several members, by the history of what they did.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use pubsub::worker::{
    Attempt, Binding, ConsumerGroup, DeadLetterStore, DeadLetters, Failure, GroupHandle, KeyBy, Outcome,
    Partitions, Path, RetryPolicy, Router,
};
use pubsub::{Client, ConsumerConfig, DeliveryInfo, ErrorKind, FetchOptions, Provision, StreamConfig};
use pubsub_testkit::fault_layer::{FaultLayer, PublishFault, SettleFault, When};
use tokio::task::JoinHandle;

use crate::history::{Event, History};
use crate::support::until;

const PARTITIONS: u32 = 6;
/// Long enough that a busy machine does not look like a dead one.
const LEASE: Duration = Duration::from_secs(4);

fn partitions() -> Partitions {
    Partitions::new("key.*.*", [1], PARTITIONS).expect("partitions")
}

async fn make_stream(client: &Client) {
    let stream = StreamConfig::new("KEYS", ["key.*.*"]).expect("a stream");
    let stream = partitions().on(stream).expect("a stream");
    client.ensure_stream(stream, Provision::CreateIfMissing).await.expect("made");
}

async fn publish(client: &Client, keys: u32, numbers: std::ops::Range<u32>) {
    for number in numbers {
        for key in 0..keys {
            client.publish(format!("key.{key}.{number}"), "").await.expect("stored");
        }
    }
}

fn member_binding(router: Router) -> Binding {
    let consumer = ConsumerConfig::durable("group").expect("a name").with_ack_wait(Duration::from_secs(2));
    let quick = RetryPolicy::default().with_first_delay(Duration::from_millis(20)).without_jitter();
    Binding::new("KEYS", consumer, router).expect("a binding").with_retry(quick).discard_dead_letters()
}

fn group(client: &Client, member: usize, history: &History) -> ConsumerGroup {
    let binding = member_binding(recording(member, history));
    let group = ConsumerGroup::new(client.clone(), partitions(), binding).expect("a group");
    group.with_lease(LEASE).with_drain(Duration::from_secs(5))
}

/// Handlers that take their time, of which some fail at first; all that they do is in the history.
fn recording(member: usize, history: &History) -> Router {
    let history = history.clone();
    let handler = move |Path((key, number)): Path<(u32, u32)>, Attempt(attempt): Attempt| {
        let history = history.clone();
        async move {
            let handling = history.begin(member, key, number);
            tokio::time::sleep(Duration::from_millis(u64::from((key * 7 + number) % 40))).await;
            if number % 5 == 2 && attempt == 1 {
                return Err(Failure::retry("not yet"));
            }
            history.add(Event::Done(member, key, number));
            drop(handling);
            Ok(())
        }
    };
    Router::new().route("key.{key}.{number}", handler).expect("a route")
}

/// A member that runs beside the test.
struct Running {
    handle: GroupHandle,
    task: JoinHandle<pubsub::Result<Outcome>>,
}

fn start(group: ConsumerGroup) -> Running {
    Running { handle: group.handle(), task: tokio::spawn(group.run()) }
}

impl Running {
    fn owned(&self) -> Vec<u32> {
        self.handle.status().partitions
    }

    async fn stop(self) -> Outcome {
        self.handle.stop();
        let ended = tokio::time::timeout(Duration::from_secs(30), self.task).await.expect("it ends");
        ended.expect("it does not panic").expect("it ends as it was told")
    }

    async fn crash(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

async fn until_shared(members: &[&Running]) {
    until("all partitions are shared", async || {
        let mut owned: Vec<u32> = members.iter().flat_map(|member| member.owned()).collect();
        owned.sort_unstable();
        let even = members.iter().map(|member| member.owned().len()).max().unwrap_or(0)
            <= (PARTITIONS as usize).div_ceil(members.len());
        even && owned == (0..PARTITIONS).collect::<Vec<_>>()
    })
    .await;
}

pub(crate) async fn members_share_the_partitions_and_keep_the_order_as_they_come_and_go(client: Client) {
    make_stream(&client).await;
    let history = History::default();
    publish(&client, 12, 0..20).await;
    let first = start(group(&client, 1, &history));
    until_shared(&[&first]).await;
    let second = start(group(&client, 2, &history));
    until_shared(&[&first, &second]).await;
    let third = start(group(&client, 3, &history));
    until_shared(&[&first, &second, &third]).await;
    assert_eq!(third.handle.status().members, 3);
    publish(&client, 12, 20..40).await;
    until("all of them work", async || history.by_member().len() == 3).await;

    let _ = first.stop().await;
    until_shared(&[&second, &third]).await;
    until("all is done", async || history.done().len() == 480).await;
    for member in [second, third] {
        assert_eq!(member.stop().await.cut_off, 0);
    }
    history.judge();
}

pub(crate) async fn a_member_that_dies_is_replaced_and_the_order_is_kept(client: Client) {
    make_stream(&client).await;
    let history = History::default();
    let (first, second) = (start(group(&client, 1, &history)), start(group(&client, 2, &history)));
    until_shared(&[&first, &second]).await;
    publish(&client, 12, 0..20).await;
    until("both work", async || history.by_member().len() == 2 && history.done().len() > 40).await;
    first.crash().await;
    until_shared(&[&second]).await;
    until("all is done", async || history.done().len() == 240).await;
    let _ = second.stop().await;
    history.judge();
}

pub(crate) async fn a_member_out_of_reach_ends_its_handlers_before_others_begin(client: Client) {
    make_stream(&client).await;
    let history = History::default();
    let faults = FaultLayer::from_seed(1);
    let first = start(group(&client.clone().with_layer(faults.clone()), 1, &history));
    let second = start(group(&client, 2, &history));
    until_shared(&[&first, &second]).await;
    publish(&client, 12, 0..60).await;
    until("both work", async || history.by_member().len() == 2).await;
    faults.disconnect(LEASE * 4);
    until("the other one has all", async || second.owned().len() == PARTITIONS as usize).await;
    assert!(first.handle.status().lost > 0 && first.owned().is_empty(), "{:?}", first.handle.status());
    faults.heal();
    until_shared(&[&first, &second]).await;
    until("all is done", async || history.done().len() == 720).await;
    let _ = (first.stop().await, second.stop().await);
    history.judge();
}

/// What an owner that was cut off has asked for stays open at the broker until it expires, and is the first to be served.
pub(crate) async fn somebody_else_who_is_served_does_not_hold_up_the_group(client: Client) {
    make_stream(&client).await;
    let history = History::default();
    let partition = partitions().of("key.0.0").expect("a partition");
    let (stream, name) =
        ("KEYS".parse().expect("a name"), format!("group-{partition}").parse().expect("a name"));
    let admin = client.admin().expect("administration");
    let first = start(group(&client, 1, &history));
    until_shared(&[&first]).await;
    until("it is there", async || admin.consumer_info(&stream, &name).await.is_ok()).await;
    let _ = first.stop().await;

    let stranger = client.consumer(stream.clone(), name.clone()).await.expect("it is there");
    let asking = tokio::spawn(async move {
        stranger.fetch(FetchOptions::up_to(1).with_expires(Duration::from_secs(60))).await
    });
    until("somebody else asks", async || {
        admin.consumer_info(&stream, &name).await.is_ok_and(|info| info.waiting == 1)
    })
    .await;
    let second = start(group(&client, 2, &history));
    until_shared(&[&second]).await;
    publish(&client, 1, 0..10).await;
    until("all is done", async || history.done().len() == 10).await;
    asking.abort();
    let _ = second.stop().await;
    history.judge();
}

pub(crate) async fn a_letter_of_a_group_is_redriven_to_its_partition(client: Client) {
    make_stream(&client).await;
    let handled: Arc<Mutex<Vec<String>>> = Arc::default();
    let recorded = Arc::clone(&handled);
    let handler = move |Path((key, number)): Path<(String, u32)>, info: DeliveryInfo| {
        let recorded = Arc::clone(&recorded);
        async move {
            let mut recorded = recorded.lock().expect("a lock");
            recorded.push(format!("{} {key}.{number}", info.consumer));
            if recorded.len() == 1 { Err(Failure::reject("not yet")) } else { Ok(()) }
        }
    };
    let router = Router::new().route("key.{key}.{number}", handler).expect("a route");
    let letters = DeadLetters::in_stream("DEAD").expect("a name");
    let binding = member_binding(router).with_dead_letters(letters.clone());
    let member = start(ConsumerGroup::new(client.clone(), partitions(), binding).expect("a group"));
    client.publish("key.a.1", "").await.expect("stored");
    let (admin, dead) = (client.admin().expect("administration"), letters.stream().name.clone());
    until("it is given up", async || admin.stream_info(&dead).await.is_ok_and(|info| info.messages == 1))
        .await;
    let store = DeadLetterStore::open(&client, &letters).await.expect("it is there");
    store.redrive(1).await.expect("redriven");
    until("it is handled", async || handled.lock().expect("a lock").len() == 2).await;
    let _ = member.stop().await;
    let partition = partitions().of("key.a.1").expect("a partition");
    assert_eq!(*handled.lock().expect("a lock"), vec![format!("group-{partition} a.1"); 2]);
}

pub(crate) async fn a_handler_can_stop_its_member_and_a_lost_consumer_ends_it(client: Client) {
    make_stream(&client).await;
    let stopping = |worker: pubsub::worker::WorkerHandle| async move { worker.stop() };
    let router = Router::new().route("key.*.*", stopping).expect("a route");
    let member =
        start(ConsumerGroup::new(client.clone(), partitions(), member_binding(router)).expect("a group"));
    publish(&client, 1, 0..1).await;
    let ended = tokio::time::timeout(Duration::from_secs(30), member.task).await.expect("it ends");
    assert_eq!(ended.expect("no panic").expect("no error").done, 1);

    let member = start(group(&client, 1, &History::default()));
    until_shared(&[&member]).await;
    let (stream, consumer) = ("KEYS".parse().expect("a name"), "group-2".parse().expect("a name"));
    let admin = client.admin().expect("administration");
    until("it is there", async || admin.consumer_info(&stream, &consumer).await.is_ok()).await;
    admin.delete_consumer(&stream, &consumer).await.expect("deleted");
    let ended = tokio::time::timeout(Duration::from_secs(60), member.task).await.expect("it ends");
    assert_eq!(ended.expect("no panic").expect_err("the consumer is gone").kind(), ErrorKind::NotFound);
}

pub(crate) async fn a_group_that_cannot_be_is_refused(client: Client) {
    make_stream(&client).await;
    let router = || Router::new().route("key.*.*", async || {}).expect("a route");
    let field = |binding: Binding| {
        let refused = ConsumerGroup::new(client.clone(), partitions(), binding).expect_err("refused");
        refused.context("field").map(str::to_owned).unwrap_or_default()
    };
    let binding = || member_binding(router());
    assert_eq!(field(binding().with_key(KeyBy::token(1))), "key");
    let ephemeral = Binding::new("KEYS", ConsumerConfig::ephemeral(), router()).expect("a binding");
    assert_eq!(field(ephemeral), "durable");
    let filtered =
        ConsumerConfig::durable("group").expect("a name").with_filter("key.1.*").expect("a filter");
    assert_eq!(field(Binding::new("KEYS", filtered, router()).expect("a binding")), "filters");

    let run = |partitions: Partitions, binding: Binding| {
        let group = ConsumerGroup::new(client.clone(), partitions, binding).expect("a group");
        async move { group.run().await.expect_err("refused") }
    };
    let other = Partitions::new("key.*.*", [1], PARTITIONS + 1).expect("partitions");
    assert_eq!(run(other, binding()).await.context("field"), Some("partitions"));
    let outside = Router::new().route("key.*.*.*", async || {}).expect("a route");
    assert_eq!(run(partitions(), member_binding(outside)).await.context("field"), Some("router"));
    let short = ConsumerGroup::new(client.clone(), partitions(), binding()).expect("a group");
    let refused = short.with_lease(Duration::from_millis(999)).run().await.expect_err("refused");
    assert_eq!(refused.context("field"), Some("lease"));
}

/// Members that come, stop and die at random, on virtual time; some lose the connection, publishes, confirmations and
/// acks. `PUBSUB_GROUP_SEEDS=100..200` tries others.
#[tokio::test(start_paused = true)]
async fn whatever_members_do_the_order_is_kept() {
    let seeds = std::env::var("PUBSUB_GROUP_SEEDS").ok();
    let seeds = seeds.as_deref().and_then(|seeds| seeds.split_once(".."));
    let (first, end) = seeds
        .map_or((1, 7), |(first, end)| (first.parse().expect("a number"), end.parse().expect("a number")));
    for seed in first..end {
        let client = pubsub::connect("memory://").await.expect("memory connects");
        churn(client.clone(), seed).await;
        client.close().await.expect("closed");
    }
}

/// What goes wrong between a member and the broker.
fn faults(seed: u64) -> FaultLayer {
    FaultLayer::from_seed(seed)
        .on_publish(When::one_in(8), PublishFault::UnknownStored)
        .on_publish(When::one_in(8), PublishFault::UnknownNotStored)
        .on_publish(When::one_in(8), PublishFault::Delay(Duration::from_secs(1)))
        .on_publish(When::one_in(20), PublishFault::Duplicate)
        .on_settle(When::one_in(30), SettleFault::Lose)
}

async fn churn(client: Client, seed: u64) {
    make_stream(&client).await;
    let history = History::default();
    let mut random = seed;
    let mut draw = |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(random >> 33).unwrap_or(0) % below
    };
    let mut members: Vec<(Running, FaultLayer)> = Vec::new();
    for round in 0..20 {
        publish(&client, 6, round * 4..round * 4 + 4).await;
        match draw(5) {
            0 | 1 if members.len() < 5 => {
                // Every other seed is one without such faults.
                let faults = if seed.is_multiple_of(2) {
                    faults(seed + u64::from(round))
                } else {
                    FaultLayer::from_seed(seed)
                };
                let theirs = client.clone().with_layer(faults.clone());
                members.push((start(group(&theirs, round as usize, &history)), faults));
            }
            2 if !members.is_empty() => {
                let (member, _) = members.swap_remove(draw(members.len()));
                tokio::spawn(member.stop());
            }
            3 if !members.is_empty() => members.swap_remove(draw(members.len())).0.crash().await,
            4 if !members.is_empty() => {
                let lasts = Duration::from_millis(draw(8_000) as u64);
                members[draw(members.len())].1.disconnect(lasts);
            }
            _ => {}
        }
        tokio::time::sleep(Duration::from_millis(draw(3_000) as u64)).await;
    }
    members.iter().for_each(|(_, faults)| faults.heal());
    members.push((start(group(&client, 99, &history)), FaultLayer::from_seed(seed)));
    until("all is done", async || history.done().len() == 6 * 80).await;
    let members: Vec<Running> = members.into_iter().map(|(member, _)| member).collect();
    until_shared(&members.iter().collect::<Vec<_>>()).await;
    for member in members {
        let _ = member.stop().await;
    }
    history.judge();
}

/// Members without leases: two workers on one consumer, each with lanes of its own. The judge must not be content with them.
#[tokio::test(start_paused = true)]
async fn members_that_ignore_the_leases_are_found_out() {
    let client = pubsub::connect("memory://").await.expect("memory connects");
    let keys = StreamConfig::new("KEYS", ["key.*.*"]).expect("a stream");
    client.ensure_stream(keys, Provision::CreateIfMissing).await.expect("made");
    let history = History::default();
    let members: Vec<_> = (1..=2)
        .map(|member| {
            let binding = member_binding(recording(member, &history)).with_key(KeyBy::token(1));
            crate::support::start(&client, binding)
        })
        .collect();
    // Each has asked when they come.
    for number in 0..20 {
        tokio::time::sleep(Duration::from_millis(5)).await;
        publish(&client, 4, number..number + 1).await;
    }
    until("all is done", async || history.done().len() == 80).await;
    for member in members {
        let _ = member.stop().await;
    }
    assert_eq!(history.by_member().len(), 2, "both have worked");
    let wrong = history.verdict().expect_err("it is not in order");
    assert!(wrong.contains("of key"), "{wrong}");
}
