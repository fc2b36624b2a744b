//! What members tell each other, in a stream of their own: [`Records`].

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::admin::{StoredMessage, StreamConfig};
use crate::message::{Expectations, OutboundMessage};
use crate::name::{ConsumerName, StreamName};
use crate::{Limit, Result};

/// Where the members of one group keep what they know: of each member and of each partition the last word.
#[derive(Debug, Clone)]
pub(super) struct Records {
    stream: StreamName,
    /// What all subjects begin with.
    root: String,
}

/// What was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Record {
    Member { id: String, member: MemberRecord },
    Partition { number: u32, owner: Option<String> },
}

/// A member lives, and for how long that is to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MemberRecord {
    lease_millis: u64,
    /// How often it has said so.
    pub(super) beat: u64,
    /// It gives its partitions up, and wants no others.
    pub(super) is_leaving: bool,
}

/// Whose a partition is.
#[derive(Debug, Serialize, Deserialize)]
struct PartitionRecord {
    owner: Option<String>,
}

impl MemberRecord {
    pub(super) fn new(lease: Duration, is_leaving: bool, beat: u64) -> Self {
        Self { lease_millis: u64::try_from(lease.as_millis()).unwrap_or(u64::MAX), beat, is_leaving }
    }

    pub(super) fn lease(self) -> Duration {
        Duration::from_millis(self.lease_millis)
    }
}

impl Records {
    pub(super) fn new(stream: &StreamName, group: &ConsumerName) -> Result<Self> {
        Ok(Self {
            stream: StreamName::new(format!("{stream}_{group}_members"))?,
            root: format!("consumer-groups.{stream}.{group}"),
        })
    }

    /// The stream. A record of a member goes some time after it is of no use.
    pub(super) fn stream_config(&self, replicas: u8) -> Result<StreamConfig> {
        let mut config = StreamConfig::new(self.stream.as_str(), [format!("{}.>", self.root)])?;
        config.replicas = replicas;
        config.max_age = Limit::Unlimited;
        config.max_messages_per_subject = Limit::At(1);
        config.allow_message_ttl = true;
        config.description = Some("the members of a consumer group, and whose each partition is".to_owned());
        Ok(config)
    }

    pub(super) fn stream(&self) -> &StreamName {
        &self.stream
    }

    /// A member says that it lives.
    pub(super) fn member(&self, id: &str, member: MemberRecord) -> Result<OutboundMessage> {
        // Others have counted it out long before.
        let stays = Duration::from_secs(member.lease().as_secs().saturating_mul(4).max(60));
        Ok(OutboundMessage::json(format!("{}.member.{id}", self.root), &member)?.with_ttl(stays))
    }

    /// A partition gets an owner, or none, if nothing has been said of it since that sequence.
    pub(super) fn partition(&self, number: u32, owner: Option<&str>, after: u64) -> Result<OutboundMessage> {
        let record = PartitionRecord { owner: owner.map(str::to_owned) };
        let unchanged = Expectations::none().with_last_subject_sequence(after);
        let subject = format!("{}.partition.{number}", self.root);
        Ok(OutboundMessage::json(subject, &record)?.with_expectations(unchanged))
    }

    /// `None` for what is none of these.
    pub(super) fn read(&self, message: &StoredMessage) -> Option<Record> {
        let rest = message.subject.strip_prefix(self.root.as_str())?.strip_prefix('.')?;
        let (kind, name) = rest.split_once('.')?;
        match kind {
            "member" => {
                let member = serde_json::from_slice(&message.payload).ok()?;
                Some(Record::Member { id: name.to_owned(), member })
            }
            "partition" => {
                let record: PartitionRecord = serde_json::from_slice(&message.payload).ok()?;
                Some(Record::Partition { number: name.parse().ok()?, owner: record.owner })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::headers::Headers;

    fn records() -> Records {
        Records::new(&StreamName::new("RIDE").unwrap(), &ConsumerName::new("billing").unwrap()).unwrap()
    }

    fn stored(message: OutboundMessage) -> StoredMessage {
        let subject = message.subject.as_str().to_owned().into();
        StoredMessage::new(subject, 7, SystemTime::UNIX_EPOCH, Headers::new(), message.payload)
    }

    #[test]
    fn what_is_told_is_read() {
        let (records, member) = (records(), MemberRecord::new(Duration::from_secs(10), true, 4));
        let told = records.member("a1", member).unwrap();
        assert_eq!(records.read(&stored(told)), Some(Record::Member { id: "a1".to_owned(), member }));
        for owner in [Some("a1"), None] {
            let told = records.partition(3, owner, 0).unwrap();
            let read = Record::Partition { number: 3, owner: owner.map(str::to_owned) };
            assert_eq!(records.read(&stored(told)), Some(read));
        }
        let other = OutboundMessage::new("consumer-groups.RIDE.other.member.a1", "{}").unwrap();
        assert_eq!(records.read(&stored(other)), None);
    }

    #[test]
    fn its_stream_is_valid() {
        records().stream_config(1).unwrap().validate().unwrap();
    }
}
