use std::time::Duration;

use pubsub::worker::{Attempt, DeadLetters, Failure, Json, Path, Router, Worker};
use pubsub::{Client, OutboundMessage};
use pubsub_testkit::TestApp;

use crate::support::binding;

const LATER: Duration = Duration::from_millis(1500);

async fn bill(
    Path(ride): Path<u32>,
    Json(cents): Json<u32>,
    Attempt(attempt): Attempt,
) -> Result<OutboundMessage, Failure> {
    match (cents, attempt) {
        (0, _) => Err(Failure::reject("a ride for nothing")),
        (1000.., 1) => Err(Failure::retry_after(LATER, "the bank is closed")),
        _ => Ok(OutboundMessage::json(format!("ride.{ride}.billed"), &cents)?),
    }
}

async fn thank(Path(_ride): Path<u32>) {}

fn service(client: Client) -> pubsub::Result<Worker> {
    let router = Router::new().route("ride.{ride}.completed", bill)?.route("ride.{ride}.billed", thank)?;
    Ok(Worker::new(client).bind(binding(router)))
}

pub(crate) async fn a_service_is_driven_until_it_is_quiet(client: Client) {
    let app = TestApp::start(client, service).await.expect("it starts");

    // A cascade: the bill is handled too.
    app.publish_json("ride.1.completed", &120).await.expect("it is quiet");
    app.handled("ride.1.completed").with(&120).done().once();
    app.handled("ride.1.billed").by("billing").on_attempt(1).done().once();
    app.published("ride.1.billed").with_payload("120").once();

    // What waits for its retry is quiet.
    app.publish_json("ride.2.completed", &5000).await.expect("it is quiet");
    app.handled("ride.2.completed").on_attempt(1).retried_because("bank").once();
    app.handled("ride.2.billed").never();
    app.advance(LATER).await.expect("it is quiet");
    app.handled("ride.2.completed").on_attempt(2).done().once();
    assert_eq!(app.handled("ride.*.billed").payloads::<u32>(), [120, 5000]);

    app.publish_json("ride.3.completed", &0).await.expect("it is quiet");
    app.handled("ride.3.>").dead_lettered_because("for nothing").once();
    let kept = DeadLetters::in_stream("DEAD").expect("a name");
    let letters = app.dead_letters(&kept).await.expect("the dead letters");
    assert_eq!(letters.iter().map(|letter| &*letter.subject).collect::<Vec<_>>(), ["ride.3.completed"]);

    app.recorder().assert_sound();
    let outcome = app.stop().await.expect("it has run");
    assert_eq!((outcome.done, outcome.retried, outcome.dead_lettered), (4, 1, 1));
}
