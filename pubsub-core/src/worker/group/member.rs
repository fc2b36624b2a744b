//! What one member does: [`Member`].

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::stream::StreamExt as _;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};

use super::ConsumerGroup;
use super::records::{MemberRecord, Record, Records};
use super::view::View;
use crate::admin::Provision;
use crate::message::OutboundMessage;
use crate::publish::PublishOptions;
use crate::read::{ReadOptions, StreamReader};
use crate::worker::run::after;
use crate::worker::{Outcome, WorkerHandle};
use crate::{Error, ErrorKind, Result, Retry};

/// One member of a group: it tells that it lives, reads what the others tell, and sees to it that it runs the
/// partitions that are its own and no others.
pub(super) struct Member {
    group: ConsumerGroup,
    records: Records,
    reader: StreamReader,
    orders: watch::Receiver<bool>,
    view: View,
    /// Who it is, until it is out of reach for too long: then it is somebody else.
    id: String,
    /// When it told that it lives, by the number of the beat, while it has not read it.
    beats: VecDeque<(u64, Instant)>,
    beat: u64,
    next_beat: Instant,
    /// When it told last what it has read since.
    as_of: Option<Instant>,
    owned: BTreeMap<u32, Owned>,
    /// The workers of partitions. Those of an earlier id are in none.
    workers: JoinSet<(u32, Result<Outcome>)>,
    /// What is on its way to the broker; the answer comes through the reader.
    telling: JoinSet<Result<()>>,
    claiming: Asked,
    releasing: Asked,
    /// Partitions whose workers could not begin, and until when they are left alone.
    resting: HashMap<u32, Instant>,
    outcome: Outcome,
    /// What made it stop.
    failed: Option<Error>,
    is_stopping: bool,
}

/// Partitions of which something was told, after which sequence, and until when an answer is waited for.
#[derive(Debug, Default)]
struct Asked(HashMap<u32, (u64, Instant)>);

impl Asked {
    /// Forgets what was answered, and what was not for too long.
    fn settle(&mut self, view: &View, now: Instant) {
        self.0.retain(|partition, (after, until)| now < *until && view.sequence(*partition) == *after);
    }
}

/// A partition that it runs.
struct Owned {
    worker: WorkerHandle,
    /// Whether its worker was told to stop.
    is_leaving: bool,
    /// Whether its worker was told to stop because somebody else got what is its own: it begins anew.
    begins_anew: Arc<AtomicBool>,
}

impl Member {
    /// Makes sure of the members' stream, and begins to read it.
    pub(super) async fn join(group: ConsumerGroup) -> Result<Self> {
        let replicas = group.check().await?;
        let records = Records::new(&group.binding.stream, &group.name)?;
        group.client.ensure_stream(records.stream_config(replicas)?, Provision::CreateIfMissing).await?;
        let reader = group.client.read(records.stream().clone(), ReadOptions::default()).await?;
        let (view, orders) = (View::new(group.partitions.count()), group.handle.orders());
        Ok(Self {
            group,
            records,
            reader,
            orders,
            view,
            id: fresh_id(),
            beats: VecDeque::new(),
            beat: 0,
            next_beat: Instant::now(),
            as_of: None,
            owned: BTreeMap::new(),
            workers: JoinSet::new(),
            telling: JoinSet::new(),
            claiming: Asked::default(),
            releasing: Asked::default(),
            resting: HashMap::new(),
            outcome: Outcome::default(),
            failed: None,
            is_stopping: false,
        })
    }

    /// Takes part until it is told to stop and has given up everything.
    pub(super) async fn run(mut self) -> Result<Outcome> {
        loop {
            self.arrange();
            self.report();
            if self.is_stopping && self.has_left() {
                break;
            }
            let (lost_at, look_at) = (self.lost_at(), Instant::now() + self.group.lease / 8);
            tokio::select! {
                biased;
                () = sleep_until(lost_at.unwrap_or(look_at)), if lost_at.is_some() => self.lose(),
                Some(ended) = self.workers.join_next(), if !self.workers.is_empty() => self.ended(ended),
                Some(told) = self.telling.join_next(), if !self.telling.is_empty() => {
                    if let Ok(Err(error)) = told {
                        tracing::debug!(%error, "a member of a group could not tell the others");
                    }
                }
                () = sleep_until(self.next_beat) => self.tell_of_life(),
                read = self.reader.next() => match read {
                    Some(Ok(message)) => {
                        if let Some(record) = self.records.read(&message) {
                            self.learn(record, message.sequence);
                        }
                    }
                    Some(Err(error)) => self.fail_at_once(error),
                    None => self.fail_at_once(Error::closed("the client")),
                },
                _ = self.orders.changed() => {}
                () = sleep_until(look_at) => {}
            }
            if *self.orders.borrow() && !self.is_stopping {
                self.stop();
            }
        }
        self.report();
        match self.failed.take() {
            Some(error) => Err(error),
            None => Ok(std::mem::take(&mut self.outcome)),
        }
    }

