use std::sync::{Arc, Mutex};
use std::time::Duration;

use pubsub::Client;
use pubsub::worker::{BatchLimits, Failure, Json, Path, Router, State, Verdict};

use crate::support::{binding, dead_letters, start, until, until_settled};

type Sizes = Arc<Mutex<Vec<usize>>>;

async fn ingest(State(sizes): State<Sizes>, rows: Vec<(Path<u32>, Json<u32>)>) -> Vec<Verdict> {
    sizes.lock().expect("a lock").push(rows.len());
    let keep = |(Path(row), Json(value))| {
        assert_eq!(row, value);
        if row == 7 { Verdict::reject("seven is refused") } else { Verdict::Done }
    };
    rows.into_iter().map(keep).collect()
}

fn router(sizes: &Sizes, limits: BatchLimits) -> Router {
    Router::new().route_batch("ride.{row}", limits, ingest).expect("a route").with_state(Arc::clone(sizes))
}

pub(crate) async fn a_batch_is_handled_when_it_is_full_or_has_waited_with_a_verdict_for_each(client: Client) {
    for row in 1..=25 {
        let payload = if row == 9 { "no json".to_owned() } else { row.to_string() };
        client.publish(format!("ride.{row}"), payload).await.expect("stored");
    }
    let sizes = Sizes::default();
    let worker = start(&client, binding(router(&sizes, BatchLimits::new(10, Duration::from_millis(200)))));
    until_settled(&client).await;
    let outcome = worker.stop().await;
    assert_eq!((outcome.done, outcome.dead_lettered, outcome.retried), (23, 2, 0));
    assert_eq!(dead_letters(&client).await.len(), 2);
    let sizes = sizes.lock().expect("a lock");
    assert!(sizes.iter().all(|size| *size <= 10) && sizes.len() <= 5, "{sizes:?}");
    assert_eq!(sizes.iter().sum::<usize>(), 24, "what cannot be read is not in a batch");
}

pub(crate) async fn a_batch_that_fails_or_panics_is_tried_again(client: Client) {
    let calls = Sizes::default();
    let counted = Arc::clone(&calls);
    let handler = move |rows: Vec<Path<u32>>| {
        let calls = Arc::clone(&counted);
        async move {
            let call = {
                let mut calls = calls.lock().map_err(|_| Failure::retry("poisoned"))?;
                calls.push(rows.len());
                calls.len()
            };
            match call {
                1 => Err(Failure::retry("the first batch fails")),
                2 => panic!("the second panics"),
                _ => Ok(()),
            }
        }
    };
    for row in 1..=4 {
        client.publish(format!("ride.{row}"), "").await.expect("stored");
    }
    let limits = BatchLimits::new(4, Duration::from_millis(300));
    let router = Router::new().route_batch("ride.{row}", limits, handler).expect("a route");
    let retry = pubsub::worker::RetryPolicy::default()
        .with_attempts(10)
        .with_first_delay(Duration::from_millis(50))
        .without_jitter();
    let worker = start(&client, binding(router).with_retry(retry));
    until_settled(&client).await;
    let outcome = worker.stop().await;
    assert_eq!(outcome.done, 4);
    assert!(outcome.panicked >= 1 && outcome.retried >= 4, "{outcome:?}");
}

pub(crate) async fn a_batch_with_too_few_verdicts_acknowledges_nothing(client: Client) {
    let filtered = async |rows: Vec<Path<u32>>| -> Vec<Verdict> {
        rows.into_iter().filter(|Path(row)| *row != 2).map(|_| Verdict::Done).collect()
    };
    for row in 1..=3 {
        client.publish(format!("ride.{row}"), "").await.expect("stored");
    }
    let limits = BatchLimits::new(3, Duration::from_secs(1));
    let router = Router::new().route_batch("ride.{row}", limits, filtered).expect("a route");
    let worker = start(&client, binding(router));
    until("the first attempt is over", async || {
        worker.handle.status().bindings.first().is_some_and(|status| status.done + status.retried >= 3)
    })
    .await;
    let outcome = worker.stop().await;
    assert_eq!(outcome.done, 0);
}

pub(crate) async fn a_batch_that_is_not_full_goes_back_when_the_worker_stops(client: Client) {
    let sizes = Sizes::default();
    client.publish("ride.1", "1").await.expect("stored");
    let worker = start(&client, binding(router(&sizes, BatchLimits::new(10, Duration::from_secs(3600)))));
    until("it waits for its batch", async || {
        worker.handle.status().bindings.first().is_some_and(|status| status.waiting == 1)
    })
    .await;
    let outcome = worker.stop().await;
    assert_eq!((outcome.done, outcome.handed_back), (0, 1));
    assert!(sizes.lock().expect("a lock").is_empty());
}
