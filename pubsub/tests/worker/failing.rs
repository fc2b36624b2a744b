use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pubsub::worker::{Attempt, DeadLetters, Failure, Json, Path, RetryPolicy, Router};
use pubsub::{Client, StreamName};
use tokio::time::Instant;

use crate::support::{binding, dead_letters, start, until, until_settled};

pub(crate) async fn an_error_is_tried_again_with_growing_delays(client: Client) {
    let calls: Arc<Mutex<Vec<(u64, Instant)>>> = Arc::default();
    let recorded = Arc::clone(&calls);
    let handler = move |Attempt(attempt): Attempt| {
        recorded.lock().expect("a lock").push((attempt, Instant::now()));
        async move {
            if attempt < 4 { Err(std::io::Error::other("not yet")) } else { Ok(()) }
        }
    };
    client.publish("ride.done", "").await.expect("stored");
    let policy = RetryPolicy::default().with_attempts(5).with_first_delay(Duration::from_millis(100));
    let router = Router::new().route("ride.done", handler).expect("a route");
    let worker = start(&client, binding(router).with_retry(policy.without_jitter()));
    until("the fourth attempt", async || calls.lock().expect("a lock").len() == 4).await;
    until_settled(&client).await;
    let outcome = worker.stop().await;
    assert_eq!((outcome.retried, outcome.done), (3, 1));
    let calls = calls.lock().expect("a lock");
    assert_eq!(calls.iter().map(|(attempt, _)| *attempt).collect::<Vec<_>>(), [1, 2, 3, 4]);
    for (pair, least) in calls.windows(2).zip([100, 200, 400]) {
        let gap = pair[1].1 - pair[0].1;
        assert!(gap >= Duration::from_millis(least - 5), "{gap:?} instead of {least} ms");
    }
}

pub(crate) async fn a_rejected_message_goes_to_the_dead_letters_at_once(client: Client) {
    async fn handler() -> Result<(), Failure> {
        Err(Failure::reject("a ride\nfor nobody"))
    }
    let message = pubsub::OutboundMessage::new("ride.done", "body").expect("a message").with_id("r-17");
    let message = message.and_then(|message| message.with_header("tenant", "oslo")).expect("a header");
    client.publish_message(message).await.expect("stored");
    let worker = start(&client, binding(Router::new().route("ride.done", handler).expect("a route")));
    until_settled(&client).await;
    assert_eq!(worker.stop().await.dead_lettered, 1);
    let letters = dead_letters(&client).await;
    assert_eq!(letters.len(), 1);
    let letter = &letters[0];
    assert_eq!((&*letter.subject, &letter.payload[..]), ("dead.RIDE.billing", &b"body"[..]));
    for (name, value) in [
        (DeadLetters::REASON, "a ride for nobody"),
        (DeadLetters::ATTEMPTS, "1"),
        (DeadLetters::STREAM, "RIDE"),
        (DeadLetters::CONSUMER, "billing"),
        (DeadLetters::SUBJECT, "ride.done"),
        (DeadLetters::SEQUENCE, "1"),
        (DeadLetters::MESSAGE_ID, "r-17"),
        ("tenant", "oslo"),
    ] {
        assert_eq!(letter.headers.get(name), Some(value), "{name}");
    }
}

pub(crate) async fn a_message_out_of_attempts_goes_to_the_dead_letters_once(client: Client) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let handler = move || {
        counted.fetch_add(1, SeqCst);
        async { "x".parse::<u8>().map(drop) }
    };
    client.publish("ride.done", "").await.expect("stored");
    let worker = start(&client, binding(Router::new().route("ride.done", handler).expect("a route")));
    until("three attempts", async || calls.load(SeqCst) == 3).await;
    until_settled(&client).await;
    let outcome = worker.stop().await;
    assert_eq!((outcome.retried, outcome.dead_lettered), (2, 1));
    let letters = dead_letters(&client).await;
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].headers.get(DeadLetters::ATTEMPTS), Some("3"));
    assert_eq!(letters[0].headers.get(DeadLetters::REASON), Some("invalid digit found in string"));
}