    /// When it has to give up what it has, unless it reads before that it lives.
    fn lost_at(&self) -> Option<Instant> {
        self.as_of.map(|as_of| after(as_of, self.group.lease * 3 / 4))
    }

    fn tell_of_life(&mut self) {
        let (now, lease) = (Instant::now(), self.group.lease);
        self.next_beat = after(now, lease / 4);
        self.beat += 1;
        self.beats.push_back((self.beat, now));
        // Those that it did not read in time are of no use.
        while self.beats.len() > 8 {
            self.beats.pop_front();
        }
        let member = MemberRecord::new(lease, self.is_stopping, self.beat);
        let record = self.records.member(&self.id, member);
        self.tell(record);
    }

    fn tell(&mut self, record: Result<OutboundMessage>) {
        let publisher = self.group.client.publisher();
        let options = PublishOptions::default().with_timeout(self.group.lease / 2);
        self.telling.spawn(async move { publisher.publish_with(record?, options).await?.await.map(drop) });
    }

    fn learn(&mut self, record: Record, sequence: u64) {
        if let Record::Member { id, member } = &record
            && *id == self.id
        {
            while let Some((beat, at)) = self.beats.pop_front() {
                if beat == member.beat {
                    self.as_of = Some(at);
                    self.view.forget(at);
                    break;
                }
                if beat > member.beat {
                    self.beats.push_front((beat, at));
                    break;
                }
            }
        }
        self.view.learn(record, sequence, Instant::now());
    }

    /// Sees to it that it runs what is its own, and has its share.
    fn arrange(&mut self) {
        let Some(as_of) = self.as_of else { return };
        let now = Instant::now();
        self.claiming.settle(&self.view, now);
        self.releasing.settle(&self.view, now);
        self.resting.retain(|_, until| now < *until);
        let share = if self.is_stopping { 0 } else { self.view.share(&self.id, as_of) };
        let mut running = self.owned.values().filter(|owned| !owned.is_leaving).count();
        for (partition, sequence) in self.view.of(&self.id) {
            if self.owned.contains_key(&partition) {
                continue;
            }
            if running >= share {
                self.release(partition, sequence, now);
                continue;
            }
            running += 1;
            if !self.resting.contains_key(&partition) {
                self.begin(partition);
            }
        }
        let surplus = running.saturating_sub(share);
        for owned in self.owned.values_mut().rev().filter(|owned| !owned.is_leaving).take(surplus) {
            owned.is_leaving = true;
            owned.worker.stop();
        }
        let missing = share.saturating_sub(running + self.claiming.0.len());
        let mut free = self.view.free(&self.id, as_of);
        free.retain(|(partition, _)| !self.claiming.0.contains_key(partition));
        for (partition, sequence) in free.into_iter().take(missing) {
            self.claiming.0.insert(partition, (sequence, after(now, self.group.lease / 2)));
            let record = self.records.partition(partition, Some(&self.id), sequence);
            self.tell(record);
        }
    }

    fn release(&mut self, partition: u32, sequence: u64, now: Instant) {
        if self.releasing.0.contains_key(&partition) {
            return;
        }
        self.releasing.0.insert(partition, (sequence, after(now, self.group.lease / 2)));
        let record = self.records.partition(partition, None, sequence);
        self.tell(record);
    }

