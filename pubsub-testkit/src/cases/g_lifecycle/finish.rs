//! What a close still finishes, and what it gives back.

use std::sync::Arc;
use std::time::Duration;

use futures::future::try_join_all;
use pubsub_core::{Broker, PendingReceipt, PublishOptions};
use tokio::time::Instant;

use crate::check::{CaseResult, check, check_eq};
use crate::harness::Clock;
use crate::trial::{SettleSurely as _, TestConsumer, Trial};

/// Longer than a case: what comes again did not wait for it.
const LONG: Duration = Duration::from_secs(90);

/// Whether a close gives back at once what a subscription held ready. A backend with the minimum alone has the core's
/// subscription, which learns of a close when it next asks for messages: then an ack wait brings them back.
fn gives_back_at_the_close(trial: &Trial) -> bool {
    trial.capabilities().iter().next().is_some()
}

fn ack_wait_over_a_close(trial: &Trial) -> Duration {
    if gives_back_at_the_close(trial) { LONG } else { trial.ack_wait() }
}

async fn hand_over(
    trial: &Trial,
    broker: &Arc<dyn Broker>,
    label: &str,
    count: usize,
) -> CaseResult<Vec<PendingReceipt>> {
    let publisher = broker.publisher();
    let mut receipts = Vec::with_capacity(count);
    for number in 0..count {
        let message = trial.message(label, number.to_string())?;
        receipts.push(publisher.publish_with(message, PublishOptions::default()).await?);
    }
    Ok(receipts)
}

/// G7: a close stops the intake, lets settlements and publishes under way arrive, and gives back what nobody took: after
/// it every ack that was handed over counts, every publish that was accepted is stored and has its receipt, and the rest
/// comes to others.
pub(crate) async fn in_the_safe_order(trial: &Trial) -> CaseResult {
    const COUNT: usize = 40;
    let stream = trial.stream().await?;
    let config = trial.consumer_config("worker")?.with_filter(trial.filter("work")?)?;
    let config = config.with_ack_wait(ack_wait_over_a_close(trial));
    let consumer = trial.create_consumer(&stream, config).await?;
    trial.publish_many("work", COUNT).await?;
    let broker = trial.another_connection().await?;
    let worker = trial.open(&broker, &consumer).await?;
    let mut subscription = worker.subscribe(20);
    let receipts = hand_over(trial, &broker, "result", 100).await?;
    let mut acked = Vec::new();
    for delivery in subscription.take(10).await? {
        acked.push(delivery.info().stream_sequence);
        delivery.ack().await?;
    }
    trial.in_time("the close", broker.close()).await??;
    if gives_back_at_the_close(trial) {
        subscription.ends().await?;
    }
    drop(subscription);

    let sequences = trial.in_time("the receipts", try_join_all(receipts)).await??;
    check_eq!(sequences.len(), 100, "the receipts of what was accepted before the close");
    let stored = trial.admin()?.stream_info(&stream).await?.messages;
    check_eq!(stored, COUNT as u64 + 100, "the messages in the stream after the close");
    rest_comes(trial, &consumer, &acked, COUNT).await?;
    // Long before an ack wait is over: an ack that was lost would still be missing.
    consumer.eventually("the acks before the close count", |info| info.ack_pending == 0).await?;
    consumer.drained();
    Ok(())
}

/// Everything but what was acked comes soon, and nothing else.
async fn rest_comes(trial: &Trial, consumer: &TestConsumer<'_>, acked: &[u64], count: usize) -> CaseResult {
    let asked = Instant::now();
    let mut came = Vec::new();
    for delivery in consumer.take(count - acked.len()).await? {
        came.push(delivery.info().stream_sequence);
        delivery.ack_confirmed_if_possible(trial).await?;
    }
    let took = asked.elapsed();
    came.sort_unstable();
    let expected: Vec<_> = (1..=count as u64).filter(|sequence| !acked.contains(sequence)).collect();
    check_eq!(came, expected, "what comes to others after the close");
    let soon = soon(trial);
    check!(
        took < soon || !gives_back_at_the_close(trial),
        "it took {took:?} until others had what nobody had taken; {soon:?} is the most"
    );
    Ok(())
}

/// How soon after a close others have what it gave back. On real time with room for a busy machine.
fn soon(trial: &Trial) -> Duration {
    match trial.clock() {
        Clock::Virtual => Duration::from_secs(1),
        Clock::Real => Duration::from_secs(5),
    }
}

