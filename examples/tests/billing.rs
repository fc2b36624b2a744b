//! The billing service, tested with its own worker: on the memory backend in virtual time, and the same on a real server.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use pubsub::worker::DeadLetterStore;
use pubsub::{Client, ErrorKind, StreamName, SubjectFilter};
use pubsub_examples::billing::{Billed, Completed, bank::Bank, dead_letters, provision, service};
use pubsub_testkit::TestApp;
use pubsub_testkit::fault_layer::{FaultLayer, PublishFault, When};

async fn start(client: Client) -> (TestApp, Bank) {
    let bank = Bank::default();
    provision(&client).await.unwrap();
    (TestApp::start(client, |client| service(client, bank.clone())).await.unwrap(), bank)
}

fn ride(fare_cents: u32) -> Completed {
    Completed { fare_cents }
}

async fn memory() -> Client {
    pubsub::connect("memory://").await.unwrap()
}

async fn a_ride_is_billed_once_and_a_worthless_one_is_given_up(client: Client) {
    let (app, bank) = start(client).await;
    app.publish_json("ride.anna.r-1.completed", &ride(1250)).await.unwrap();
    app.publish_json("ride.anna.r-2.completed", &ride(0)).await.unwrap();
    app.publish("ride.anna.r-3.completed", "no json").await.unwrap();

    app.handled("ride.*.r-1.completed").with(&ride(1250)).done().once();
    app.published("ride.anna.r-1.billed").once();
    app.handled("ride.*.r-2.completed").dead_lettered_because("for nothing").once();
    app.handled("ride.*.r-3.completed").dead_lettered_because("no JSON").once();
    assert_eq!(bank.debited("anna"), [1250]);
    assert_eq!(app.dead_letters(&dead_letters().unwrap()).await.unwrap().len(), 2);
    app.recorder().assert_sound();
    assert!(app.stop().await.unwrap().into_result().is_ok());
}

#[tokio::test(start_paused = true)]
async fn on_memory() {
    a_ride_is_billed_once_and_a_worthless_one_is_given_up(memory().await).await;
}

#[cfg(feature = "nats")]
#[tokio::test]
async fn on_a_server() {
    let server = pubsub_testkit::nats_server::NatsServer::start().unwrap();
    a_ride_is_billed_once_and_a_worthless_one_is_given_up(pubsub::connect(server.url()).await.unwrap()).await;
}

#[tokio::test(start_paused = true)]
async fn a_bill_that_cannot_be_stored_is_stored_later_and_the_money_is_taken_once() {
    let billed = When::nth(1).on(SubjectFilter::new("ride.*.*.billed").unwrap());
    let faults = FaultLayer::from_seed(1).on_publish(billed, PublishFault::Fail(ErrorKind::Unavailable));
    let (app, bank) = start(memory().await.with_layer(faults)).await;
    app.publish_json("ride.anna.r-1.completed", &ride(1250)).await.unwrap();
    app.advance(Duration::from_secs(3)).await.unwrap();

    app.handled("ride.anna.r-1.completed").done().once();
    let rides = app.client().admin().unwrap().stream_info(&StreamName::new("RIDE").unwrap()).await.unwrap();
    assert_eq!(rides.messages, 2, "the ride and the bill");
    assert_eq!(bank.debited("anna"), [1250]);
    assert!(app.stop().await.unwrap().into_result().is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_closed_bank_delays_one_customer_in_order_and_holds_back_no_other() {
    let (app, bank) = start(memory().await).await;
    bank.set_closed(true);
    app.publish_json("ride.anna.r-1.completed", &ride(1)).await.unwrap();
    app.publish_json("ride.anna.r-2.completed", &ride(2)).await.unwrap();
    app.handled("ride.anna.r-1.completed").retried_because("closed").once();
    app.handled("ride.anna.r-2.completed").never();
    bank.set_closed(false);
    app.publish_json("ride.ben.r-3.completed", &ride(3)).await.unwrap();
    app.handled("ride.ben.>").done().once();

    app.advance(Duration::from_secs(2)).await.unwrap();
    assert_eq!(bank.debited("anna"), [1, 2]);
    app.published("ride.anna.r-1.billed")
        .matching("after two attempts", |seen| {
            serde_json::from_slice::<Billed>(&seen.payload).is_ok_and(|billed| billed.attempts == 2)
        })
        .once();
    assert!(app.stop().await.unwrap().into_result().is_ok());
}

#[tokio::test(start_paused = true)]
async fn what_was_given_up_is_redriven_when_the_bank_is_open() {
    let (app, bank) = start(memory().await).await;
    bank.set_closed(true);
    app.publish_json("ride.anna.r-1.completed", &ride(700)).await.unwrap();
    app.advance(Duration::from_secs(120)).await.unwrap();
    app.handled("ride.anna.>").on_attempt(5).dead_lettered_because("closed").once();

    bank.set_closed(false);
    let letters = DeadLetterStore::open(app.client(), &dead_letters().unwrap()).await.unwrap();
    assert_eq!(letters.redrive_all().await.unwrap().messages, 1);
    app.quiet().await.unwrap();
    assert_eq!(bank.debited("anna"), [700]);
    assert!(app.stop().await.unwrap().into_result().is_ok());
}
