//! Members that join and leave.

use std::sync::atomic::{AtomicU64, Ordering};

use futures::future::try_join_all;

use crate::check::{CaseResult, check, check_eq};
use crate::trial::{SettleSurely as _, TestConsumer, Trial};

const COUNT: usize = 200;

/// F3: while members join and leave, every message comes, and is acked by one of them; each member gets its messages in the
/// order of the stream.
pub(crate) async fn members_join_and_leave(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    // What a member that leaves has not settled comes again by its nak, and not by this.
    let config = trial.consumer_config("worker")?.with_ack_wait(trial.patience() * 4);
    let worker = trial.create_consumer(&stream, config).await?;
    trial.publish_many("a", COUNT).await?;

    let done = AtomicU64::new(0);
    for members in [1, 3, 2, 4] {
        let mut connections = Vec::new();
        for _ in 0..members {
            connections.push(trial.another_connection().await?);
        }
        let shift = connections.iter().map(|connection| async {
            let member = trial.open(connection, &worker).await?;
            work(trial, &member, COUNT / 5 / connections.len(), &done).await
        });
        try_join_all(shift).await?;
        for connection in connections {
            connection.close().await?;
        }
    }
    while done.load(Ordering::Relaxed) < COUNT as u64 {
        let came = worker.fetch(50, trial.patience()).await?;
        check!(!came.is_empty(), "{} of {COUNT} came, and then none", done.load(Ordering::Relaxed));
        for delivery in came {
            delivery.ack_confirmed_if_possible(trial).await?;
            done.fetch_add(1, Ordering::Relaxed);
        }
    }
    check_eq!(done.load(Ordering::Relaxed), COUNT as u64, "the messages that were acked, each once");
    worker.eventually("everything is settled", |info| info.ack_pending == 0 && info.pending == 0).await?;
    worker.drained();
    Ok(())
}

/// Acks so many, and leaves with one that it gives back.
async fn work(trial: &Trial, member: &TestConsumer<'_>, share: usize, done: &AtomicU64) -> CaseResult {
    let mut last = 0;
    let mut acked = 0;
    while acked < share {
        for delivery in member.fetch(5.min(share - acked), trial.patience()).await? {
            if delivery.info().attempt == 1 {
                let sequence = delivery.info().stream_sequence;
                check!(sequence > last, "{sequence} came to a member after {last}");
                last = sequence;
            }
            delivery.ack_confirmed_if_possible(trial).await?;
            acked += 1;
            done.fetch_add(1, Ordering::Relaxed);
            // The others run meanwhile.
            tokio::task::yield_now().await;
        }
    }
    for delivery in member.fetch(1, trial.patience()).await? {
        delivery.nak().await?;
    }
    Ok(())
}
