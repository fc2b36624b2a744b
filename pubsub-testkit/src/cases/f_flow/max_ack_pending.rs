//! How many deliveries may be unsettled.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::try_join_all;
use pubsub_core::{Capability, Delivery};

use crate::check::{CaseResult, check, check_eq};
use crate::trial::{SettleSurely as _, TestConsumer, Trial};

const MOST: u32 = 3;

/// F5: no more than `max_ack_pending` messages are unsettled at a time, over all members; a settled one makes room for the
/// next, a nakked one does not.
pub(crate) async fn bounds_what_is_unsettled(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let config = trial
        .consumer_config("worker")?
        .with_max_ack_pending(MOST)
        // What comes again by itself would come in spite of the bound.
        .with_ack_wait(trial.patience() * 4);
    let worker = trial.create_consumer(&stream, config).await?;
    trial.publish_many("a", 10).await?;

    let mut held = worker.fetch(10, trial.patience()).await?;
    check_eq!(sequences(&held), [1, 2, 3], "what a consumer with {MOST} unsettled at most gets");
    let more = worker.fetch(10, trial.ack_wait()).await?;
    check!(more.is_empty(), "{:?} came with {MOST} unsettled", sequences(&more));
    let info = worker.info().await?;
    check_eq!((info.ack_pending, info.pending), (u64::from(MOST), 7), "ack pending and pending at the bound");

    held.swap_remove(0).ack_confirmed_if_possible(trial).await?;
    let next = worker.fetch(10, trial.patience()).await?;
    check_eq!(sequences(&next), [4], "what comes when one is acked");
    held.extend(next);

    held.swap_remove(0).nak().await?;
    let again = worker.fetch(10, trial.patience()).await?;
    let came: Vec<_> = again.iter().map(|delivery| delivery.info().attempt).collect();
    check_eq!(came, [2], "the attempts of what comes when one is nakked");
    held.extend(again);

    for (place, delivery) in held.into_iter().enumerate() {
        if place == 0 && trial.has(Capability::Term) {
            delivery.term("it makes room too").await?;
        } else {
            delivery.ack_confirmed_if_possible(trial).await?;
        }
    }
    worker.take_and_ack(6).await?;
    worker.drained();
    over_all_members(trial, &worker).await
}

/// The judge sees whether the bound held.
async fn over_all_members(trial: &Trial, worker: &TestConsumer<'_>) -> CaseResult {
    const COUNT: usize = 60;
    trial.publish_many("a", COUNT).await?;
    let mut members = Vec::new();
    for _ in 0..4 {
        let connection = trial.another_connection().await?;
        members.push(trial.open(&connection, worker).await?);
    }
    let left = AtomicUsize::new(COUNT);
    try_join_all(members.iter().map(|member| work(trial, member, &left))).await?;
    worker.eventually("everything is settled", |info| info.ack_pending == 0 && info.pending == 0).await?;
    worker.drained();
    Ok(())
}

async fn work(trial: &Trial, member: &TestConsumer<'_>, left: &AtomicUsize) -> CaseResult {
    while left.load(Ordering::Relaxed) > 0 {
        for delivery in member.fetch(5, trial.ack_wait() / 4).await? {
            left.fetch_sub(1, Ordering::Relaxed);
            // The others run meanwhile.
            tokio::task::yield_now().await;
            delivery.ack_confirmed_if_possible(trial).await?;
        }
    }
    Ok(())
}

fn sequences(deliveries: &[Delivery]) -> Vec<u64> {
    deliveries.iter().map(|delivery| delivery.info().stream_sequence).collect()
}
