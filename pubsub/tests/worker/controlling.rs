use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pubsub::worker::{
    Ending, Failure, Inbox, MemoryInbox, Path, RateLimit, Router, Settled, Timeout, Traced, Worker,
    WorkerHandle, WorkerPhase,
};
use pubsub::{Client, ConsumerConfig, FetchOptions, OutboundMessage, Provision};
use tokio::time::Instant;

use crate::support::{binding, info, start, start_worker, until, until_settled};

fn counting() -> (Router, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let count = move || {
        counted.fetch_add(1, SeqCst);
        async {}
    };
    (Router::new().route("ride.done", count).expect("a route"), calls)
}

pub(crate) async fn a_paused_worker_leaves_messages_until_it_is_resumed(client: Client) {
    let (router, calls) = counting();
    let worker = start(&client, binding(router));
    until("it runs", async || worker.handle.status().is_ready()).await;
    worker.handle.pause();
    assert_eq!(worker.handle.status().phase, WorkerPhase::Paused);
    until("it asks for nothing", async || info(&client).await.waiting == 0).await;
    client.publish("ride.done", "").await.expect("stored");
    // Another consumer can have it, so that this one could.
    let witness = ConsumerConfig::durable("witness").expect("a name");
    let witness = client.ensure_consumer("RIDE", witness, Provision::CreateIfMissing).await.expect("made");
    assert_eq!(witness.fetch(FetchOptions::up_to(1)).await.expect("fetched").len(), 1);
    // A request that the pause has just overtaken may have got it: that is given back, never handled.
    let unsettled = info(&client).await;
    assert_eq!((calls.load(SeqCst), unsettled.pending + unsettled.ack_pending), (0, 1));
    worker.handle.resume();
    until_settled(&client).await;
    assert_eq!(worker.stop().await.done, 1);
}

pub(crate) async fn a_handler_can_stop_its_worker(client: Client) {
    async fn last(worker: WorkerHandle) {
        worker.stop();
    }
    client.publish("ride.done", "").await.expect("stored");
    let worker = start(&client, binding(Router::new().route("ride.done", last).expect("a route")));
    let handle = worker.handle.clone();
    let outcome = worker.ended().await;
    assert_eq!((outcome.done, outcome.exit_code()), (1, std::process::ExitCode::SUCCESS));
    assert!(!handle.status().is_alive());
    assert_eq!(info(&client).await.ack_floor.stream, 1);
}

pub(crate) async fn hooks_tell_of_the_start_of_every_ending_and_of_the_stop(client: Client) {
    async fn handler(Path(ride): Path<u32>, attempt: pubsub::worker::Attempt) -> Result<(), Failure> {
        match (ride, attempt.0) {
            (2, 1) => Err(Failure::retry("not yet")),
            (1 | 2, _) => Ok(()),
            _ => Err(Failure::reject("never")),
        }
    }
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let note = {
        let told = Arc::clone(&told);
        move |line: String| told.lock().expect("a lock").push(line)
    };
    let (start_note, stop_note, settled_note) = (note.clone(), note.clone(), note);
    for ride in 1..=3 {
        client.publish(format!("ride.{ride}"), "").await.expect("stored");
    }
    let router = Router::new().route("ride.{ride}", handler).expect("a route");
    let worker = Worker::new(client.clone())
        .bind(binding(router).with_concurrency(1))
        .on_start(move |worker| async move {
            start_note(format!("start {}", worker.status().bindings.len()));
            Ok(())
        })
        .after_settle(move |settled: &Settled| {
            let ending = match &settled.ending {
                Ending::Done => "done".to_owned(),
                Ending::Retried { after, reason } => format!("again after {after:?}: {reason}"),
                Ending::DeadLettered { reason } => format!("dead: {reason}"),
                other => format!("{other:?}"),
            };
            settled_note(format!("{} {} {ending}", settled.subject, settled.attempt));
        })
        .on_stop(move || async move { stop_note("stop".to_owned()) });
    let worker = start_worker(worker);
    until_settled(&client).await;
    let _ = worker.stop().await;
    let mut told = std::mem::take(&mut *told.lock().expect("a lock"));
    assert_eq!((told.remove(0), told.pop().expect("the stop")), ("start 1".to_owned(), "stop".to_owned()));
    told.sort();
    assert_eq!(
        told,
        ["ride.1 1 done", "ride.2 1 again after 100ms: not yet", "ride.2 2 done", "ride.3 1 dead: never"]
    );
}

pub(crate) async fn several_consumers_run_in_one_worker(client: Client) {
    let (billing, billed) = counting();
    let (mailing, mailed) = counting();
    let mail = ConsumerConfig::durable("mailing").expect("a name");
    let mail = pubsub::worker::Binding::new("RIDE", mail, mailing).expect("a binding").discard_dead_letters();
    for _ in 0..10 {
        client.publish("ride.done", "").await.expect("stored");
    }
    let worker = start_worker(Worker::new(client.clone()).bind(binding(billing)).bind(mail));
    until("both are done", async || (billed.load(SeqCst), mailed.load(SeqCst)) == (10, 10)).await;
    assert_eq!(worker.handle.status().bindings.len(), 2);
    assert_eq!(worker.stop().await.done, 20);
}