/// G9: publishes that were accepted and not waited for are stored: after a flush, after a close, and also if nobody keeps
/// their receipts.
pub(crate) async fn accepted_publishes_are_stored(trial: &Trial) -> CaseResult {
    const COUNT: usize = 300;
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    let stored = || async {
        let admin = trial.admin()?;
        CaseResult::Ok(admin.stream_info(&stream).await?.messages)
    };

    drop(hand_over(trial, trial.broker(), "a", COUNT).await?);
    trial.in_time("the flush", trial.publisher().flush()).await??;
    check_eq!(stored().await?, COUNT as u64, "the messages after a flush");
    let kept = hand_over(trial, trial.broker(), "a", COUNT).await?;
    trial.in_time("the flush", trial.publisher().flush()).await??;
    for receipt in kept {
        let now = futures::FutureExt::now_or_never(receipt);
        check!(now.is_some_and(|outcome| outcome.is_ok()), "a receipt is outstanding after the flush");
    }

    let broker = trial.another_connection().await?;
    drop(hand_over(trial, &broker, "a", COUNT).await?);
    trial.in_time("the close", broker.close()).await??;
    check_eq!(stored().await?, 3 * COUNT as u64, "the messages after a close");
    consumer.take_and_ack(3 * COUNT).await?;
    consumer.stays_silent("a").await?;
    consumer.drained();
    Ok(())
}

/// G13: a reader that takes nothing any more does not hold up the close of its connection, nor those who publish or
/// consume beside it; what was held ready for it comes to others.
pub(crate) async fn blocked_reader(trial: &Trial) -> CaseResult {
    const COUNT: usize = 60;
    let stream = trial.stream().await?;
    let config = trial.consumer_config("worker")?.with_ack_wait(ack_wait_over_a_close(trial));
    let consumer = trial.create_consumer(&stream, config).await?;
    let beside = trial.consumer(&stream, "beside").await?;
    let broker = trial.another_connection().await?;
    let blocked = trial.open(&broker, &consumer).await?;
    let sibling = trial.open(&broker, &beside).await?;
    trial.publish_many("a", COUNT).await?;
    let mut subscription = blocked.subscribe(10);
    let taken = subscription.next().await?;
    let sequence = taken.info().stream_sequence;

    trial.publish_many("a", COUNT).await?;
    sibling.take_and_ack(2 * COUNT).await?;
    sibling.eventually("the sibling has settled everything", |info| info.ack_pending == 0).await?;
    taken.ack_confirmed_if_possible(trial).await?;
    let began = Instant::now();
    trial.in_time("the close beside a blocked reader", broker.close()).await??;
    let took = began.elapsed();
    check!(took < soon(trial), "the close beside a blocked reader took {took:?}");
    rest_comes(trial, &consumer, &[sequence], 2 * COUNT).await?;
    consumer.drained();
    beside.drained();
    Ok(())
}

/// G14: messages that were prefetched and never handled are available elsewhere at once when their connection is closed or
/// their subscription dropped, not only after their ack wait.
pub(crate) async fn prefetched_are_given_back(trial: &Trial) -> CaseResult {
    const COUNT: usize = 100;
    let stream = trial.stream().await?;
    let ends: &[bool] = if gives_back_at_the_close(trial) { &[true, false] } else { &[false] };
    for close in ends.iter().copied() {
        let label = if close { "closed" } else { "dropped" };
        let config = trial.consumer_config(label)?.with_filter(trial.filter(label)?)?.with_ack_wait(LONG);
        let consumer = trial.create_consumer(&stream, config).await?;
        let sequences = trial.publish_many(label, COUNT).await?;
        let first = sequences.first().and_then(|receipt| receipt.sequence).unwrap_or(0);
        let broker = trial.another_connection().await?;
        let worker = trial.open(&broker, &consumer).await?;
        let mut subscription = worker.subscribe(COUNT);
        let handled = subscription.next().await?;
        check_eq!(handled.info().stream_sequence, first, "the first that was handled");
        handled.ack_confirmed_if_possible(trial).await?;
        worker.eventually("the rest is prefetched", |info| info.pending == 0).await?;
        let ended = Instant::now();
        if close {
            broker.close().await?;
        } else {
            drop(subscription);
        }
        consumer.take_and_ack(COUNT - 1).await?;
        let took = ended.elapsed();
        check!(took < soon(trial), "what was prefetched was available after {took:?}");
        consumer.eventually("everything is settled", |info| info.ack_pending == 0).await?;
        consumer.drained();
        broker.close().await?;
    }
    Ok(())
}