pub(crate) async fn what_cannot_be_read_goes_to_the_dead_letters_and_does_not_loop(client: Client) {
    #[derive(serde::Deserialize)]
    struct Fare {
        cents: u32,
    }
    async fn fare(Path(_ride): Path<u32>, Json(fare): Json<Fare>) {
        assert!(fare.cents > 0);
    }
    for (subject, payload) in [
        ("ride.1.done", "no json"),
        ("ride.2.done", r#"{"cents": "secret"}"#),
        ("ride.three.done", r#"{"cents": 1}"#),
        ("ride.4.done", r#"{"cents": 1}"#),
    ] {
        client.publish(subject, payload).await.expect("stored");
    }
    let worker = start(&client, binding(Router::new().route("ride.{id}.done", fare).expect("a route")));
    until("four are settled", async || crate::support::info(&client).await.ack_floor.stream == 4).await;
    let outcome = worker.stop().await;
    assert_eq!((outcome.done, outcome.dead_lettered, outcome.retried), (1, 3, 0));
    let letters = dead_letters(&client).await;
    let mut reasons: Vec<_> =
        letters.iter().filter_map(|letter| letter.headers.get(DeadLetters::REASON)).collect();
    reasons.sort_unstable();
    assert!(reasons[0].contains("at `.` (line 1") && reasons[0].contains("no JSON"), "{reasons:?}");
    assert!(reasons[1].contains("at `cents`"), "{reasons:?}");
    assert!(reasons[2].contains("the subject does not fit"), "{reasons:?}");
    assert!(reasons.iter().all(|reason| !reason.contains("secret")), "{reasons:?}");
}

pub(crate) async fn a_panic_is_a_failure_like_any_other(client: Client) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let handler = move |Path(ride): Path<u32>| {
        counted.fetch_add(1, SeqCst);
        async move {
            // Both at once and after a wait.
            assert!(ride != 1, "ride 1 is cursed");
            tokio::time::sleep(Duration::from_millis(1)).await;
            assert!(ride != 2, "ride 2 is cursed");
        }
    };
    for ride in 1..=5 {
        client.publish(format!("ride.{ride}"), "").await.expect("stored");
    }
    let worker = start(&client, binding(Router::new().route("ride.{id}", handler).expect("a route")));
    until("all attempts are made", async || calls.load(SeqCst) == 9).await;
    until_settled(&client).await;
    let outcome = worker.stop().await;
    assert_eq!((outcome.done, outcome.panicked, outcome.dead_lettered), (3, 6, 2));
    let letters = dead_letters(&client).await;
    assert!(
        letters.iter().any(|letter| {
            letter.headers.get(DeadLetters::REASON) == Some("the handler panicked: ride 2 is cursed")
        }),
        "{letters:?}"
    );
}

pub(crate) async fn a_handler_beyond_its_deadline_is_ended_and_tried_again(client: Client) {
    let handler = |Attempt(attempt): Attempt| async move {
        if attempt == 1 {
            std::future::pending::<()>().await;
        }
    };
    client.publish("ride.done", "").await.expect("stored");
    let router = Router::new().route("ride.done", handler).expect("a route");
    let worker = start(&client, binding(router).with_deadline(Duration::from_millis(300)));
    until_settled(&client).await;
    let outcome = worker.stop().await;
    assert_eq!((outcome.done, outcome.retried), (1, 1));
}

pub(crate) async fn a_dead_letter_that_cannot_be_stored_leaves_the_original(client: Client) {
    async fn handler() -> Result<(), Failure> {
        Err(Failure::reject("no"))
    }
    client.publish("ride.done", "").await.expect("stored");
    let worker = start(&client, binding(Router::new().route("ride.done", handler).expect("a route")));
    // The first letter goes through, so that the stream is there; then it goes.
    until_settled(&client).await;
    let (admin, dead) = (client.admin().expect("administration"), StreamName::new("DEAD").expect("a name"));
    let config = admin.stream_info(&dead).await.expect("it is there").config;
    admin.delete_stream(&dead).await.expect("deleted");
    client.publish("ride.done", "").await.expect("stored");
    until("the letter was tried in vain", async || {
        worker.handle.status().bindings.iter().any(|binding| binding.trouble.is_some())
    })
    .await;
    assert_eq!(crate::support::info(&client).await.ack_pending, 1, "it is still held");
    assert_eq!(crate::support::info(&client).await.ack_floor.stream, 1, "nothing has settled it");
    admin.create_stream(config).await.expect("made again");
    until("it is settled", async || crate::support::info(&client).await.ack_floor.stream == 2).await;
    let _ = worker.stop().await;
    assert_eq!(dead_letters(&client).await.len(), 1);
}

pub(crate) async fn sleeping_retries_hold_no_place(client: Client) {
    let handled: Arc<Mutex<Vec<u32>>> = Arc::default();
    let recorded = Arc::clone(&handled);
    let handler = move |Path(ride): Path<u32>, Attempt(attempt): Attempt| {
        let recorded = Arc::clone(&recorded);
        async move {
            if ride <= 4 && attempt == 1 {
                return Err(Failure::retry_after(Duration::from_secs(1), "later"));
            }
            recorded.lock().map_err(|_| Failure::retry("poisoned"))?.push(ride);
            Ok(())
        }
    };
    for ride in 1..=6 {
        client.publish(format!("ride.{ride}"), "").await.expect("stored");
    }
    let router = Router::new().route("ride.{id}", handler).expect("a route");
    let worker = start(&client, binding(router).with_concurrency(1));
    until("all are handled", async || handled.lock().expect("a lock").len() == 6).await;
    let _ = worker.stop().await;
    assert_eq!(handled.lock().expect("a lock")[..2], [5, 6]);
}
