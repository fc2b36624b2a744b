//! Eight programs with which other libraries were seen to lose, repeat or block messages, with the same numbers.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pubsub::worker::{Binding, DeadLetters, Failure, Json, Path, RetryPolicy, Router};
use pubsub::{Client, Limit, Provision, StreamName};
use tokio::time::Instant;

use crate::support::{binding, config, dead_letters, start, until, until_settled};

/// A handler's calls.
#[derive(Clone, Default)]
struct Calls(Arc<AtomicUsize>);

impl Calls {
    fn add(&self) {
        self.0.fetch_add(1, SeqCst);
    }

    fn number(&self) -> usize {
        self.0.load(SeqCst)
    }
}

async fn publish(client: &Client, rides: std::ops::Range<u32>) {
    for ride in rides {
        client.publish(format!("ride.{ride}"), "{}").await.expect("stored");
    }
}

fn route<F>(handler: impl Fn(u32) -> F + Clone + Send + Sync + 'static) -> Router
where
    F: Future<Output = Result<(), Failure>> + Send + 'static,
{
    Router::new().route("ride.{ride}", move |Path(ride): Path<u32>| handler(ride)).expect("a route")
}

pub(crate) async fn program_1_dead_letters_without_a_stream(client: Client) {
    let worker = start(&client, binding(route(async |_| Err(Failure::reject("no")))));
    until("it runs", async || worker.handle.status().is_ready()).await;
    let (admin, dead) = (client.admin().expect("administration"), StreamName::new("DEAD").expect("a name"));
    admin.delete_stream(&dead).await.expect("deleted");
    publish(&client, 0..3).await;
    until("three letters wait", async || worker.handle.status().bindings[0].keeping == 3).await;
    let letters = DeadLetters::in_stream("DEAD").expect("a name");
    client.ensure_stream(letters.stream().clone(), Provision::CreateIfMissing).await.expect("made");
    until_settled(&client).await;
    assert_eq!(worker.stop().await.dead_lettered, 3);
    assert_eq!(dead_letters(&client).await.len(), 3, "none is lost");
}

pub(crate) async fn program_2_dead_letters_that_nobody_reads(client: Client) {
    publish(&client, 0..3).await;
    let worker = start(&client, binding(route(async |_| Err(Failure::reject("no")))));
    until_settled(&client).await;
    let _ = worker.stop().await;
    assert_eq!(dead_letters(&client).await.len(), 3, "they are stored, whoever reads them");
}

pub(crate) async fn program_3_a_handler_that_returns_an_error(client: Client) {
    let calls = Calls::default();
    let counted = calls.clone();
    let handler = move |_| {
        counted.add();
        async { Ok("no number".parse::<u32>().map(drop)?) }
    };
    publish(&client, 0..5).await;
    let worker = start(&client, binding(route(handler)));
    until_settled(&client).await;
    let outcome = worker.stop().await;
    assert_eq!((calls.number(), outcome.dead_lettered), (15, 5), "three attempts each, and then a letter");
    assert_eq!(dead_letters(&client).await.len(), 5);
}

pub(crate) async fn program_4_a_payload_that_cannot_be_decoded(client: Client) {
    async fn typed(_: Json<u32>) {}
    publish(&client, 0..1).await;
    let worker = start(&client, binding(Router::new().route("ride.*", typed).expect("a route")));
    until_settled(&client).await;
    let outcome = worker.stop().await;
    assert_eq!((outcome.dead_lettered, outcome.retried), (1, 0));
    assert_eq!(&dead_letters(&client).await[0].payload[..], b"{}");
}

pub(crate) async fn program_5_a_message_that_panics_before_nineteen_others(client: Client) {
    let (calls, done) = (Calls::default(), Calls::default());
    let (counted, finished) = (calls.clone(), done.clone());
    let handler = move |ride| {
        counted.add();
        let finished = finished.clone();
        async move {
            assert!(ride != 0, "poison");
            finished.add();
            Ok(())
        }
    };
    publish(&client, 0..20).await;
    let worker = start(&client, binding(route(handler)));
    until_settled(&client).await;
    assert!(worker.handle.status().is_alive(), "it goes on");
    let outcome = worker.stop().await;
    assert_eq!((done.number(), calls.number()), (19, 22));
    assert_eq!((outcome.panicked, outcome.dead_lettered), (3, 1));
}

pub(crate) async fn program_6_forty_messages_that_take_long(client: Client) {
    let calls = Calls::default();
    let counted = calls.clone();
    let handler = move |_| {
        counted.add();
        async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            Ok(())
        }
    };
    publish(&client, 0..40).await;
    // The last of them waits for longer than the ack wait of 2 s.
    let worker = start(&client, binding(route(handler)).with_concurrency(3).with_prefetch(40));
    until_settled(&client).await;
    let _ = worker.stop().await;
    assert_eq!(calls.number(), 40, "each is handled once");
}

pub(crate) async fn program_15_two_failures_that_wait_for_8_s(client: Client) {
    let (done, failed) = (Calls::default(), Calls::default());
    let (finished, failing) = (done.clone(), failed.clone());
    let handler = move |ride| {
        let (finished, failing) = (finished.clone(), failing.clone());
        async move {
            if ride < 2 {
                failing.add();
                return Err(Failure::retry_after(Duration::from_secs(8), "later"));
            }
            finished.add();
            Ok(())
        }
    };
    let worker = start(&client, binding(route(handler)).with_concurrency(1));
    until("it runs", async || worker.handle.status().is_ready()).await;
    publish(&client, 0..6).await;
    until("the good ones are done", async || done.number() == 4).await;
    assert_eq!(failed.number(), 2, "nobody waits for the second tries");
    worker.crash().await;
}

pub(crate) async fn program_21_a_poison_message_without_a_limit(client: Client) {
    let tries = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&tries);
    let handler = move |_| {
        noted.lock().expect("no panic").push(Instant::now());
        async { Err(Failure::retry("no")) }
    };
    let since_the_first = || {
        let tries = tries.lock().expect("no panic").clone();
        let first = tries.first().copied();
        tries.into_iter().filter_map(|at| Some(at - first?)).collect::<Vec<_>>()
    };
    publish(&client, 0..1).await;
    let for_ever = RetryPolicy::default().with_attempts(Limit::Unlimited);
    let poisoned = Binding::new("RIDE", config(), route(handler)).expect("a binding");
    let worker = start(&client, poisoned.with_retry(for_ever).discard_dead_letters());
    let two_seconds = Duration::from_secs(2);
    until("it is tried after two seconds", async || since_the_first().into_iter().any(|at| at > two_seconds))
        .await;
    worker.crash().await;
    let early = since_the_first().into_iter().filter(|at| *at <= two_seconds).count();
    assert!((1..=3).contains(&early), "{early} tries in 2 s");
}
