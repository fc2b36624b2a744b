//! Batches: all or none, and confirmed together.

use std::time::Duration;

use pubsub_core::{
    Capability, Client, Confirm, ErrorKind, Expectations, MessageSelector, OutboundMessage, PublishOptions,
    PublisherExt as _, Receipt, Result, Storage, StreamConfig,
};
use pubsub_testkit::fault_proxy::{Direction, FaultProxy};

use crate::support::{Bench, assert_unsupported, connect, eventually, listen, ride, soon};

fn messages(numbers: std::ops::Range<u32>) -> Vec<OutboundMessage> {
    numbers.map(|number| OutboundMessage::new("ride.n", number.to_string()).unwrap()).collect()
}

fn together() -> PublishOptions {
    PublishOptions::default().with_confirm(Confirm::StoredOnly)
}

async fn publish(
    client: &Client,
    batch: Vec<OutboundMessage>,
    options: PublishOptions,
) -> Vec<Result<Receipt>> {
    let mut outcomes = Vec::new();
    for pending in soon(client.publisher().publish_batch(batch, options)).await {
        outcomes.push(match pending {
            Ok(pending) => soon(pending).await,
            Err(error) => Err(error),
        });
    }
    outcomes
}

/// Of the stream's messages, in order.
async fn stored(bench: &Bench) -> Vec<String> {
    let info = bench.admin().stream_info(&ride()).await.unwrap();
    let mut payloads = Vec::new();
    for sequence in 1..=info.last_sequence {
        let stored = bench.admin().get_message(&ride(), MessageSelector::Sequence(sequence)).await.unwrap();
        payloads.push(String::from_utf8(stored.payload.to_vec()).unwrap());
    }
    payloads
}

