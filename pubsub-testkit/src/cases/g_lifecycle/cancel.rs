//! What becomes of a call that is dropped before it ends.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::{FutureExt as _, StreamExt as _};
use pubsub_core::{Capability, Delivery, FetchOptions, OutboundMessage, PublisherExt as _, SubscribeOptions};
use tokio::time::{Instant, timeout};

use crate::check::{CaseResult, Failure, check, check_eq};
use crate::trial::{SettleSurely as _, TestConsumer, Trial};

/// G4: a fetch that waits and a publish under way can be dropped: at once, without losing a message that others publish,
/// without storing one twice, and without harm to what comes after.
pub(crate) async fn fetch_and_publish(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "worker").await?;
    a_waiting_fetch(trial, &consumer).await?;
    fetches_while_messages_come(trial, &consumer).await?;
    publishes(trial, &consumer).await?;
    consumer.drained();
    Ok(())
}

async fn a_waiting_fetch(trial: &Trial, consumer: &TestConsumer<'_>) -> CaseResult {
    let waits = trial.ack_wait() / 10;
    let asked = Instant::now();
    let outcome = timeout(waits, consumer.fetch(10, trial.patience() * 4)).await;
    check!(outcome.is_err(), "a fetch ended where nothing was published");
    let took = asked.elapsed();
    check!(took < waits + trial.slack(), "a fetch that was dropped after {waits:?} went on until {took:?}");
    trial.publish_many("a", 5).await?;
    all_come(trial, consumer, 1..=5).await
}

/// A fetch is polled once and dropped, again and again, while messages are there to be lost.
async fn fetches_while_messages_come(trial: &Trial, consumer: &TestConsumer<'_>) -> CaseResult {
    let mut waiting = BTreeSet::new();
    for _ in 0..20 {
        for receipt in trial.publish_many("a", 2).await? {
            waiting.extend(receipt.sequence);
        }
        let options = FetchOptions::up_to(3).with_expires(trial.patience());
        if let Some(came) = consumer.handle().fetch(options).now_or_never() {
            for delivery in came? {
                waiting.remove(&delivery.info().stream_sequence);
                delivery.ack().await?;
            }
        }
    }
    all_come(trial, consumer, waiting).await
}

/// Takes until these sequences have come; a message that was on its way to a dropped call may come a second time.
async fn all_come(
    trial: &Trial,
    consumer: &TestConsumer<'_>,
    sequences: impl IntoIterator<Item = u64>,
) -> CaseResult {
    let mut missing: BTreeSet<u64> = sequences.into_iter().collect();
    while !missing.is_empty() {
        let came = consumer.fetch(100, trial.patience()).await?;
        check!(!came.is_empty(), "the sequences {missing:?} never came");
        for delivery in came {
            missing.remove(&delivery.info().stream_sequence);
            delivery.ack_confirmed_if_possible(trial).await?;
        }
    }
    Ok(())
}

/// Each publish is polled once and dropped: it is stored or not, and if it has an id, saying it again makes it stored
/// exactly once.
async fn publishes(trial: &Trial, consumer: &TestConsumer<'_>) -> CaseResult {
    const COUNT: usize = 20;
    for number in 0..COUNT {
        // What is returned at once has still to be confirmed, and that is dropped too.
        drop(trial.publisher().publish_with(cancelled(trial, number)?, Default::default()).now_or_never());
    }
    if trial.has(Capability::MessageId) {
        for number in 0..COUNT {
            trial
                .in_time(
                    "a publish after dropped ones",
                    trial.publisher().publish_message(cancelled(trial, number)?),
                )
                .await??;
        }
    }
    let last = trial.in_time("a publish after dropped ones", trial.publish("a", "after all")).await??;

    let mut came: BTreeMap<Vec<u8>, BTreeSet<u64>> = BTreeMap::new();
    loop {
        let delivery = consumer.next().await?;
        let sequence = delivery.info().stream_sequence;
        came.entry(delivery.payload().to_vec()).or_default().insert(sequence);
        delivery.ack_confirmed_if_possible(trial).await?;
        if Some(sequence) == last.sequence {
            break;
        }
    }
    for (payload, sequences) in &came {
        let payload = String::from_utf8_lossy(payload);
        check_eq!(sequences.len(), 1, "how often `{payload}` was stored");
    }
    if trial.has(Capability::MessageId) {
        check_eq!(
            came.len(),
            COUNT + 1,
            "the messages that were published, and published again with their id"
        );
    }
    Ok(())
}

fn cancelled(trial: &Trial, number: usize) -> CaseResult<OutboundMessage> {
    let message = trial.message("a", format!("cancelled {number}"))?;
    if trial.has(Capability::MessageId) {
        return Ok(message.with_id(format!("cancelled-{number}"))?);
    }
    Ok(message)
}

/// G5: dropping a subscription ends it: what was prefetched and not taken comes to the next subscriber, what was acked
/// does not, and what was taken can still be settled.
pub(crate) async fn subscription(trial: &Trial) -> CaseResult {
    const COUNT: usize = 40;
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "worker").await?;
    trial.publish_many("a", COUNT).await?;

    let mut first = Arc::clone(consumer.handle()).subscribe(SubscribeOptions::default().with_buffer(20));
    let mut settled = BTreeSet::new();
    for _ in 0..5 {
        let delivery = next_of(trial, &mut first).await?;
        settled.insert(delivery.info().stream_sequence);
        delivery.ack_confirmed_if_possible(trial).await?;
    }
    let taken = next_of(trial, &mut first).await?;
    drop(first);
    settled.insert(taken.info().stream_sequence);
    taken.ack_confirmed_if_possible(trial).await?;
    check_eq!(settled, (1..=6).collect(), "what the first subscriber took");

    let mut second = Arc::clone(consumer.handle()).subscribe(SubscribeOptions::default().with_buffer(20));
    while settled.len() < COUNT {
        let delivery = next_of(trial, &mut second).await?;
        settled.insert(delivery.info().stream_sequence);
        delivery.ack_confirmed_if_possible(trial).await?;
    }
    drop(second);
    consumer.eventually("everything is settled", |info| info.ack_pending == 0 && info.pending == 0).await?;
    consumer.drained();
    Ok(())
}

async fn next_of(
    trial: &Trial,
    deliveries: &mut (impl futures::Stream<Item = pubsub_core::Result<Delivery>> + Send + Unpin),
) -> CaseResult<Delivery> {
    let next = trial.in_time("the next delivery of a subscription", deliveries.next()).await?;
    Ok(next.ok_or_else(|| Failure::new("the subscription has ended"))??)
}
