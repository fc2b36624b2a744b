//! A stream as a snapshot keeps it.

use std::sync::Arc;

use pubsub_core::{Error, ErrorKind, Headers, MessageId, Result, StreamConfig, Subject};
use tokio::time::Instant;

use super::consumer_admin::{ONE_BOUND_WILL_DO, TRACKS_EXHAUSTED};
use super::messages::Messages;
use super::schedules::Schedules;
use super::state::StreamState;
use super::stored::Stored;
use super::time::{Lifetime, Lifetimes};
use crate::clock::Clock;
use crate::config::MemoryConfig;
use crate::consumer::ConsumerState;
use crate::snapshot::{IdRecord, LifetimeRecord, MessageRecord, StreamRecord};
use crate::store::Usage;

impl StreamState {
    /// Everything to keep; nothing of a stream that was deleted.
    pub(crate) fn record(&mut self, now: Instant) -> Result<Option<StreamRecord>> {
        if self.deleted {
            return Ok(None);
        }
        self.dedup.expire(now, self.duplicate_window);
        let clock = self.clock;
        let ids = self.dedup.iter().map(|(id, sequence, at, is_stored)| IdRecord {
            id: id.to_string(),
            sequence,
            at: clock.nanos(at),
            is_stored,
        });
        let consumers = self.consumers.iter().map(|consumer| consumer.record(&self.messages, &clock));
        let log = self.messages.log();
        let messages = log.iter().map(|(sequence, message)| MessageRecord {
            sequence,
            subject: message.subject.to_string(),
            headers: message
                .headers
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect(),
            payload: message.payload.clone(),
            at: clock.nanos(message.at),
            lifetime: match self.lifetimes.of(sequence) {
                Some(Lifetime::Until(end)) => LifetimeRecord::Until(clock.nanos(end)),
                Some(Lifetime::Endless) => LifetimeRecord::Endless,
                None => LifetimeRecord::Streams,
            },
            holders: message.holders(),
        });
        Ok(Some(StreamRecord {
            config: to_json(&self.config)?,
            created: Clock::nanos_of(self.created),
            last: log.last(),
            is_set: log.is_set(),
            messages: messages.collect(),
            ids: ids.collect(),
            consumers: consumers.collect::<Result<_>>()?,
            last_id: self.last_id.as_ref().map(ToString::to_string),
            schedules: self.schedules.record(&clock),
            consumers_created: self.consumers.created(),
        }))
    }

    pub(crate) fn from_record(
        record: StreamRecord,
        bounds: Arc<MemoryConfig>,
        usage: Arc<Usage>,
        clock: Clock,
    ) -> Result<Self> {
        let config: StreamConfig = from_json(&record.config)?;
        let mut state = Self::new(config, bounds, usage, clock)?;
        let now = Instant::now();
        state.lifetimes = lifetimes(&record.messages, &clock);
        state.schedules = Schedules::from_record(record.schedules, &clock)?;
        state.last_id = record.last_id.map(MessageId::new).transpose()?;
        state.created = Clock::time_of(record.created);
        state.messages = messages(record.messages, record.last, record.is_set, &clock)?;
        for id in record.ids {
            let at = clock.at(id.at);
            state.dedup.remember(MessageId::new(id.id)?, id.sequence, id.is_stored, at);
        }
        for consumer in record.consumers {
            let mut consumer = ConsumerState::from_record(consumer, &state.messages, &clock, now)?;
            consumer.tracks_exhausted = state.bounds.server_version.is_at_least(TRACKS_EXHAUSTED);
            consumer.overflows_by_both = !state.bounds.server_version.is_at_least(ONE_BOUND_WILL_DO);
            if state.consumers.slot(&consumer.name).is_some() {
                return Err(Error::config("name", "two consumers have this name"));
            }
            state.consumers.insert(consumer);
        }
        state.consumers.set_created(record.consumers_created);
        state.settle_account();
        Ok(state)
    }
}

fn lifetimes(records: &[MessageRecord], clock: &Clock) -> Lifetimes {
    let mut lifetimes = Lifetimes::default();
    for record in records {
        match record.lifetime {
            LifetimeRecord::Streams => {}
            LifetimeRecord::Until(end) => lifetimes.begin(record.sequence, Lifetime::Until(clock.at(end))),
            LifetimeRecord::Endless => lifetimes.begin(record.sequence, Lifetime::Endless),
        }
    }
    lifetimes
}

fn messages(records: Vec<MessageRecord>, last: u64, is_set: bool, clock: &Clock) -> Result<Messages> {
    let mut messages = Messages::new();
    let mut before = 0;
    for record in records {
        if record.sequence <= before || record.sequence > last {
            return Err(Error::config("sequence", "a message has a sequence out of order"));
        }
        before = record.sequence;
        let mut headers = Headers::new();
        for (name, value) in &record.headers {
            headers.append_received(name, value)?;
        }
        let subject = record.subject;
        let subject =
            if subject.starts_with('$') { Subject::of_broker(subject) } else { Subject::new(subject) };
        let (payload, at) = (record.payload, clock.at(record.at));
        let mut message = Stored { subject: subject?, headers, payload, at };
        messages.push_at(record.sequence, &mut message, record.holders);
    }
    messages.end_at(last, is_set);
    messages.note_many_dropped();
    Ok(messages)
}

pub(crate) fn to_json(config: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(config)
        .map_err(|error| Error::new(ErrorKind::Codec, "a configuration cannot be written").with_source(error))
}

pub(crate) fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text)
        .map_err(|error| Error::new(ErrorKind::Codec, "a configuration cannot be read").with_source(error))
}