fn numbers(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

#[tokio::test]
async fn an_atomic_batch_is_stored_as_one() {
    let bench = Bench::start().await;
    let publisher = bench.client.publisher();
    if !bench.has(Capability::AtomicBatch) {
        bench.stream().await;
        let refused = publisher.publish_atomic(messages(0..2), PublishOptions::default()).await;
        return assert_unsupported(refused, Capability::AtomicBatch);
    }
    bench.stream_with(StreamConfig::with_allow_atomic_batches).await;
    let receipt =
        soon(publisher.publish_atomic(messages(0..1_000), PublishOptions::default())).await.unwrap();
    assert_eq!((receipt.stream.as_str(), receipt.last_sequence, receipt.messages), ("RIDE", 1_000, 1_000));
    let mut broken = messages(0..3);
    let wrong = Expectations::none().with_last_subject_sequence(7);
    broken.push(OutboundMessage::new("ride.other", "").unwrap().with_expectations(wrong));
    let error = publisher.publish_atomic(broken, PublishOptions::default()).await.unwrap_err();
    assert_eq!((error.kind(), error.broker_code()), (ErrorKind::Conflict, Some(10071)));
    assert!(!error.is_effect_unknown());
    assert_eq!(bench.admin().stream_info(&ride()).await.unwrap().messages, 1_000);
}

#[tokio::test]
async fn an_atomic_batch_that_nobody_takes_is_not_found() {
    let bench = Bench::start().await;
    if !bench.has(Capability::AtomicBatch) {
        return;
    }
    let publisher = bench.client.publisher();
    let error = publisher.publish_atomic(messages(0..2), PublishOptions::default()).await.unwrap_err();
    assert_eq!((error.kind(), error.broker_code()), (ErrorKind::NotFound, Some(503)));
    assert!(!error.is_effect_unknown());
}

#[tokio::test]
async fn a_commit_without_an_answer_is_unknown_and_less_is_not() {
    let bench = Bench::start().await;
    if !bench.has(Capability::AtomicBatch) {
        return;
    }
    bench.stream_with(StreamConfig::with_allow_atomic_batches).await;
    let proxy = FaultProxy::in_front_of(&bench.server).await.unwrap();
    let client = connect(&proxy.url()).await.unwrap();
    proxy.black_hole(Direction::ToClient);
    let options = PublishOptions::default().with_timeout(Duration::from_millis(200));
    let publisher = client.publisher();
    let error = soon(publisher.publish_atomic(messages(0..3), options.clone())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(
        !error.is_effect_unknown(),
        "the first message had no answer, so nothing was committed: {error:?}"
    );
    let error = soon(publisher.publish_atomic(messages(0..1), options)).await.unwrap_err();
    assert!(error.is_effect_unknown(), "{error:?}");
}

#[tokio::test]
async fn what_is_confirmed_together_tells_no_sequence() {
    let bench = Bench::start().await;
    if !bench.has(Capability::FastBatch) {
        // Confirmed in full, as the server does it.
        bench.stream().await;
        let outcomes = publish(&bench.client, messages(0..10), together()).await;
        return assert!(outcomes.iter().all(|outcome| outcome.as_ref().unwrap().sequence.is_some()));
    }
    bench.stream_with(StreamConfig::with_allow_fast_batches).await;
    let outcomes = publish(&bench.client, messages(0..10_000), together()).await;
    for outcome in outcomes {
        let receipt = outcome.unwrap();
        assert_eq!((receipt.stream.as_str(), receipt.sequence, receipt.duplicate), ("RIDE", None, None));
    }
    assert_eq!(bench.admin().stream_info(&ride()).await.unwrap().messages, 10_000);
    assert_eq!(
        bench.admin().get_message(&ride(), MessageSelector::Sequence(77)).await.unwrap().payload,
        "76"
    );
}

#[tokio::test]
async fn a_stream_that_does_not_allow_it_confirms_in_full() {
    let bench = Bench::start().await;
    bench.stream().await;
    let outcomes = publish(&bench.client, messages(0..3), together()).await;
    let sequences: Vec<_> = outcomes.into_iter().map(|outcome| outcome.unwrap().sequence).collect();
    assert_eq!(sequences, [Some(1), Some(2), Some(3)]);
}

#[tokio::test]
async fn what_breaks_a_batch_is_told_and_the_rest_is_stored() {
    let bench = Bench::start().await;
    if !bench.has(Capability::FastBatch) {
        return;
    }
    bench.stream_with(|config| config.with_allow_fast_batches().with_max_message_size(1_000)).await;
    let mut batch = messages(0..10);
    batch[4] = OutboundMessage::new("ride.n", vec![b'x'; 5_000]).unwrap();
    let outcomes = publish(&bench.client, batch, together()).await;
    for (number, outcome) in outcomes.iter().enumerate() {
        match outcome {
            Ok(_) => assert_ne!(number, 4),
            Err(error) => {
                assert_eq!((number, error.kind()), (4, ErrorKind::PayloadTooLarge));
                assert!(!error.is_effect_unknown());
            }
        }
    }
    let expected: Vec<_> = numbers(0..4).into_iter().chain(numbers(5..10)).collect();
    assert_eq!(stored(&bench).await, expected);
}

#[tokio::test]
async fn a_reset_in_a_batch_loses_nothing_and_stores_nothing_twice() {
    let bench = Bench::start().await;
    if !bench.has(Capability::FastBatch) {
        return;
    }
    bench.stream_with(StreamConfig::with_allow_fast_batches).await;
    let proxy = FaultProxy::in_front_of(&bench.server).await.unwrap();
    let client = connect(&proxy.url()).await.unwrap();
    proxy.cut_after(Direction::ToServer, 60_000);
    let outcomes = publish(&client, messages(0..2_000), together()).await;
    assert!(outcomes.iter().all(Result::is_ok), "{:?}", outcomes.iter().find(|outcome| outcome.is_err()));
    let mut stored = stored(&bench).await;
    stored.sort_unstable();
    let mut expected = numbers(0..2_000);
    expected.sort_unstable();
    assert_eq!(stored, expected);
}

#[tokio::test]
async fn a_lost_confirmation_of_a_batch_without_retries_is_unknown() {
    let bench = Bench::start().await;
    if !bench.has(Capability::FastBatch) {
        return;
    }
    bench.stream_with(StreamConfig::with_allow_fast_batches).await;
    let proxy = FaultProxy::in_front_of(&bench.server).await.unwrap();
    let client = connect(&proxy.url()).await.unwrap();
    // The stream is known from now on.
    publish(&client, messages(0..2), together()).await;
    proxy.black_hole(Direction::ToClient);
    let options = together().with_retry(false).with_timeout(Duration::from_millis(400));
    let outcomes = publish(&client, messages(2..10), options).await;
    for outcome in outcomes {
        let error = outcome.unwrap_err();
        assert!(error.kind() == ErrorKind::Timeout && error.is_effect_unknown(), "{error:?}");
    }
    eventually("they are stored once", || async { stored(&bench).await == numbers(0..10) }).await;
}

#[tokio::test]
async fn other_clients_read_what_a_batch_stores() {
    let bench = Bench::start().await;
    if !bench.has(Capability::FastBatch) {
        return;
    }
    bench.stream_with(StreamConfig::with_allow_fast_batches).await;
    let mut seen = listen(&bench.foreign().await, "ride.>").await;
    let batch: Vec<_> =
        messages(0..2).into_iter().map(|message| message.with_header("tag", "a").unwrap()).collect();
    assert!(publish(&bench.client, batch, together()).await.iter().all(Result::is_ok));
    let message = soon(futures::StreamExt::next(&mut seen)).await.unwrap();
    assert_eq!(message.headers.unwrap().get("tag").unwrap().as_str(), "a");
    bench.client.publisher().publish("ride.n", "2").await.unwrap();
    assert_eq!(stored(&bench).await, numbers(0..3));
}

/// Publishes each at once, as so many callers do, and waits for all.
async fn at_once(client: &Client, numbers: std::ops::Range<u32>) -> Vec<Result<Receipt>> {
    let callers = messages(numbers).into_iter().map(|message| {
        let publisher = client.publisher();
        tokio::spawn(async move { publisher.publish_with(message, together()).await?.await })
    });
    let mut outcomes = Vec::new();
    for caller in callers.collect::<Vec<_>>() {
        outcomes.push(soon(caller).await.unwrap());
    }
    outcomes
}

#[tokio::test]
async fn callers_at_once_share_a_confirmation() {
    let bench = Bench::start().await;
    if !bench.has(Capability::FastBatch) {
        return;
    }
    bench.stream_with(StreamConfig::with_allow_fast_batches).await;
    // The stream is known from now on.
    publish(&bench.client, messages(0..1), together()).await;
    let outcomes = at_once(&bench.client, 1..500).await;
    let together = outcomes.iter().filter(|outcome| outcome.as_ref().unwrap().sequence.is_none()).count();
    assert!(together > 250, "{together} of 499 were confirmed together");
    assert_eq!(bench.admin().stream_info(&ride()).await.unwrap().messages, 500);
}

#[tokio::test]
async fn what_needs_a_sequence_keeps_its_place() {
    let bench = Bench::start().await;
    if !bench.has(Capability::FastBatch) {
        return;
    }
    bench.stream_with(StreamConfig::with_allow_fast_batches).await;
    let publisher = bench.client.publisher();
    let mut pending = Vec::new();
    for (number, message) in messages(0..300).into_iter().enumerate() {
        let options = if number % 7 == 3 { PublishOptions::default() } else { together() };
        pending.push(soon(publisher.publish_with(message, options)).await.unwrap());
    }
    for (number, pending) in pending.into_iter().enumerate() {
        let receipt = soon(pending).await.unwrap();
        if number % 7 == 3 {
            assert_eq!(receipt.sequence, Some(number as u64 + 1));
        }
    }
    assert_eq!(stored(&bench).await, numbers(0..300));
}

#[tokio::test]
async fn a_flush_and_a_close_wait_for_what_is_confirmed_together() {
    let bench = Bench::start().await;
    if !bench.has(Capability::FastBatch) {
        return;
    }
    bench.stream_with(StreamConfig::with_allow_fast_batches).await;
    let client = connect(bench.server.url()).await.unwrap();
    let publisher = client.publisher();
    for (numbers, stored) in [(0..200, 200), (200..400, 400)] {
        let pending = soon(publisher.publish_batch(messages(numbers), together())).await;
        if stored == 200 {
            soon(publisher.flush()).await.unwrap();
        } else {
            soon(client.close()).await.unwrap();
        }
        assert_eq!(bench.admin().stream_info(&ride()).await.unwrap().messages, stored);
        for pending in pending {
            soon(pending.unwrap()).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_server_that_is_killed_under_batches_loses_nothing() {
    let mut bench = Bench::start().await;
    if !bench.has(Capability::FastBatch) {
        return;
    }
    bench.stream_with(|config| config.with_allow_fast_batches().with_storage(Storage::File)).await;
    let client = bench.client.clone();
    let publishing = tokio::spawn(async move { at_once(&client, 0..20_000).await });
    eventually("some are stored", || async {
        bench.admin().stream_info(&ride()).await.unwrap().messages > 1_000
    })
    .await;
    bench.server.kill().unwrap();
    bench.server.restart().unwrap();
    let outcomes = soon(publishing).await.unwrap();
    assert!(outcomes.iter().all(Result::is_ok), "{:?}", outcomes.iter().find(|outcome| outcome.is_err()));
    assert_eq!(bench.admin().stream_info(&ride()).await.unwrap().messages, 20_000);
}
