//! Consumers that choose among those who ask.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use pubsub_core::{
    Capability, Consumer, ConsumerConfig, Delivery, ErrorKind, FetchOptions, PriorityGroup, PullPriority,
    Result,
};
use tokio::task::JoinHandle;

use crate::check::{CaseResult, Failure, check, check_eq, refused_as};
use crate::harness::Clock;
use crate::trial::{SettleSurely as _, TestConsumer, Trial};

/// How long a fetch waits that is to get nothing: the broker says when it is over.
fn in_vain(trial: &Trial) -> Duration {
    match trial.clock() {
        Clock::Virtual => Duration::from_secs(10),
        Clock::Real => Duration::from_millis(300),
    }
}

fn config(trial: &Trial, group: PriorityGroup) -> CaseResult<ConsumerConfig> {
    Ok(trial.consumer_config("members")?.with_priority(group))
}

/// A handle on the same consumer, over a connection of its own.
async fn member<'t>(trial: &'t Trial, consumer: &TestConsumer<'t>) -> CaseResult<TestConsumer<'t>> {
    let connection = trial.another_connection().await?;
    trial.open(&connection, consumer).await
}

/// What a fetch of one message gets, as a sequence.
async fn gets(
    member: &TestConsumer<'_>,
    expires: Duration,
    priority: PullPriority,
) -> CaseResult<Option<u64>> {
    let options = FetchOptions::up_to(1).with_expires(expires).with_priority(priority);
    let Some(delivery) = member.handle().fetch(options).await?.pop() else {
        return Ok(None);
    };
    let sequence = delivery.info().stream_sequence;
    delivery.ack_confirmed_if_possible(member.trial()).await?;
    Ok(Some(sequence))
}

/// A fetch of one message in a task, once the broker says that it waits.
async fn waits(
    trial: &Trial,
    member: &TestConsumer<'_>,
    priority: PullPriority,
    waiting: u64,
) -> CaseResult<JoinHandle<Result<Vec<Delivery>>>> {
    let handle: Arc<dyn Consumer> = Arc::clone(member.handle());
    let options = FetchOptions::up_to(1).with_expires(trial.patience()).with_priority(priority);
    let task = tokio::spawn(async move { handle.fetch(options).await });
    // A backend may look first and wait then, by two requests: only what stays counted does wait.
    const LOOKS: u32 = 5;
    let looks = AtomicU32::new(0);
    let stays = || async {
        let waits = member.info().await?.waiting >= waiting;
        trial.pass(in_vain(trial) / LOOKS).await;
        let looks =
            if waits { looks.fetch_add(1, Ordering::Relaxed) + 1 } else { looks.swap(0, Ordering::Relaxed) };
        Ok(waits && looks >= LOOKS)
    };
    trial.eventually("the fetch waits, and goes on waiting", stays).await?;
    Ok(task)
}

/// What such a fetch got.
async fn came(trial: &Trial, task: JoinHandle<Result<Vec<Delivery>>>) -> CaseResult<u64> {
    let fetched = trial.in_time("a fetch that waits", task).await?;
    let fetched = fetched.map_err(|error| Failure::new(format!("the fetch panicked: {error}")))??;
    let [delivery] = <[Delivery; 1]>::try_from(fetched)
        .map_err(|fetched| Failure::new(format!("{} messages came instead of one", fetched.len())))?;
    let sequence = delivery.info().stream_sequence;
    delivery.ack_confirmed_if_possible(trial).await?;
    Ok(sequence)
}

