//! Several readers: of one consumer, and of one stream.

use std::sync::atomic::{AtomicI64, Ordering};

use futures::future::try_join_all;

use crate::check::{CaseResult, check, check_eq};
use crate::trial::{SettleSurely as _, TestConsumer, Trial};

const MEMBERS: usize = 4;

/// D3: of the members that share a consumer, over several connections, each message goes to one, and all get work.
pub(crate) async fn one_member_each(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "workers").await?;
    let mut members = Vec::new();
    for _ in 0..MEMBERS {
        let connection = trial.another_connection().await?;
        members.push(trial.open(&connection, &consumer).await?);
    }

    trial.publish_many("a", MEMBERS * 10).await?;
    let mut came = Vec::new();
    for (number, member) in members.iter().enumerate() {
        let share = member.take_and_ack(10).await?;
        check_eq!(share.len(), 10, "what member {number} got while there was enough for all");
        came.extend(share.iter().map(|info| info.stream_sequence));
    }

    let both = MEMBERS * 10 + 300;
    trial.publish_many("a", 300).await?;
    let left = AtomicI64::new(300);
    for share in try_join_all(members.iter().map(|member| work(trial, member, &left))).await? {
        came.extend(share);
    }
    came.sort_unstable();
    let every: Vec<u64> = (1..=both as u64).collect();
    check_eq!(came, every, "the sequences that all members got together");
    consumer.eventually("everything is settled", |info| info.ack_pending == 0 && info.pending == 0).await?;
    consumer.drained();
    Ok(())
}

/// Takes and acks until all members together have had what is left.
async fn work(trial: &Trial, member: &TestConsumer<'_>, left: &AtomicI64) -> CaseResult<Vec<u64>> {
    let mut came = Vec::new();
    while left.load(Ordering::Relaxed) > 0 {
        for delivery in member.fetch(7, trial.ack_wait() / 4).await? {
            left.fetch_sub(1, Ordering::Relaxed);
            came.push(delivery.info().stream_sequence);
            delivery.ack().await?;
        }
    }
    Ok(came)
}

/// D4: two durable consumers of one stream each get every message; what one settles changes nothing for the other.
pub(crate) async fn fan_out(trial: &Trial) -> CaseResult {
    const COUNT: usize = 20;
    let stream = trial.stream().await?;
    let users = trial.consumer(&stream, "users").await?;
    let rides = trial.consumer(&stream, "rides").await?;
    trial.publish_many("a", COUNT).await?;

    for delivery in users.take(COUNT).await? {
        delivery.ack_confirmed_if_possible(trial).await?;
    }
    let untouched = rides.info().await?;
    check_eq!(
        (untouched.pending, untouched.ack_pending),
        (COUNT as u64, 0),
        "pending and ack pending of the consumer that did nothing"
    );

    let mut deliveries = rides.take(COUNT).await?;
    for delivery in deliveries.drain(1..) {
        delivery.ack_confirmed_if_possible(trial).await?;
    }
    for nakked in deliveries {
        nakked.nak().await?;
    }
    let again = rides.next().await?;
    check_eq!((again.info().stream_sequence, again.info().attempt), (1, 2), "what was nakked");
    again.ack_confirmed_if_possible(trial).await?;

    users.stays_silent("a").await?;
    let sentinel = rides.take_and_ack(1).await?;
    check!(
        sentinel.iter().all(|info| info.stream_sequence == COUNT as u64 + 1 && info.attempt == 1),
        "after everything was acked came {sentinel:?}"
    );
    users.drained();
    rides.drained();
    Ok(())
}
