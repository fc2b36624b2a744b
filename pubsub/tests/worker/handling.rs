use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pubsub::worker::{Attempt, Failure, Json, Path, Router, State};
use pubsub::{Client, Headers, OutboundMessage};

use crate::support::{binding, info, start, until, until_settled};

pub(crate) async fn a_message_is_handled_once_and_acknowledged(client: Client) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let count = move || {
        let counted = Arc::clone(&counted);
        async move {
            counted.fetch_add(1, SeqCst);
        }
    };
    for _ in 0..100 {
        client.publish("ride.done", "{}").await.expect("stored");
    }
    let worker = start(&client, binding(Router::new().route("ride.done", count).expect("a route")));
    until("all are handled", async || calls.load(SeqCst) >= 100).await;
    let outcome = worker.stop().await;
    assert_eq!((outcome.done, calls.load(SeqCst)), (100, 100));
    assert_eq!(outcome.exit_code(), std::process::ExitCode::SUCCESS);
    let info = info(&client).await;
    assert_eq!((info.ack_pending, info.pending, info.ack_floor.stream), (0, 0, 100));
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Fare {
    cents: u32,
}

#[derive(Clone, Default)]
struct Bill {
    lines: Arc<Mutex<Vec<String>>>,
}

async fn bill(
    Path((city, ride)): Path<(String, u32)>,
    Json(fare): Json<Fare>,
    headers: Headers,
    Attempt(attempt): Attempt,
    State(bill): State<Bill>,
) -> Result<(), Failure> {
    let currency = headers.get("currency").ok_or_else(|| Failure::reject("no currency"))?;
    let line = format!("{city} {ride}: {} {currency}, attempt {attempt}", fare.cents);
    bill.lines.lock().map_err(|_| Failure::retry("poisoned"))?.push(line);
    Ok(())
}

pub(crate) async fn arguments_are_extracted_and_state_is_shared(client: Client) {
    let state = Bill::default();
    let rides = Router::new().route("{city}.{ride}.completed", bill).expect("a route");
    let router = Router::new().nest("ride", rides.with_state(state.clone())).expect("a prefix");
    let message = OutboundMessage::json("ride.oslo.17.completed", &Fare { cents: 120 });
    let message = message.and_then(|message| message.with_header("currency", "NOK")).expect("a message");
    client.publish_message(message).await.expect("stored");
    let worker = start(&client, binding(router));
    until_settled(&client).await;
    let _ = worker.stop().await;
    assert_eq!(*state.lines.lock().expect("a lock"), ["oslo 17: 120 NOK, attempt 1"]);
}

async fn receipt(Path(ride): Path<String>) -> Result<OutboundMessage, Failure> {
    Ok(OutboundMessage::new(format!("ride.{ride}.billed"), "120")?)
}

pub(crate) async fn what_a_handler_returns_is_stored_before_the_ack(client: Client) {
    client.publish("ride.17.completed", "").await.expect("stored");
    let worker = start(&client, binding(Router::new().route("ride.{id}.completed", receipt).expect("a route")));
    until_settled(&client).await;
    assert_eq!(worker.stop().await.done, 1);
    let selector = pubsub::MessageSelector::LastOf("ride.17.billed".parse().expect("a subject"));
    let (admin, stream) = (client.admin().expect("administration"), "RIDE".parse().expect("a name"));
    let stored = admin.get_message(&stream, selector).await.expect("it is stored");
    assert_eq!(&stored.payload[..], b"120");
    assert!(stored.headers.get("Nats-Msg-Id").is_some_and(|id| id.starts_with("RIDE-billing-1-")));
}

pub(crate) async fn at_most_so_many_are_handled_at_once(client: Client) {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (running, peak) = (Arc::clone(&now), Arc::clone(&most));
    let handler = move || {
        let (running, peak) = (Arc::clone(&running), Arc::clone(&peak));
        async move {
            peak.fetch_max(running.fetch_add(1, SeqCst) + 1, SeqCst);
            tokio::time::sleep(Duration::from_millis(50)).await;
            running.fetch_sub(1, SeqCst);
        }
    };
    for _ in 0..12 {
        client.publish("ride.done", "").await.expect("stored");
    }
    let router = Router::new().route("ride.done", handler).expect("a route");
    let worker = start(&client, binding(router).with_concurrency(3));
    until_settled(&client).await;
    assert_eq!(worker.stop().await.done, 12);
    assert_eq!(most.load(SeqCst), 3);
}

pub(crate) async fn a_long_handler_keeps_its_message(client: Client) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let handler = move || {
        let counted = Arc::clone(&counted);
        async move {
            counted.fetch_add(1, SeqCst);
            // Two and a half ack waits.
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
    };
    for _ in 0..4 {
        client.publish("ride.done", "").await.expect("stored");
    }
    let router = Router::new().route("ride.done", handler).expect("a route");
    // Two wait for the whole time of the two that run.
    let worker = start(&client, binding(router).with_concurrency(2).with_prefetch(4));
    until_settled(&client).await;
    assert_eq!(worker.stop().await.done, 4);
    assert_eq!(calls.load(SeqCst), 4);
}