pub(crate) async fn layers_go_around_the_routes_below_them(client: Client) {
    let began: Arc<Mutex<Vec<(String, Instant)>>> = Arc::default();
    let recorded = Arc::clone(&began);
    let handler = move |Path(what): Path<String>| {
        recorded.lock().expect("a lock").push((what.clone(), Instant::now()));
        async move {
            if what == "slow" {
                std::future::pending::<()>().await;
            }
        }
    };
    let router = Router::new()
        .route("ride.{what}", handler)
        .expect("a route")
        .layer(Timeout(Duration::from_millis(50)))
        .layer(Inbox::new(MemoryInbox::new(Duration::from_secs(60))))
        .layer(RateLimit::new(1, Duration::from_millis(100)))
        .layer(Traced);
    for (subject, id) in [("ride.a", "1"), ("ride.b", "2"), ("ride.slow", "3")] {
        let message = OutboundMessage::new(subject, "").and_then(|message| message.with_id(id));
        client.publish_message(message.expect("a message")).await.expect("stored");
    }
    let worker = start(&client, binding(router));
    until_settled(&client).await;
    let outcome = worker.stop().await;
    assert_eq!((outcome.done, outcome.retried, outcome.dead_lettered), (2, 2, 1));
    assert_eq!(began.lock().expect("a lock").len(), 5);
}

pub(crate) async fn a_message_of_which_deliveries_were_lost_is_tried_all_the_same(client: Client) {
    let (router, calls) = counting();
    let consumer = client.ensure_consumer("RIDE", crate::support::wanted("ride.done"), Provision::CreateIfMissing);
    let consumer = consumer.await.expect("a consumer");
    client.publish("ride.done", "").await.expect("stored");
    for _ in 0..4 {
        let batch = consumer.fetch(FetchOptions::up_to(1)).await.expect("a batch");
        batch.into_iter().for_each(pubsub::Delivery::hand_back);
    }
    let worker = start(&client, binding(router));
    until_settled(&client).await;
    assert_eq!((worker.stop().await.done, calls.load(SeqCst)), (1, 1));
}

/// So many deliveries of each of so many messages, of which nobody has settled one.
async fn lose(client: &Client, messages: usize, deliveries: usize) {
    let wanted = crate::support::wanted("ride.done");
    let consumer = client.ensure_consumer("RIDE", wanted, Provision::CreateIfMissing);
    let consumer = consumer.await.expect("a consumer");
    for _ in 0..deliveries {
        let mut batch = Vec::new();
        while batch.len() < messages {
            batch.extend(consumer.fetch(FetchOptions::up_to(messages - batch.len())).await.expect("a batch"));
        }
        batch.into_iter().for_each(pubsub::Delivery::hand_back);
    }
}

pub(crate) async fn a_message_that_ends_its_process_each_time_is_given_up(client: Client) {
    let (router, calls) = counting();
    client.publish("ride.done", "").await.expect("stored");
    lose(&client, 1, 16).await;
    let worker = start(&client, binding(router));
    until_settled(&client).await;
    assert_eq!((worker.stop().await.dead_lettered, calls.load(SeqCst)), (1, 0));
}

pub(crate) async fn messages_of_which_many_deliveries_were_lost_are_handled_one_by_one(client: Client) {
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (working, seen) = (Arc::clone(&running), Arc::clone(&most));
    let handler = move || {
        let (working, seen) = (Arc::clone(&working), Arc::clone(&seen));
        async move {
            seen.fetch_max(working.fetch_add(1, SeqCst) + 1, SeqCst);
            tokio::time::sleep(Duration::from_millis(20)).await;
            working.fetch_sub(1, SeqCst);
        }
    };
    for _ in 0..5 {
        client.publish("ride.done", "").await.expect("stored");
    }
    lose(&client, 5, 9).await;
    let worker = start(&client, binding(Router::new().route("ride.done", handler).expect("a route")));
    until_settled(&client).await;
    let outcome = worker.stop().await;
    assert_eq!((outcome.done, outcome.dead_lettered), (5, 0));
    assert_eq!(most.load(SeqCst), 1, "one that ends the process takes no other with it");
}

pub(crate) async fn a_consumer_that_delivers_nothing_shows_in_the_status(client: Client) {
    async fn later() -> Result<(), Failure> {
        Err(Failure::retry_after(Duration::from_secs(60), "later"))
    }
    for _ in 0..5 {
        client.publish("ride.done", "").await.expect("stored");
    }
    let consumer = crate::support::config().with_max_ack_pending(4);
    let router = Router::new().route("ride.done", later).expect("a route");
    let binding = pubsub::worker::Binding::new("RIDE", consumer, router).expect("a binding");
    let worker = start(&client, binding.discard_dead_letters());
    until("it is said", async || {
        let trouble = worker.handle.status().bindings.first().and_then(|binding| binding.trouble.clone());
        trouble.is_some_and(|trouble| trouble.contains("max_ack_pending"))
    })
    .await;
    let _ = worker.stop().await;
}

pub(crate) async fn the_lag_says_how_many_run_at_once(client: Client) {
    let handler = async || tokio::time::sleep(Duration::from_millis(50)).await;
    for _ in 0..1_000 {
        client.publish("ride.done", "").await.expect("stored");
    }
    let router = Router::new().route("ride.done", handler).expect("a route");
    let worker = start(&client, binding(router).with_concurrency_between(2..=16));
    let handle = worker.handle.clone();
    let concurrency = || handle.status().bindings.first().map(|binding| binding.concurrency);
    until("it has begun", async || concurrency().is_some()).await;
    assert_eq!(concurrency(), Some(2));
    until("all run that may", async || concurrency() == Some(16)).await;
    until_settled(&client).await;
    // Less than two handle.
    until("few run when little comes", async || {
        client.publish("ride.done", "").await.expect("stored");
        tokio::time::sleep(Duration::from_millis(50)).await;
        concurrency() == Some(2)
    })
    .await;
    let _ = worker.stop().await;
}
