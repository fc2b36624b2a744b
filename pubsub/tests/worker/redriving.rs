use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;

use pubsub::worker::{Binding, DeadLetterStore, DeadLetters, Failure, Path, Router, Worker};
use pubsub::{Client, ConsumerConfig, ErrorKind, OutboundMessage};

use crate::support::{binding, start, start_worker, until, until_settled};

fn refusing(is_repaired: &Arc<AtomicBool>) -> Router {
    let is_repaired = Arc::clone(is_repaired);
    let handler = move |Path(ride): Path<u32>| {
        let is_repaired = is_repaired.load(SeqCst);
        async move {
            if is_repaired { Ok(()) } else { Err(Failure::reject(format!("ride {ride} is refused"))) }
        }
    };
    Router::new().route("ride.{ride}", handler).expect("a route")
}

async fn open(client: &Client) -> DeadLetterStore {
    let dead_letters = DeadLetters::in_stream("DEAD").expect("a name");
    DeadLetterStore::open(client, &dead_letters).await.expect("it is there")
}

pub(crate) async fn dead_letters_are_listed_edited_discarded_and_redriven(client: Client) {
    for ride in 1..=5 {
        let message = OutboundMessage::new(format!("ride.{ride}"), format!("body {ride}")).expect("a message");
        let message = message.with_id(format!("id-{ride}")).and_then(|message| message.with_header("tenant", "oslo"));
        client.publish_message(message.expect("a header")).await.expect("stored");
    }
    let is_repaired = Arc::new(AtomicBool::new(false));
    let worker = start(&client, binding(refusing(&is_repaired)).with_concurrency(1));
    until_settled(&client).await;

    let letters = open(&client).await;
    // They are kept side by side, so in any order.
    let first = letters.page(0, 2).await.expect("a page");
    let billing = "billing".parse().expect("a name");
    let only = letters.clone().only(&"RIDE".parse().expect("a name"), &billing).expect("a filter");
    let rest = only.page(first[1].sequence + 1, 100).await.expect("a page");
    let all: Vec<_> = first.into_iter().chain(rest).collect();
    let mut subjects: Vec<_> = all.iter().map(|letter| &*letter.subject).collect();
    subjects.sort_unstable();
    assert_eq!(subjects, ["ride.1", "ride.2", "ride.3", "ride.4", "ride.5"]);
    let find = |subject| all.iter().find(|letter| letter.subject == subject).expect("it is kept");
    let (letter, discarded) = (find("ride.1"), find("ride.2").sequence);
    assert_eq!((&*letter.reason, letter.attempts, letter.origin_sequence), ("ride 1 is refused", 1, 1));
    assert_eq!((letter.message_id.as_deref(), letter.headers.len()), (Some("id-1"), 1));
    assert!(letter.published_at.is_some());

    letters.discard(discarded).await.expect("discarded");
    assert_eq!(letters.get(discarded).await.expect_err("it is gone").kind(), ErrorKind::NotFound);

    is_repaired.store(true, SeqCst);
    let edited = letters.redrive_edited(letter.sequence, |mut message| {
        message.payload = "a better body".into();
        Ok(message)
    });
    assert_eq!(edited.await.expect("published").duplicate, Some(false));
    let redriven = letters.redrive_all().await.expect("redriven");
    assert_eq!((redriven.messages, redriven.failed.len()), (3, 0));
    assert!(letters.page(0, 10).await.expect("a page").is_empty());
    until("they are handled", async || worker.handle.status().bindings[0].done == 4).await;
    let outcome = worker.stop().await;
    assert_eq!((outcome.done, outcome.dead_lettered), (4, 5));
}

pub(crate) async fn a_redriven_message_is_handled_only_by_the_consumer_that_gave_it_up(client: Client) {
    let mailed = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&mailed);
    let mail = move || {
        counted.fetch_add(1, SeqCst);
        async {}
    };
    let mail = Router::new().route("ride.*", mail).expect("a route");
    let mail = Binding::new("RIDE", ConsumerConfig::durable("mailing").expect("a name"), mail);
    client.publish("ride.1", "").await.expect("stored");
    let is_repaired = Arc::new(AtomicBool::new(false));
    let worker = start_worker(
        Worker::new(client.clone())
            .bind(binding(refusing(&is_repaired)))
            .bind(mail.expect("a binding").discard_dead_letters()),
    );
    until("both have had it", async || {
        let bindings = worker.handle.status().bindings;
        bindings.len() == 2 && bindings[0].dead_lettered == 1 && bindings[1].done == 1
    })
    .await;
    is_repaired.store(true, SeqCst);
    assert_eq!(open(&client).await.redrive_all().await.expect("redriven").messages, 1);
    until("both have taken it", async || {
        let bindings = worker.handle.status().bindings;
        bindings[0].done == 1 && bindings[1].taken == 2
    })
    .await;
    let _ = worker.stop().await;
    assert_eq!(mailed.load(SeqCst), 1);
}

pub(crate) async fn a_letter_of_a_consumer_that_is_gone_is_redriven_for_all_or_not_at_all(client: Client) {
    let is_repaired = Arc::new(AtomicBool::new(false));
    client.publish("ride.1", "").await.expect("stored");
    let worker = start(&client, binding(refusing(&is_repaired)));
    until_settled(&client).await;
    let _ = worker.stop().await;
    let (rides, billing) = ("RIDE".parse().expect("a name"), "billing".parse().expect("a name"));
    client.admin().expect("administration").delete_consumer(&rides, &billing).await.expect("deleted");

    let letters = open(&client).await;
    let letter = letters.page(0, 1).await.expect("a page")[0].sequence;
    assert_eq!(letters.redrive(letter).await.expect_err("nobody would handle it").kind(), ErrorKind::NotFound);
    let redriven = letters.redrive_all().await.expect("an answer");
    assert_eq!((redriven.messages, redriven.failed.len()), (0, 1));

    letters.redrive_for_all(letter).await.expect("published");
    is_repaired.store(true, SeqCst);
    let worker = start(&client, binding(refusing(&is_repaired)));
    until_settled(&client).await;
    assert_eq!(worker.stop().await.done, 2, "the original and the one that was redriven");
}

pub(crate) async fn a_copied_header_hides_no_message(client: Client) {
    let message = OutboundMessage::new("ride.1", "").expect("a message");
    for value in ["RIDE/mailing/ride.7", "OTHER/mailing/ride.1", "mailing"] {
        let message = message.clone().with_header(DeadLetters::REDRIVEN_FOR, value).expect("a header");
        client.publish_message(message).await.expect("stored");
    }
    let worker = start(&client, binding(refusing(&Arc::new(AtomicBool::new(true)))));
    until_settled(&client).await;
    assert_eq!(worker.stop().await.done, 3);
}
