//! A consumer as a snapshot keeps it.

use std::sync::Arc;

use pubsub_core::{ConsumerConfig, Error, Result, SequencePair};
use tokio::time::Instant;

use super::floor::Floor;
use super::inboxes::Inboxes;
use super::lag::Lag;
use super::pause::Pause;
use super::pending::Pending;
use super::priority::Pin;
use super::replay::Replay;
use super::state::{Turns, Waits};
use super::waiters::Waiters;
use super::{ConsumerState, Position, Selector};
use crate::clock::Clock;
use crate::snapshot::{ConsumerRecord, ReplayRecord};
use crate::stream::{Messages, from_json, to_json};

impl ConsumerState {
    pub(crate) fn record(&self, messages: &Messages, clock: &Clock) -> Result<ConsumerRecord> {
        let (floor, shown_floor) = (self.floor.pair(), self.shown_floor.pair());
        let (pending, queue) = self.pending.record(clock);
        let nanos = |at| clock.nanos(at);
        Ok(ConsumerRecord {
            config: to_json(&self.config)?,
            created: Clock::nanos_of(self.created),
            cursor: self.position.cursor(),
            picked: self.position.picked().collect(),
            pending,
            queue,
            exhausted: self.exhausted.iter().copied().collect(),
            delivered: (self.delivered.consumer, self.delivered.stream),
            floor: (floor.consumer, floor.stream),
            shown_floor: (shown_floor.consumer, shown_floor.stream),
            untold: self.untold.iter().copied().collect(),
            paused_until: self.pause.map(|pause| Clock::nanos_of(pause.asked)),
            replay: self.replay.map(|replay| ReplayRecord {
                until: replay.until,
                last: replay.last.map(nanos),
                gap: replay.gap.map(nanos),
                is_due: replay.is_due,
            }),
            knows_dropped: self.dropped == messages.dropped().count(),
        })
    }

    /// A consumer as it was. Its time without use begins anew, as after the restart of a server.
    pub(crate) fn from_record(
        record: ConsumerRecord,
        messages: &Messages,
        clock: &Clock,
        now: Instant,
    ) -> Result<Self> {
        let config: ConsumerConfig = from_json(&record.config)?;
        config.validate()?;
        let name = config.name.clone().ok_or_else(|| Error::config("name", "a consumer has no name"))?;
        let is_in_order = record.pending.is_sorted_by(|one, other| one.sequence < other.sequence);
        if !is_in_order || record.pending.iter().any(|one| one.attempts == 0) {
            return Err(Error::config("pending", "unsettled deliveries are out of order"));
        }
        let pair = |(consumer, stream)| SequencePair::new(consumer, stream);
        let floor = |at| {
            let mut floor = Floor::before(0);
            floor.set(pair(at));
            floor
        };
        let at = |nanos| clock.at(nanos);
        Ok(Self {
            name,
            selector: Selector::of(&config),
            config,
            waiters: Waiters::default(),
            inboxes: Inboxes::default(),

            pending: Pending::from_record(&record.pending, record.queue, clock),
            exhausted: record.exhausted.into_iter().collect(),
            tracks_exhausted: true,
            overflows_by_both: false,
            has_picked: !record.picked.is_empty(),
            position: Position::new(record.cursor, record.picked.into()),
            delivered: pair(record.delivered),
            floor: floor(record.floor),
            shown_floor: floor(record.shown_floor),
            untold: record.untold.into_iter().collect(),
            turns: Turns::default(),
            noted: Waits::default(),
            pause: record.paused_until.map(|until| Pause { until: at(until), asked: Clock::time_of(until) }),
            // Nobody is connected who could hold it.
            pin: Pin::default(),
            replay: record.replay.map(|replay| Replay {
                until: replay.until,
                last: replay.last.map(at),
                gap: replay.gap.map(at),
                is_due: replay.is_due,
            }),
            settled: Vec::new(),
            created: Clock::time_of(record.created),
            last_used: now,
            // The stream no longer knows one by one what it had dropped before.
            dropped: messages.dropped().count() - u64::from(!record.knows_dropped),
            lag: Lag::default(),
            acks: Arc::default(),
        })
    }
}
