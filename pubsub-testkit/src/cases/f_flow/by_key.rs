//! Order by key, by the history of what handlers did.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use pubsub_core::worker::{
    Attempt, Binding, ConsumerGroup, Failure, GroupHandle, Handler, KeyBy, Outcome, Partitions, Path,
    RetryPolicy, Router,
};
use pubsub_core::{Broker, Capability, Client, Limit, StreamName};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::check::{CaseResult, Failure as CaseFailure, check, check_eq};
use crate::harness::Clock;
use crate::trial::{Notes, Trial};

const KEYS: u32 = 3;
const EACH: u32 = 8;
const ALL: usize = (KEYS * EACH) as usize;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Begun,
    Done,
    /// Done, failed or cut off.
    Over,
}

/// What handlers did with which number of which key, in order.
#[derive(Clone)]
struct Acts(Notes<(Event, u32, u32)>);

/// Over also if it is cut off.
struct Handling {
    acts: Acts,
    key: u32,
    number: u32,
}

impl Drop for Handling {
    fn drop(&mut self) {
        self.acts.0.add((Event::Over, self.key, self.number));
    }
}

impl Acts {
    fn new() -> Self {
        Self(Notes::new())
    }

    fn begin(&self, key: u32, number: u32) -> Handling {
        self.0.add((Event::Begun, key, number));
        Handling { acts: self.clone(), key, number }
    }

    fn done(&self) -> BTreeSet<(u32, u32)> {
        let all = self.0.all().into_iter();
        all.filter(|(event, ..)| *event == Event::Done).map(|(_, key, number)| (key, number)).collect()
    }

    /// No two of one key at the same time, and none before all earlier ones of its key are done.
    fn in_order(&self) -> CaseResult {
        let (acts, mut busy, mut next) = (self.0.all(), BTreeSet::new(), BTreeMap::<u32, u32>::new());
        for (place, (event, key, number)) in acts.iter().copied().enumerate() {
            let before = acts.get(place.saturating_sub(20)..=place).unwrap_or_default();
            match event {
                Event::Begun => {
                    check!(busy.insert(key), "two of key {key} were handled at once: {before:?}");
                    let next = next.get(&key).copied().unwrap_or(0);
                    check!(number <= next, "{number} of key {key} began before {next} was done: {before:?}");
                }
                Event::Done => {
                    let next = next.entry(key).or_default();
                    *next = (*next).max(number + 1);
                }
                Event::Over => {
                    busy.remove(&key);
                }
            }
        }
        Ok(())
    }

    /// Fails the first attempt at every third message at once, and at another third with a delay; of the first key also until
    /// the others have got on without it.
    fn handler(&self, short: Duration) -> impl Handler<(Path<(u32, u32)>, Attempt), ()> {
        let acts = self.clone();
        move |Path((key, number)): Path<(u32, u32)>, Attempt(attempt): Attempt| {
            let (acts, handling) = (acts.clone(), acts.begin(key, number));
            async move {
                sleep(short / 4).await;
                let is_ahead = |other| acts.done().contains(&(other, 2));
                if (key, number) == (0, 0) && !(1..KEYS).all(is_ahead) {
                    return Err(Failure::retry_after(short, "the others are not ahead yet"));
                }
                match number % 3 {
                    1 if attempt == 1 => return Err(Failure::retry("not yet")),
                    2 if attempt == 1 => return Err(Failure::retry_after(short, "later")),
                    _ => {}
                }
                acts.0.add((Event::Done, key, number));
                drop(handling);
                Ok(())
            }
        }
    }
}

fn policy(short: Duration) -> RetryPolicy {
    let policy = RetryPolicy::default().with_attempts(Limit::Unlimited).without_jitter();
    policy.with_first_delay(short).with_max_delay(short)
}

/// F2: messages of one key are handled one after the other, in their order, over failures, delays and the death of the worker
/// in the middle; a key that waits does not keep the others waiting. Over two members of a group too, of which one dies.
pub(crate) async fn order_holds(trial: &Trial) -> CaseResult {
    over_a_death(trial).await?;
    let needs = [
        Capability::PriorityGroups,
        Capability::SubjectTransform,
        Capability::Expectations,
        Capability::MessageTtl,
        Capability::ConfirmedSettlement,
    ];
    let has_groups = needs.into_iter().all(|capability| trial.has(capability));
    if has_groups { over_members(trial).await } else { Ok(()) }
}

