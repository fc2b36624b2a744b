//! What handlers return to be published.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use pubsub::worker::{Attempt, Inbox, MemoryInbox, Router};
use pubsub::{Client, ErrorKind, OutboundMessage, StreamName, SubjectFilter};
use pubsub_testkit::fault_layer::{FaultLayer, PublishFault, When};

use crate::support::{binding, start, until_settled};

/// The first publish to this subject fails.
fn failing_once(client: Client, subject: &str) -> Client {
    let when = When::nth(1).on(SubjectFilter::new(subject).expect("a filter"));
    client.with_layer(FaultLayer::from_seed(1).on_publish(when, PublishFault::Fail(ErrorKind::Unavailable)))
}

async fn stored(client: &Client) -> u64 {
    let stream = StreamName::new("RIDE").expect("a name");
    client.admin().expect("administration").stream_info(&stream).await.expect("it is there").messages
}

pub(crate) async fn an_inbox_forgets_nothing_that_was_not_published(client: Client) {
    let client = failing_once(client, "ride.billed");
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let handler = move || {
        let counted = Arc::clone(&counted);
        async move {
            counted.fetch_add(1, SeqCst);
            OutboundMessage::new("ride.billed", "12.50")
        }
    };
    let router = Router::new().route("ride.done", handler).expect("a route");
    let router = router.layer(Inbox::new(MemoryInbox::new(Duration::from_secs(60))));
    client.publish("ride.done", "").await.expect("stored");
    let worker = start(&client, binding(router));
    until_settled(&client).await;
    let outcome = worker.stop().await;
    assert_eq!((outcome.retried, outcome.done), (1, 1));
    assert_eq!(stored(&client).await, 2, "what was returned is stored, once");
    assert_eq!(calls.load(SeqCst), 1, "the money is taken once");
}

pub(crate) async fn another_set_at_the_next_attempt_is_no_duplicate(client: Client) {
    let client = failing_once(client, "ride.mail");
    let handler = |Attempt(attempt): Attempt| async move {
        let mail = OutboundMessage::new("ride.mail", "thank you")?;
        let invoice = OutboundMessage::new("ride.invoice", "12.50")?;
        // The second time the invoice is found in the database.
        Ok::<_, pubsub::Error>(if attempt == 1 { vec![invoice, mail] } else { vec![mail] })
    };
    client.publish("ride.done", "").await.expect("stored");
    let worker = start(&client, binding(Router::new().route("ride.done", handler).expect("a route")));
    until_settled(&client).await;
    let outcome = worker.stop().await;
    assert_eq!((outcome.retried, outcome.done), (1, 1));
    assert_eq!(stored(&client).await, 3, "the ride, the invoice and the mail");
}

pub(crate) async fn the_same_set_is_stored_once(client: Client) {
    let client = failing_once(client, "ride.mail");
    let handler = || async {
        let mail = || OutboundMessage::new("ride.mail", "thank you");
        Ok::<_, pubsub::Error>(vec![OutboundMessage::new("ride.invoice", "12.50")?, mail()?, mail()?])
    };
    client.publish("ride.done", "").await.expect("stored");
    let worker = start(&client, binding(Router::new().route("ride.done", handler).expect("a route")));
    until_settled(&client).await;
    assert_eq!(worker.stop().await.retried, 1);
    assert_eq!(stored(&client).await, 4, "two mails that are the same are two");
}
