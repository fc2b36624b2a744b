//! What a snapshot consists of. These records are the format: a change of one is a new version of the file.
//!
//! Configurations are JSON, as in configuration files: they have a form that is kept apart from this one. All times are
//! nanoseconds since 1970, by the wall clock, so that they go on while nothing runs.

use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// Nanoseconds since 1970.
pub(crate) type Nanos = u64;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Snapshot {
    pub(super) saved_at: Nanos,
    /// The last number that was given out.
    pub(super) last_id: u64,
    pub(super) streams: Vec<StreamRecord>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StreamRecord {
    pub(crate) config: String,
    pub(crate) created: Nanos,
    /// The highest sequence ever given out.
    pub(crate) last: u64,
    /// Whether a purge has set where the stream begins.
    pub(crate) is_set: bool,
    pub(crate) messages: Vec<MessageRecord>,
    /// In the order of their age.
    pub(crate) ids: Vec<IdRecord>,
    pub(crate) consumers: Vec<ConsumerRecord>,
    /// The id of the newest message.
    pub(crate) last_id: Option<String>,
    pub(crate) schedules: Vec<ScheduleRecord>,
    /// How many consumers were created, for the names of those without one.
    pub(crate) consumers_created: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct MessageRecord {
    pub(crate) sequence: u64,
    pub(crate) subject: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) payload: Bytes,
    pub(crate) at: Nanos,
    pub(crate) lifetime: LifetimeRecord,
    /// Under interest retention: how many consumers have not settled it.
    pub(crate) holders: u32,
}

/// How long a message lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum LifetimeRecord {
    /// As its stream says.
    Streams,
    Until(Nanos),
    Endless,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ScheduleRecord {
    pub(crate) subject: String,
    /// The message that is the schedule.
    pub(crate) sequence: u64,
    pub(crate) when: TimeRecord,
    pub(crate) target: String,
    /// `Some(None)` is for ever.
    pub(crate) ttl: Option<Option<Duration>>,
    pub(crate) source: Option<String>,
    pub(crate) time_zone: Option<String>,
    pub(crate) rollup: bool,
    /// What the schedule says.
    pub(crate) next: Nanos,
    /// When it is done.
    pub(crate) due: Nanos,
    /// Whether it fires again.
    pub(crate) fires: bool,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum TimeRecord {
    At(Nanos),
    Every(Duration),
    Cron(String),
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct IdRecord {
    pub(crate) id: String,
    pub(crate) sequence: u64,
    pub(crate) at: Nanos,
    pub(crate) is_stored: bool,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ConsumerRecord {
    pub(crate) config: String,
    pub(crate) created: Nanos,
    /// The first sequence that was not looked at.
    pub(crate) cursor: u64,
    /// What comes before it, of a consumer that begins with the last message of each subject.
    pub(crate) picked: Vec<u64>,
    pub(crate) pending: Vec<PendingRecord>,
    /// What can be delivered again at once, in this order.
    pub(crate) queue: Vec<u64>,
    pub(crate) exhausted: Vec<u64>,
    /// In deliveries and in the stream.
    pub(crate) delivered: (u64, u64),
    pub(crate) floor: (u64, u64),
    pub(crate) shown_floor: (u64, u64),
    /// What left the stream without its being told.
    pub(crate) untold: Vec<u64>,
    pub(crate) paused_until: Option<Nanos>,
    pub(crate) replay: Option<ReplayRecord>,
    /// Whether it knows of all messages that were dropped.
    pub(crate) knows_dropped: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PendingRecord {
    pub(crate) sequence: u64,
    /// The consumer's number of the first delivery.
    pub(crate) number: u64,
    pub(crate) attempts: u64,
    pub(crate) again: AgainRecord,
}

/// When a message comes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum AgainRecord {
    /// When its ack wait is over.
    After(Nanos),
    /// When the delay is over that was asked for.
    Delayed(Nanos),
    /// It is in the queue; should a purge end that, then at this time.
    Queued(Nanos),
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct ReplayRecord {
    pub(crate) until: u64,
    pub(crate) last: Option<Nanos>,
    pub(crate) gap: Option<Nanos>,
    pub(crate) is_due: bool,
}
