//! Consumers that are set back or forward. Figures as measured on nats-server 2.15.1.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{SECOND, Setup, ack_all, attempts, durable, sequences, stream, take, wait};
use pubsub_core::{ConsumerInfo, ConsumerName, DeliverPolicy, ErrorKind, Result, Retention, SequencePair};
use tokio::time::Instant;

async fn reset(setup: &Setup, sequence: Option<u64>) -> Result<ConsumerInfo> {
    setup.admin().reset_consumer(&setup.stream, &ConsumerName::new("c").unwrap(), sequence).await
}

#[tokio::test(start_paused = true)]
async fn to_the_ack_floor_everything_unsettled_above_it_comes_anew() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    setup.fill(10).await;
    let mut held: Vec<_> = take(&consumer, 6).await.into_iter().map(Some).collect();
    for index in [0, 1, 3] {
        held[index].take().unwrap().ack().await.unwrap();
    }
    let info = reset(&setup, None).await.unwrap();
    assert_eq!((info.delivered, info.ack_floor), (SequencePair::new(0, 2), SequencePair::new(0, 2)));
    assert_eq!((info.ack_pending, info.redelivered, info.pending), (0, 0, 8));
    let batch = take(&consumer, 3).await;
    assert_eq!((sequences(&batch), attempts(&batch)), (vec![3, 4, 5], vec![1, 1, 1]));
    assert_eq!(batch[0].info().consumer_sequence, 1);
    // Settlements go by sequence, so that those from before count.
    held[4].take().unwrap().ack_confirmed().await.unwrap();
    assert_eq!(setup.consumer_info("c").await.unwrap().ack_pending, 2);
}

#[tokio::test(start_paused = true)]
async fn to_a_sequence_it_goes_on_there() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    setup.fill(10).await;
    drop(take(&consumer, 6).await);
    let info = reset(&setup, Some(8)).await.unwrap();
    assert_eq!((info.delivered.stream, info.pending), (7, 3));
    assert_eq!(sequences(&take(&consumer, 10).await), [8, 9, 10]);
    reset(&setup, Some(1)).await.unwrap();
    assert_eq!(sequences(&take(&consumer, 3).await), [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn beyond_the_end_it_waits_for_that_sequence() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    setup.fill(2).await;
    let info = reset(&setup, Some(4)).await.unwrap();
    assert_eq!((info.delivered.stream, info.pending), (3, 0));
    setup.fill(2).await;
    assert_eq!(sequences(&take(&consumer, 3).await), [4]);
}

#[tokio::test(start_paused = true)]
async fn a_waiting_fetch_is_served() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    setup.fill(3).await;
    ack_all(take(&consumer, 3).await).await;
    let waiting = Arc::clone(&consumer);
    let waiting = tokio::spawn(async move { sequences(&wait(&waiting, 10).await) });
    tokio::task::yield_now().await;
    let start = Instant::now();
    reset(&setup, Some(2)).await.unwrap();
    assert_eq!((waiting.await.unwrap(), start.elapsed()), (vec![2, 3], Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn a_consumer_that_starts_at_the_end_can_only_go_to_its_floor() {
    for deliver in [DeliverPolicy::New, DeliverPolicy::Last, DeliverPolicy::LastPerSubject] {
        let setup = Setup::new(stream()).await;
        setup.fill(3).await;
        setup.consumer(durable("c").with_deliver(deliver)).await;
        let refused = reset(&setup, Some(1)).await.unwrap_err();
        assert_eq!((refused.kind(), refused.broker_code()), (ErrorKind::InvalidInput, Some(10204)));
        assert!(refused.remedy().is_some());
        reset(&setup, None).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_consumer_does_not_go_below_its_first_sequence() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c").with_deliver(DeliverPolicy::FromSequence(3))).await;
    setup.fill(5).await;
    assert_eq!(reset(&setup, Some(2)).await.unwrap_err().broker_code(), Some(10204));
    reset(&setup, Some(3)).await.unwrap();
    assert_eq!(sequences(&take(&consumer, 10).await), [3, 4, 5]);
}

#[tokio::test(start_paused = true)]
async fn exhausted_messages_are_left_behind() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c").with_max_deliver(1).with_ack_wait(SECOND)).await;
    setup.fill(6).await;
    drop(take(&consumer, 3).await);
    tokio::time::advance(2 * SECOND).await;
    reset(&setup, None).await.unwrap();
    let batch = take(&consumer, 10).await;
    assert_eq!((sequences(&batch), attempts(&batch)), (vec![4, 5, 6], vec![1, 1, 1]));
}

#[tokio::test(start_paused = true)]
async fn under_interest_retention_it_lets_go_of_what_it_passes_over() {
    let setup = Setup::new(stream().with_retention(Retention::Interest)).await;
    let consumer = setup.consumer(durable("c")).await;
    setup.fill(6).await;
    drop(take(&consumer, 4).await);
    reset(&setup, Some(5)).await.unwrap();
    assert_eq!(setup.stored().await, [5, 6]);
    reset(&setup, Some(3)).await.unwrap();
    ack_all(take(&consumer, 10).await).await;
    assert_eq!(setup.info().await.messages, 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_is_not_found() {
    let setup = Setup::new(stream()).await;
    assert_eq!(reset(&setup, None).await.unwrap_err().broker_code(), Some(10014));
}
