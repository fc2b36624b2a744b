//! The publishers: [`publish`], [`flood`].

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::{Id, Party, Record, stopped};

/// How many keys there are, each with one message in flight.
const KEYS: u32 = 8;
/// Between two messages of a key: 400 messages a second together.
const PACE: Duration = Duration::from_millis(20);
/// What a flood is made of, and how many pour.
const FLOOD_BYTES: usize = 64 * 1024;
const FLOODERS: u32 = 64;

/// Publishes until told to stop, and then waits for what is under way.
pub(crate) async fn publish(party: Arc<dyn Party>, record: Arc<Record>, stop: watch::Receiver<bool>) {
    let keys = (0..KEYS).map(|key| {
        let (party, record, mut stop) = (Arc::clone(&party), Arc::clone(&record), stop.clone());
        tokio::spawn(async move {
            let mut pace = interval(PACE);
            pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
            for number in 0.. {
                tokio::select! {
                    biased;
                    () = stopped(&mut stop) => return,
                    _ = pace.tick() => {}
                }
                let id = Id { key, number };
                let called = record.now();
                let outcome = party.publish(id).await;
                record.published(id, called, outcome);
            }
        })
    });
    join_all(keys).await;
}

/// Hands over as much as goes until told to stop.
pub(crate) async fn flood(party: Arc<dyn Party>, stop: watch::Receiver<bool>) {
    let publishers = (0..FLOODERS).map(|_| {
        let (party, mut stop) = (Arc::clone(&party), stop.clone());
        tokio::spawn(async move {
            let flooding = async {
                loop {
                    // Each has memory of its own.
                    party.hand_over(Bytes::from(vec![b'x'; FLOOD_BYTES])).await;
                    tokio::task::yield_now().await;
                }
            };
            tokio::select! {
                () = stopped(&mut stop) => {}
                () = flooding => {}
            }
        })
    });
    join_all(publishers).await;
}
