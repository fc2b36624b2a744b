//! Schedules as a snapshot keeps them.

use pubsub_core::{Error, Result, Schedule, ScheduleTime, Subject, TimeToLive};
use tokio::time::Instant;

use super::{Next, Schedules};
use crate::clock::Clock;
use crate::snapshot::{ScheduleRecord, TimeRecord};

impl Schedules {
    pub(in crate::stream) fn record(&self, clock: &Clock) -> Vec<ScheduleRecord> {
        let mut records: Vec<ScheduleRecord> = self
            .by_subject
            .iter()
            .filter_map(|(subject, entry)| {
                let Schedule { when, target, ttl, source, time_zone, rollup, .. } = &entry.schedule;
                Some(ScheduleRecord {
                    subject: subject.to_string(),
                    sequence: entry.sequence,
                    when: match when {
                        ScheduleTime::At(time) => TimeRecord::At(Clock::nanos_of(*time)),
                        ScheduleTime::Every(span) => TimeRecord::Every(*span),
                        ScheduleTime::Cron(expression) => TimeRecord::Cron(expression.clone()),
                        // `check` has refused the rest.
                        _ => return None,
                    },
                    target: target.to_string(),
                    // `None` stands for "for ever".
                    ttl: ttl.map(|ttl| match ttl {
                        TimeToLive::After(time) => Some(time),
                        _ => None,
                    }),
                    source: source.as_ref().map(ToString::to_string),
                    time_zone: time_zone.clone(),
                    rollup: *rollup,
                    next: Clock::nanos_of(entry.next.time),
                    due: clock.nanos(entry.next.due),
                    fires: self.due.contains(&(entry.next.due, entry.sequence)),
                })
            })
            .collect();
        records.sort_unstable_by_key(|record| record.sequence);
        records
    }

    pub(in crate::stream) fn from_record(records: Vec<ScheduleRecord>, clock: &Clock) -> Result<Self> {
        let mut schedules = Self::default();
        for record in records {
            let mut schedule = match record.when {
                TimeRecord::At(time) => Schedule::at(Clock::time_of(time), record.target)?,
                TimeRecord::Every(span) => Schedule::every(span, record.target)?,
                TimeRecord::Cron(expression) => Schedule::cron(expression, record.target)?,
            };
            schedule.ttl = record.ttl.map(|ttl| ttl.map_or(TimeToLive::Never, TimeToLive::After));
            schedule.source = record.source.map(Subject::new).transpose()?;
            schedule.time_zone = record.time_zone;
            schedule.rollup = record.rollup;
            let subject = Subject::new(record.subject)?;
            let due: Instant = clock.at(record.due);
            let next = Next { time: Clock::time_of(record.next), due };
            if schedules.subjects.contains_key(&record.sequence) {
                return Err(Error::config("sequence", "one message is two schedules"));
            }
            schedules.add(&subject, record.sequence, schedule, next);
            if !record.fires {
                schedules.due.remove(&(due, record.sequence));
            }
        }
        Ok(schedules)
    }
}
