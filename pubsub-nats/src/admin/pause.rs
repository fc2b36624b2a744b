//! Stopping a consumer for a while, setting it to another place, and ending its pin.

use std::time::SystemTime;

use pubsub_core::config::timestamp;
use pubsub_core::{Capability, ConsumerInfo, ConsumerName, Error, PriorityPolicy, Result, StreamName};
use serde::de::IgnoredAny;

use super::NatsAdmin;
use crate::api::{self, Effect, wire};

impl NatsAdmin {
    /// A server that does not know the call leaves it unanswered, so it is not made there (measured on nats-server
    /// 2.10.26).
    pub(super) async fn pause(
        &self,
        stream: &StreamName,
        consumer: &ConsumerName,
        until: Option<SystemTime>,
    ) -> Result<()> {
        self.connection.check_open()?;
        self.connection.capabilities().require(Capability::Pause)?;
        let pause_until = until.map(wire_time).transpose()?;
        let request = wire::PauseRequest { pause_until };
        let subject = format!("CONSUMER.PAUSE.{stream}.{consumer}");
        let _: IgnoredAny = api::call(&self.connection, Effect::Changes, &subject, &request).await?;
        Ok(())
    }

    /// As [`pause`](Self::pause) of servers that do not know it, here up to 2.12. And none answers for a consumer that is
    /// not there (measured on nats-server 2.15.1), so that is asked first.
    pub(super) async fn reset(
        &self,
        stream: &StreamName,
        consumer: &ConsumerName,
        sequence: Option<u64>,
    ) -> Result<ConsumerInfo> {
        self.connection.check_open()?;
        self.connection.capabilities().require(Capability::Reset)?;
        if sequence == Some(0) {
            // The server would take it for "to the ack floor".
            return Err(Error::invalid_input("sequence", "no message has the sequence 0: they begin with 1")
                .with_broker_code(api::INVALID_RESET));
        }
        api::consumer_info(&self.connection, stream, consumer).await?;
        let subject = format!("CONSUMER.RESET.{stream}.{consumer}");
        let request = wire::ResetRequest { seq: sequence };
        let info: wire::ConsumerInfo =
            api::call(&self.connection, Effect::Changes, &subject, &request).await?;
        self.connection.known.reset_consumer(stream, consumer);
        info.try_into()
    }
}

impl NatsAdmin {
    /// A server pins a request whose requester is gone, and then serves nobody for the time of a pin (read in nats-server
    /// 2.15, by its source). So this client's own requests that were given up end first; and it is the question
    /// below that makes a server drop those that nobody waits for.
    pub(super) async fn unpin(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<()> {
        self.connection.check_open()?;
        self.connection.capabilities().require(Capability::PriorityGroups)?;
        self.connection.retired().await;
        let info = api::consumer_info(&self.connection, stream, consumer).await?;
        let Some(group) = info.config.priority()?.filter(|group| group.policy == PriorityPolicy::Pinned)
        else {
            return Ok(());
        };
        let subject = format!("CONSUMER.UNPIN.{stream}.{consumer}");
        let request = wire::UnpinRequest { group: &group.name };
        let _: IgnoredAny = api::call(&self.connection, Effect::Changes, &subject, &request).await?;
        Ok(())
    }
}

fn wire_time(time: SystemTime) -> Result<String> {
    timestamp::format(time).ok_or_else(|| {
        Error::invalid_input("until", "the time is before 1970 or after 9999")
            .with_remedy("give a time between them")
    })
}