    fn begin(&mut self, partition: u32) {
        let (worker, fence) = match self.group.worker(partition) {
            Ok(worker) => worker,
            Err(error) => return self.fail(error),
        };
        let (handle, begins_anew) = (worker.handle(), Arc::<AtomicBool>::default());
        let (watched, marked) = (handle.clone(), Arc::clone(&begins_anew));
        self.workers.spawn(async move {
            let mut running = pin!(worker.run());
            let outcome = tokio::select! {
                biased;
                outcome = &mut running => outcome,
                () = fence.broken(&watched) => {
                    // What the other one got comes again after its ack wait. A worker that begins handles that first, and only
                    // then what is behind it.
                    tracing::warn!(partition, "somebody else was served a partition of this member; it begins anew");
                    marked.store(true, Ordering::Relaxed);
                    watched.stop();
                    running.await
                }
            };
            // Nothing of this worker may be open when somebody else begins.
            fence.leave().await;
            (partition, outcome)
        });
        self.owned.insert(partition, Owned { worker: handle, is_leaving: false, begins_anew });
        tracing::info!(partition, "a partition is handled here");
    }

    /// A partition's worker has settled what it could. It is given up, or begun anew, when it is arranged next.
    fn ended(&mut self, ended: std::result::Result<(u32, Result<Outcome>), JoinError>) {
        let (partition, ended) = match ended {
            Ok(ended) => ended,
            Err(error) => {
                let message = "the worker of a partition panicked";
                return self.fail_at_once(Error::new(ErrorKind::Unexpected, message).with_source(error));
            }
        };
        let was_told = self
            .owned
            .remove(&partition)
            .is_some_and(|owned| owned.is_leaving || owned.begins_anew.load(Ordering::Relaxed));
        tracing::info!(partition, "a partition is handled here no more");
        match ended {
            Ok(outcome) if outcome.errors.is_empty() => {
                self.outcome.add(outcome);
                // A handler has stopped its worker.
                if !was_told {
                    self.stop();
                }
            }
            Ok(mut outcome) => {
                let error = outcome.errors.swap_remove(0);
                outcome.errors.clear();
                self.outcome.add(outcome);
                self.fail(error);
            }
            Err(error) if error.retry() == Retry::Never => self.fail(error),
            Err(error) => {
                tracing::warn!(partition, %error, "a partition cannot be handled now");
                self.resting.insert(partition, after(Instant::now(), self.group.lease / 4));
            }
        }
    }

    /// Stops, with an error.
    fn fail(&mut self, error: Error) {
        tracing::error!(%error, "a member of a group cannot go on");
        self.failed.get_or_insert(error);
        self.stop();
    }

    /// The same, without a way to tell the others.
    fn fail_at_once(&mut self, error: Error) {
        self.fail(error);
        self.cut_off();
    }

    fn stop(&mut self) {
        if self.is_stopping {
            return;
        }
        self.is_stopping = true;
        self.group.handle.stop();
        for owned in self.owned.values_mut().filter(|owned| !owned.is_leaving) {
            owned.is_leaving = true;
            owned.worker.stop();
        }
        if self.as_of.is_some() {
            self.tell_of_life();
        }
    }

    /// It could not read for so long that it lives that others may think it does not: handlers are ended where they
    /// are, before another member begins anew with their messages.
    fn lose(&mut self) {
        tracing::error!("a member of a group is out of reach of the others; its handlers are ended");
        self.group.handle.report(|status| status.lost += 1);
        self.cut_off();
        self.next_beat = Instant::now();
    }

    fn cut_off(&mut self) {
        self.workers = JoinSet::new();
        self.owned.clear();
        self.telling = JoinSet::new();
        self.claiming = Asked::default();
        self.releasing = Asked::default();
        self.resting.clear();
        self.beats.clear();
        self.as_of = None;
        self.id = fresh_id();
    }

    /// Whether nothing is its own any more.
    fn has_left(&self) -> bool {
        let is_nobody = self.as_of.is_none();
        self.owned.is_empty()
            && (is_nobody || (self.claiming.0.is_empty() && self.view.of(&self.id).is_empty()))
    }

    fn report(&self) {
        let members = self.as_of.map_or(0, |as_of| self.view.members(&self.id, as_of));
        let partitions = self.owned.keys().copied().collect();
        self.group.handle.report(|status| {
            status.is_member = self.as_of.is_some();
            status.members = members;
            status.partitions = partitions;
        });
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.group
            .handle
            .report(|status| *status = super::GroupStatus { lost: status.lost, ..Default::default() });
    }
}

/// 64 random bits: no two members are the same, nor is one after it was lost.
fn fresh_id() -> String {
    format!("{:016x}", RandomState::new().hash_one(std::process::id()))
}
