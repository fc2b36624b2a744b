//! Messages that are hard to give up.

use std::time::Duration;

use pubsub::worker::{DeadLetterStore, DeadLetters, Failure, Path, Router};
use pubsub::{Client, StreamName};

use crate::support::{binding, dead_letters, start, until, until_settled};

async fn refuse() -> Result<(), Failure> {
    Err(Failure::reject("no"))
}

pub(crate) async fn a_message_that_no_letter_can_hold_is_kept_without_its_payload(client: Client) {
    let most = client.capabilities().max_payload().expect("a limit");
    client.publish("ride.done", vec![b'x'; most - 200]).await.expect("stored");
    let worker = start(&client, binding(Router::new().route("ride.done", refuse).expect("a route")));
    until_settled(&client).await;
    assert_eq!(worker.stop().await.dead_lettered, 1);
    let letters = dead_letters(&client).await;
    assert_eq!((letters.len(), letters[0].payload.len()), (1, 0));
    assert_eq!(letters[0].headers.get(DeadLetters::REASON), Some("no"));

    // The stream still has it.
    let store = DeadLetters::in_stream("DEAD").expect("a name");
    let store = DeadLetterStore::open(&client, &store).await.expect("it is there");
    assert!(store.get(1).await.expect("a letter").is_truncated);
    store.redrive(1).await.expect("redriven");
    let (admin, rides) = (client.admin().expect("administration"), StreamName::new("RIDE").expect("a name"));
    let redriven = admin.get_message(&rides, pubsub::MessageSelector::Sequence(2)).await.expect("stored");
    assert_eq!(redriven.payload.len(), most - 200);
}

pub(crate) async fn letters_that_cannot_be_stored_take_no_place(client: Client) {
    let handled = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = std::sync::Arc::clone(&handled);
    let handler = move |Path(ride): Path<u32>| {
        let counted = std::sync::Arc::clone(&counted);
        async move {
            // So slow that no more are held than run.
            tokio::time::sleep(Duration::from_millis(300)).await;
            if ride < 4 {
                return Err(Failure::reject("no"));
            }
            counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            Ok(())
        }
    };
    let router = Router::new().route("ride.{ride}", handler).expect("a route");
    let worker = start(&client, binding(router).with_concurrency(2));
    until("it runs", async || worker.handle.status().is_ready()).await;
    let (admin, dead) = (client.admin().expect("administration"), StreamName::new("DEAD").expect("a name"));
    admin.delete_stream(&dead).await.expect("deleted");
    for ride in 0..8 {
        client.publish(format!("ride.{ride}"), "").await.expect("stored");
    }
    until("the good ones are handled", async || handled.load(std::sync::atomic::Ordering::SeqCst) == 4).await;
    let trouble = worker.handle.status().bindings[0].trouble.clone().expect("trouble");
    assert!(trouble.contains("4 dead letters"), "{trouble}");
    worker.handle.stop();
}
