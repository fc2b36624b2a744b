//! What a schedule does when its time has come.

use std::time::Duration;

use pubsub_core::{Headers, Result, Rollup, Schedule, Subject, TimeToLive};
use tokio::time::Instant;

use super::{Next, times};
use crate::clock::after;
use crate::stream::effects::Effects;

use crate::stream::publish::{MESSAGE_ID, Orders, ROLLUP, Scheduled, TTL};
use crate::stream::state::StreamState;
use crate::stream::stored::Kept;

/// A server looks at its schedules no more often than this (measured on nats-server 2.15.1: what is due at once comes after
/// a quarter of a second).
const PAUSE: Duration = Duration::from_millis(250);

const SCHEDULER: &str = "Nats-Scheduler";
const SCHEDULE_NEXT: &str = "Nats-Schedule-Next";

impl StreamState {
    /// A message was stored: it may be a schedule, and it ends the one that its subject had.
    pub(in crate::stream) fn note_schedule(
        &mut self,
        sequence: u64,
        subject: &Subject,
        orders: Option<&Orders>,
        at: Instant,
    ) {
        let time = self.clock.wall(at);
        let schedule = orders.and_then(|orders| orders.schedule.as_ref());
        if let Some(schedule) = schedule
            && let Ok(time) = times::next(schedule, time, time)
        {
            let due = self.clock.instant(time, at).max(after(at, PAUSE));
            self.schedules.add(subject, sequence, schedule.clone(), Next { time, due });
        } else if orders.is_none_or(|orders| orders.scheduled.is_none()) {
            self.schedules.cancel(subject);
        }
    }

    /// Publishes what the schedule that is this message is for.
    pub(in crate::stream) fn fire(&mut self, sequence: u64, at: Instant, effects: &mut Effects) {
        let Some((subject, schedule, fired)) = self.schedules.take_due(sequence) else {
            return;
        };
        let time = times::next(&schedule, fired.time, self.clock.wall(at));
        let next = time.ok().filter(|_| times::recurs(&schedule));
        let next = next.map(|time| Next { time, due: self.clock.instant(time, at).max(after(at, PAUSE)) });
        // As with a server, a schedule whose message cannot be stored does not fire again.
        if self.publish_scheduled(sequence, &subject, &schedule, next, at, effects).is_ok()
            && let Some(next) = next
        {
            self.schedules.put_off(&subject, next);
        }
    }

    fn publish_scheduled(
        &mut self,
        sequence: u64,
        scheduler: &Subject,
        schedule: &Schedule,
        next: Option<Next>,
        at: Instant,
        effects: &mut Effects,
    ) -> Result<u64> {
        let newest = |subject: &Subject| self.messages.subjects().last_of(subject.as_str());
        // Without a message there, the schedule's own content is published.
        let content = schedule.source.as_ref().and_then(newest).unwrap_or(sequence);
        let Some(content) = self.messages.log().get(content) else {
            return Ok(sequence);
        };
        let (mut headers, payload) = (published_headers(content)?, content.payload.clone());
        headers.append_received(SCHEDULER, scheduler.as_str())?;
        match next {
            Some(next) => headers.append_received(SCHEDULE_NEXT, &times::written(next.time, schedule))?,
            None => headers.append_received(SCHEDULE_NEXT, "purge")?,
        }
        if let Some(ttl) = schedule.ttl {
            headers.append_received(TTL, &in_seconds(ttl))?;
        }
        if schedule.rollup {
            headers.append_received(ROLLUP, "sub")?;
        }
        let orders = Orders {
            ttl: schedule.ttl,
            rollup: schedule.rollup.then_some(Rollup::Subject),
            scheduled: Some(Scheduled { scheduler: scheduler.clone(), is_last: next.is_none() }),
            ..Orders::default()
        };
        let mut produced = self.produced(schedule.target.clone(), headers, payload, orders, at)?;
        self.check_size(&produced.message)?;
        self.keep(&mut produced, effects)
    }
}

/// Without those that speak of the schedule, and those that could keep the message from being stored.
fn published_headers(content: Kept<'_>) -> Result<Headers> {
    let mut headers = Headers::new();
    for (name, value) in content.headers {
        let name = name.as_str();
        let is_left_out = name.starts_with("Nats-Schedule")
            || name.starts_with("Nats-Expected-")
            || [MESSAGE_ID, TTL, ROLLUP].contains(&name);
        if !is_left_out {
            headers.append_received(name, value.as_str())?;
        }
    }
    Ok(headers)
}

fn in_seconds(ttl: TimeToLive) -> String {
    match ttl {
        TimeToLive::After(time) => format!("{}s", time.as_secs()),
        _ => "never".to_owned(),
    }
}
