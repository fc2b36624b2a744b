use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pubsub::Client;
use pubsub::worker::{Attempt, Failure, KeyBy, Path, Router};

use crate::history::{Event, History};
use crate::support::{binding, info, on_memory, start, until};

pub(crate) async fn a_key_is_handled_in_order_also_over_retries(client: Client) {
    type Handled = HashMap<String, Vec<u32>>;
    let (handled, busy): (Arc<Mutex<Handled>>, Arc<Mutex<Vec<String>>>) = Default::default();
    let (recorded, working) = (Arc::clone(&handled), Arc::clone(&busy));
    let handler = move |Path((key, number)): Path<(String, u32)>, Attempt(attempt): Attempt| {
        let (recorded, working) = (Arc::clone(&recorded), Arc::clone(&working));
        async move {
            {
                let mut working = working.lock().expect("a lock");
                assert!(!working.contains(&key), "two of {key} at once");
                working.push(key.clone());
            }
            tokio::time::sleep(Duration::from_millis(u64::from(number % 3))).await;
            working.lock().expect("a lock").retain(|other| *other != key);
            // Some fail at first.
            if number % 4 == 1 && attempt == 1 {
                return Err(Failure::retry_after(Duration::from_millis(30), "later"));
            }
            recorded.lock().expect("a lock").entry(key).or_default().push(number);
            Ok(())
        }
    };
    for number in 0..20 {
        for key in ["a", "b", "c"] {
            client.publish(format!("ride.{key}.{number}"), "").await.expect("stored");
        }
    }
    let router = Router::new().route("ride.{key}.{number}", handler).expect("a route");
    let worker = start(&client, binding(router).with_key(KeyBy::token(1)));
    until("all are handled", async || {
        handled.lock().expect("a lock").values().map(Vec::len).sum::<usize>() == 60
    })
    .await;
    assert_eq!(worker.stop().await.panicked, 0);
    for numbers in handled.lock().expect("a lock").values() {
        assert_eq!(*numbers, (0..20).collect::<Vec<_>>());
    }
}

pub(crate) async fn a_blocked_key_holds_back_no_other(client: Client) {
    let handled: Arc<Mutex<Vec<String>>> = Arc::default();
    let recorded = Arc::clone(&handled);
    let handler = move |Path((key, _)): Path<(String, u32)>, Attempt(attempt): Attempt| {
        let recorded = Arc::clone(&recorded);
        async move {
            if key == "blocked" && attempt == 1 {
                return Err(Failure::retry_after(Duration::from_secs(2), "later"));
            }
            recorded.lock().expect("a lock").push(key);
            Ok(())
        }
    };
    // More of the blocked key than there are places and more than are prefetched.
    for number in 0..40 {
        client.publish(format!("ride.blocked.{number}"), "").await.expect("stored");
    }
    client.publish("ride.free.1", "").await.expect("stored");
    let router = Router::new().route("ride.{key}.{number}", handler).expect("a route");
    let router = binding(router).with_key(KeyBy::token(1)).with_concurrency(2).with_prefetch(4);
    let worker = start(&client, router);
    until("the free key is handled", async || !handled.lock().expect("a lock").is_empty()).await;
    assert_eq!(handled.lock().expect("a lock")[0], "free");
    let _ = worker.stop().await;
}

pub(crate) async fn a_key_is_handled_in_order_over_a_crash(client: Client) {
    let handled: Arc<Mutex<Vec<u32>>> = Arc::default();
    let recorded = Arc::clone(&handled);
    let handler = move |Path(number): Path<u32>| {
        let recorded = Arc::clone(&recorded);
        async move { recorded.lock().expect("a lock").push(number) }
    };
    let stuck = Router::new().route("ride.{number}", std::future::pending::<()>).expect("a route");
    for number in 1..=3 {
        client.publish(format!("ride.{number}"), "").await.expect("stored");
    }
    let worker = start(&client, binding(stuck).with_key(KeyBy::token(0)));
    until("all are held", async || info(&client).await.ack_pending == 3).await;
    worker.crash().await;
    for number in 4..=5 {
        client.publish(format!("ride.{number}"), "").await.expect("stored");
    }
    let router = Router::new().route("ride.{number}", handler).expect("a route");
    let worker = start(&client, binding(router).with_key(KeyBy::token(0)));
    until("all are handled", async || handled.lock().expect("a lock").len() >= 5).await;
    let _ = worker.stop().await;
    assert_eq!(*handled.lock().expect("a lock"), [1, 2, 3, 4, 5]);
}

/// The history of lanes under handlers that fail, are cut off at a stop, and die with their worker, on virtual time.
#[tokio::test(start_paused = true)]
async fn whatever_happens_to_a_worker_its_lanes_keep_their_order() {
    for seed in 1..=4 {
        let client = on_memory().await;
        lanes(&client, seed).await;
        client.close().await.expect("closed");
    }
}

async fn lanes(client: &Client, seed: u32) {
    const KEYS: u32 = 5;
    const NUMBERS: u32 = 40;
    let history = History::default();
    let router = |worker: usize| {
        let history = history.clone();
        let handler = move |Path((key, number)): Path<(u32, u32)>, Attempt(attempt): Attempt| {
            let history = history.clone();
            async move {
                let handling = history.begin(worker, key, number);
                tokio::time::sleep(Duration::from_millis(u64::from((key * 7 + number * seed) % 40))).await;
                match (number + seed) % 7 {
                    2 if attempt == 1 => return Err(Failure::retry("not yet")),
                    4 if attempt < 3 => {
                        return Err(Failure::retry_after(Duration::from_millis(300), "later"));
                    }
                    _ => history.add(Event::Done(worker, key, number)),
                }
                drop(handling);
                Ok(())
            }
        };
        Router::new().route("ride.{key}.{number}", handler).expect("a route")
    };
    let worker =
        |number| start(client, binding(router(number)).with_key(KeyBy::token(1)).with_concurrency(3));
    for number in 0..NUMBERS {
        for key in 0..KEYS {
            client.publish(format!("ride.{key}.{number}"), "").await.expect("stored");
        }
    }
    for life in 1..=4 {
        let running = worker(life);
        let share = (KEYS * NUMBERS) as usize * life / 5;
        until("it has done its share", async || history.done().len() >= share).await;
        if (life + seed as usize).is_multiple_of(2) {
            running.crash().await;
        } else {
            let _ = running.stop().await;
        }
    }
    let last = worker(5);
    until("all is done", async || history.done().len() == (KEYS * NUMBERS) as usize).await;
    let _ = last.stop().await;
    history.judge();
}
