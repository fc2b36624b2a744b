//! What is invalid.

use garde::Validate;
use pubsub::worker::{DeadLetters, Json, Path, Router, Valid};

use crate::support::{binding, dead_letters, on_memory, start, until_settled};

#[derive(serde::Deserialize, Validate)]
struct Completed {
    #[garde(range(min = 1))]
    fare_cents: u32,
}

#[derive(serde::Deserialize, Validate)]
struct Ride {
    #[garde(length(max = 4))]
    ride: String,
}

async fn completed(Valid(Path(ride)): Valid<Path<Ride>>, Valid(Json(event)): Valid<Json<Completed>>) {
    assert!(ride.ride.len() <= 4 && event.fare_cents >= 1, "it was checked");
}

#[tokio::test(start_paused = true)]
async fn what_is_invalid_goes_to_the_dead_letters_at_once_with_the_rule() {
    let client = on_memory().await;
    for (ride, payload) in [
        ("r-1", r#"{"fare_cents":1250}"#),
        ("r-2", r#"{"fare_cents":0}"#),
        ("r-12345", r#"{"fare_cents":1250}"#),
        ("r-3", r#"{"fare_cents":"secret"}"#),
    ] {
        client.publish(format!("ride.{ride}"), payload).await.expect("stored");
    }
    let worker = start(&client, binding(Router::new().route("ride.{ride}", completed).expect("a route")));
    until_settled(&client).await;
    let outcome = worker.stop().await;
    assert_eq!((outcome.done, outcome.dead_lettered, outcome.retried), (1, 3, 0));
    let letters = dead_letters(&client).await;
    let mut reasons: Vec<&str> =
        letters.iter().filter_map(|letter| letter.headers.get(DeadLetters::REASON)).collect();
    reasons.sort_unstable();
    assert!(reasons[0].starts_with("the payload cannot be read at `fare_cents`"), "{}", reasons[0]);
    assert_eq!(reasons[1], "the payload is invalid at `fare_cents`: lower than 1");
    assert_eq!(reasons[2], "the subject is invalid at `ride`: length is greater than 4");
}
