//! Several members, and several servers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::try_join_all;
use futures::try_join;
use tokio::time::Instant;

use super::load::{ack, publish_until_stored};
use super::traffic::Traffic;
use crate::check::{CaseResult, Failure, check};
use crate::harness::StoreFault;
use crate::trial::{TestConsumer, Trial};

/// The most time until each member of a shared consumer has work again.
const SOON: Duration = Duration::from_secs(3);

const MEMBERS: usize = 3;

/// H11: after a crash of the store every member of a shared consumer receives again, soon after the store is back.
pub(crate) async fn members_receive_again(trial: &Trial) -> CaseResult {
    let faults = trial.faults(&[StoreFault::Crash]).await?;
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "shared").await?;
    let counts: [AtomicUsize; MEMBERS] = Default::default();
    let mut members = Vec::new();
    for _ in 0..MEMBERS {
        let broker = faults.connect().await?;
        members.push(trial.open(&broker, &consumer).await?);
    }
    let mut told = 0;
    let driver = async {
        all_have_more(trial, &counts, &[0; MEMBERS], &mut told).await?;
        faults.inject(StoreFault::Crash).await?;
        faults.heal().await?;
        let before = counts.each_ref().map(|count| count.load(Ordering::Acquire));
        let began = Instant::now();
        all_have_more(trial, &counts, &before, &mut told).await?;
        let took = began.elapsed();
        check!(took < SOON + trial.slack(), "it took {took:?} until every member received again");
        CaseResult::Ok(())
    };
    let working = try_join_all(members.iter().zip(&counts).map(|(member, count)| work(trial, member, count)));
    tokio::select! {
        done = driver => done,
        ended = working => ended.and_then(|_| Err(Failure::new("the members have ended"))),
    }
}

/// Handles whatever comes, for as long as it is polled.
async fn work(trial: &Trial, member: &TestConsumer<'_>, count: &AtomicUsize) -> CaseResult<()> {
    let mut subscription = member.subscribe(2);
    loop {
        let delivery = subscription.next_despite_faults().await?;
        ack(trial, delivery).await?;
        count.fetch_add(1, Ordering::Release);
    }
}

/// Publishes until each member has had more than before.
async fn all_have_more(
    trial: &Trial,
    counts: &[AtomicUsize; MEMBERS],
    before: &[usize; MEMBERS],
    told: &mut usize,
) -> CaseResult {
    let began = Instant::now();
    let more = || counts.iter().zip(before).all(|(count, before)| count.load(Ordering::Acquire) > *before);
    trial
        .in_time("the wait for every member", async {
            while !more() {
                for _ in 0..MEMBERS * 2 {
                    *told += 1;
                    let message = trial.message("a", told.to_string())?.with_id(format!("told-{told}"))?;
                    publish_until_stored(trial, trial.publisher().as_ref(), message).await?;
                }
                // Less and less often: who waits in vain shall not fill the store until the time is over.
                trial.pass(Duration::from_millis(5).max(began.elapsed() / 20)).await;
            }
            Ok(())
        })
        .await?
}

/// H4: when the server that leads a stream is lost, another takes its place, and nothing that was confirmed is lost or
/// stored twice; publisher and subscription go on by themselves, and again when the lost one is back.
pub(crate) async fn lost_leader_loses_nothing(trial: &Trial) -> CaseResult {
    const COUNT: usize = 60;
    let faults = trial.cluster_faults(&[StoreFault::LeaderLost]).await?;
    let broker = faults.connect().await?;
    let config = trial.stream_config("stream", &[">"])?.with_replicas(3);
    let admin = broker.admin().ok_or_else(|| Failure::new("the cluster has no StreamAdmin"))?;
    let stream = admin.create_stream(config).await?.config.name;
    let consumer = trial.create_consumer_over(&broker, &stream, trial.consumer_config("worker")?).await?;
    let publisher = broker.publisher();
    let mut subscription = consumer.subscribe(10);
    let traffic = Traffic::new(trial);
    let harm = async {
        traffic.comes_near(COUNT / 2).await?;
        faults.inject(StoreFault::LeaderLost).await?;
        // Another one takes its place meanwhile.
        traffic.goes_on(COUNT / 2);
        traffic.has_handled(COUNT / 2).await?;
        traffic.comes_near(COUNT).await?;
        faults.heal().await?;
        traffic.goes_on(COUNT);
        Ok(())
    };
    try_join!(
        traffic.publish_all(publisher.as_ref(), COUNT),
        traffic.handle_all(&mut subscription, COUNT),
        harm
    )?;
    drop(subscription);
    let stored =
        || async { Ok(admin.stream_info(&stream).await.is_ok_and(|info| info.messages == COUNT as u64)) };
    trial.eventually("the stream has each message once", stored).await?;
    consumer.drained();
    Ok(())
}