async fn publish(trial: &Trial, label: &str, numbers: std::ops::Range<u32>) -> CaseResult {
    for number in numbers {
        for key in 0..KEYS {
            trial.publish(&format!("{label}.{key}.{number}"), "x").await?;
        }
    }
    Ok(())
}

async fn over_a_death(trial: &Trial) -> CaseResult {
    let (work, acts) = (trial.work().await?, Acts::new());
    let short = trial.ack_wait() / 20;
    let config = trial.consumer_config("by-key")?.with_filter(trial.filter("work.*.*")?)?;
    let consumer = trial.create_consumer(&work.stream, config.clone()).await?;
    let pattern = format!("{}.{{key}}.{{number}}", trial.subject("work")?);
    let binding = || -> CaseResult<_> {
        let router = Router::new().route(&pattern, acts.handler(short))?;
        let binding = work.binding_of(config.clone(), router)?.with_retry(policy(short));
        Ok(binding.with_concurrency(KEYS as usize + 1).with_key(KeyBy::token(2)))
    };
    publish(trial, "work", 0..EACH).await?;
    let first = work.start(binding()?);
    let some = || async { Ok(acts.done().len() >= ALL / 3) };
    trial.eventually("a third is done", some).await?;
    first.dies().await;
    let second = work.start(binding()?);
    consumer.eventually("all is settled", |info| info.pending == 0 && info.ack_pending == 0).await?;
    let outcome = second.stop().await?;
    check_eq!(outcome.dead_lettered, 0, "what was given up");
    check_eq!(acts.done().len(), ALL, "what was done");
    consumer.drained();
    acts.in_order()
}

/// A member of a group, beside the case. Dropped, it ends as a process that dies.
struct Member {
    handle: GroupHandle,
    task: JoinHandle<pubsub_core::Result<Outcome>>,
}

impl Drop for Member {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Member {
    fn owns(&self) -> usize {
        self.handle.status().partitions.len()
    }

    async fn stop(mut self, trial: &Trial) -> CaseResult<Outcome> {
        self.handle.stop();
        let ended = trial.in_time("the end of a member", &mut self.task).await?;
        Ok(ended.map_err(|error| CaseFailure::new(format!("a member panicked: {error}")))??)
    }
}

/// Two members share the keys, and one of them dies.
async fn over_members(trial: &Trial) -> CaseResult {
    const PARTITIONS: u32 = 4;
    let (acts, short) = (Acts::new(), trial.ack_wait() / 20);
    let partitions = Partitions::new(trial.filter("keys.*.*")?, [1], PARTITIONS)?;
    let stream = trial.create_stream(partitions.on(trial.stream_config("keys", &["keys.*.*"])?)?).await?;
    let member = |broker: Arc<dyn Broker>| member(trial, &stream, &partitions, broker, &acts, short);
    let (first, second) =
        (member(trial.another_connection().await?)?, member(trial.another_connection().await?)?);
    let shared = || async { Ok([first.owns(), second.owns()] == [PARTITIONS as usize / 2; 2]) };
    trial.eventually("two members share the partitions", shared).await?;
    publish(trial, "keys", 0..EACH / 2).await?;
    let begun = || async { Ok(!acts.done().is_empty()) };
    trial.eventually("the members have begun", begun).await?;
    publish(trial, "keys", EACH / 2..EACH).await?;
    drop(first);
    let all = || async { Ok(acts.done().len() == ALL) };
    trial.eventually("all is done", all).await?;
    let _ = second.stop(trial).await?;
    acts.in_order()
}

fn member(
    trial: &Trial,
    stream: &StreamName,
    partitions: &Partitions,
    broker: Arc<dyn Broker>,
    acts: &Acts,
    short: Duration,
) -> CaseResult<Member> {
    let pattern = format!("{}.{{key}}.{{number}}", trial.subject("keys")?);
    let router = Router::new().route(&pattern, acts.handler(short))?;
    let binding = Binding::new(stream.clone(), trial.consumer_config("group")?, router)?
        .with_retry(policy(short))
        .discard_dead_letters();
    let lease = match trial.clock() {
        Clock::Virtual => ConsumerGroup::DEFAULT_LEASE,
        // Long enough that a busy machine does not look like a dead one.
        Clock::Real => Duration::from_secs(3),
    };
    let group = ConsumerGroup::new(Client::new(broker), partitions.clone(), binding)?.with_lease(lease);
    Ok(Member { handle: group.handle(), task: tokio::spawn(group.run()) })
}