/// M27: of the members of a pinned group one gets everything, and the others nothing although messages wait; when it is
/// unpinned, or asks for nothing for the group's time, the next one that asks is pinned. The consumer tells that one is.
pub(crate) async fn one_is_pinned(trial: &Trial) -> CaseResult {
    let timeout = match trial.clock() {
        Clock::Virtual => Duration::from_secs(60),
        Clock::Real => Duration::from_secs(3),
    };
    let stream = trial.stream().await?;
    let group = PriorityGroup::pinned("members")?.with_pin_timeout(timeout);
    let first = trial.create_consumer(&stream, config(trial, group.clone())?).await?;
    let second = member(trial, &first).await?;
    check_eq!(first.info().await?.config.priority, Some(group), "the group as the broker has it");
    check_eq!(first.info().await?.pinned_since, None, "since when one is pinned, before the first fetch");
    trial.publish_many("a", 8).await?;
    let any = PullPriority::default();
    for sequence in 1..=2 {
        check_eq!(gets(&first, trial.patience(), any).await?, Some(sequence), "what the first one gets");
    }
    check!(first.info().await?.pinned_since.is_some(), "nobody is pinned after two messages");
    check_eq!(gets(&second, in_vain(trial), any).await?, None, "what the other one gets meanwhile");
    check_eq!(gets(&first, trial.patience(), any).await?, Some(3), "what the first one gets next");

    let admin = trial.admin()?;
    admin.unpin_consumer(&stream, first.name()).await?;
    check_eq!(first.info().await?.pinned_since, None, "since when one is pinned, when it was unpinned");
    check_eq!(gets(&second, trial.patience(), any).await?, Some(4), "what the other one gets then");
    check_eq!(gets(&first, in_vain(trial), any).await?, None, "what the first one gets then");

    // The pinned one goes away without a word.
    check_eq!(gets(&first, timeout * 2, any).await?, Some(5), "what the first one gets in the end");
    check_eq!(gets(&first, trial.patience(), any).await?, Some(6), "what the first one gets after that");

    let mut deliveries = first.subscribe(1);
    for sequence in 7..=8 {
        let delivery = deliveries.next().await?;
        check_eq!(delivery.info().stream_sequence, sequence, "what its subscription gets");
        delivery.ack_confirmed_if_possible(trial).await?;
    }
    first.drained();
    let missing = admin.unpin_consumer(&stream, &trial.consumer_name("missing")?).await;
    refused_as(missing, ErrorKind::NotFound, Some(10014), "to unpin a consumer that is not there")?;
    let wrong = first.handle().fetch(FetchOptions::up_to(1).with_priority(PullPriority::overflow(1))).await;
    refused_as(wrong, ErrorKind::InvalidInput, None, "a fetch of what overflows from a pinned group")?;
    Ok(())
}

/// M28: in an overflow group a member that asks for what is left over gets nothing until so many messages, or unsettled
/// deliveries, are there; others are served as always.
pub(crate) async fn the_rest_overflows(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let group = PriorityGroup::overflow("members")?;
    let near = trial.create_consumer(&stream, config(trial, group)?).await?;
    let far = member(trial, &near).await?;
    trial.publish_many("a", 4).await?;
    let (any, rest) = (PullPriority::default(), PullPriority::overflow(4));
    check_eq!(gets(&far, trial.patience(), rest).await?, Some(1), "what is over with four there");
    check_eq!(gets(&far, in_vain(trial), rest).await?, None, "what is over with three there");
    check_eq!(gets(&near, trial.patience(), any).await?, Some(2), "what the other one gets");

    let task = waits(trial, &far, rest, 1).await?;
    trial.publish_many("a", 2).await?;
    check_eq!(came(trial, task).await?, 3, "what comes to who waits, when four are there again");

    let held = near.take(2).await?;
    let busy = PullPriority::default().with_min_ack_pending(2);
    check_eq!(gets(&far, trial.patience(), busy).await?, Some(6), "what is over with two unsettled");
    for delivery in held {
        delivery.ack_confirmed_if_possible(trial).await?;
    }
    near.eventually("everything is settled", |info| info.ack_pending == 0).await?;
    trial.publish("a", "one more").await?;
    check_eq!(gets(&far, in_vain(trial), busy).await?, None, "what is over with nothing unsettled");
    check_eq!(gets(&near, trial.patience(), any).await?, Some(7), "what the other one gets in the end");
    near.drained();
    Ok(())
}

/// M29: of the members that wait in a prioritized group the one with the lowest rank is served first, whoever came first.
pub(crate) async fn the_lowest_rank_is_first(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let group = PriorityGroup::prioritized("members")?;
    let one = trial.create_consumer(&stream, config(trial, group)?).await?;
    let (two, three) = (member(trial, &one).await?, member(trial, &one).await?);
    let last = waits(trial, &three, PullPriority::ranked(9), 1).await?;
    let middle = waits(trial, &two, PullPriority::ranked(4), 2).await?;
    let first = waits(trial, &one, PullPriority::ranked(0), 3).await?;
    for sequence in 1..=3 {
        trial.publish("a", format!("for {sequence}")).await?;
    }
    let (first, middle) = (came(trial, first).await?, came(trial, middle).await?);
    let came = (first, middle, came(trial, last).await?);
    check_eq!(came, (1, 2, 3), "what came to the ranks 0, 4 and 9");
    one.drained();
    let wrong = FetchOptions::up_to(1).with_priority(PullPriority::ranked(10));
    refused_as(one.handle().fetch(wrong).await, ErrorKind::InvalidInput, None, "a rank of 10")?;
    if trial.has(Capability::Update) {
        let plain = trial.consumer_config("members")?;
        trial.admin()?.update_consumer(&stream, plain).await?;
        let ranked = FetchOptions::up_to(1).with_priority(PullPriority::ranked(1));
        let refused = two.handle().fetch(ranked).await;
        // One that has not looked yet is told by the server.
        check!(refused.is_err() || refused.is_ok_and(|came| came.is_empty()), "a rank without a group");
        trial.publish("a", "for anybody").await?;
        check_eq!(gets(&two, trial.patience(), PullPriority::default()).await?, Some(4), "what comes then");
    }
    Ok(())
}
