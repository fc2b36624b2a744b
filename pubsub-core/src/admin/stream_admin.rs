//! The contract of administration: [`StreamAdmin`].

use std::any::Any;
use std::fmt::Debug;
use std::time::SystemTime;

use async_trait::async_trait;

use super::{
    AccountInfo, ConsumerConfig, ConsumerInfo, MessageSelector, Provision, Purge, StoredMessage,
    StreamConfig, StreamInfo, ensure,
};
use crate::name::{ConsumerName, StreamName};
use crate::subject::SubjectFilter;
use crate::{Capabilities, Capability, Error, Result};

/// Creates, changes, inspects and deletes streams and consumers. Implemented by backends that can;
/// applications mostly call [`ensure_stream`](Self::ensure_stream) and [`ensure_consumer`](Self::ensure_consumer).
///
/// # Contract
/// - A configuration that breaks a rule is refused before anything is done; so is, with `Unsupported`, a field that the
///   backend cannot honour. No field is ignored. [`StreamConfig::check`] and [`ConsumerConfig::check`] do both.
/// - What a method refuses, it refuses with JetStream's error code where JetStream has one
///   ([`Error::broker_code`]), on every backend.
/// - `ensure_stream` and `ensure_consumer` are made of the other methods: a backend leaves them as they are. The other
///   methods with a default belong to a [`Capability`]; the default refuses with `Unsupported`.
///
/// # Wrappers
/// A layer that wraps administration must forward every method, the defaulted ones too: put
/// `#[deny(clippy::missing_trait_methods)]` on the implementation.
#[async_trait]
pub trait StreamAdmin: Debug + Send + Sync + 'static {
    /// What can be administrated, layers included: what [`Broker::capabilities`](crate::Broker::capabilities) says, in a
    /// backend. By default the minimum.
    fn capabilities(&self) -> Capabilities {
        Capabilities::minimum()
    }

    /// Creates a stream. If one of that name exists with the same configuration, that is success.
    ///
    /// # Errors
    /// `AlreadyExists` (10058) with the differences if the configuration differs, `Conflict` (10065) if its subjects
    /// overlap another stream's, `Config` or `Unsupported` for a configuration that cannot be.
    ///
    /// # Cancel safety
    /// Dropped before completion, the stream was either created or not.
    async fn create_stream(&self, config: StreamConfig) -> Result<StreamInfo>;

    /// A stream's configuration and counters.
    ///
    /// # Errors
    /// `NotFound` (10059).
    ///
    /// # Cancel safety
    /// Dropped before completion, nothing changes.
    async fn stream_info(&self, stream: &StreamName) -> Result<StreamInfo>;

    /// Deletes a stream, its messages and its consumers.
    ///
    /// # Errors
    /// `NotFound` (10059).
    ///
    /// # Cancel safety
    /// Dropped before completion, the stream was either deleted or not.
    async fn delete_stream(&self, stream: &StreamName) -> Result<()>;

    /// Creates a consumer. If one of that name exists with the same configuration, that is success; an existing
    /// consumer is never changed. An ephemeral consumer without a name gets one.
    ///
    /// # Errors
    /// `NotFound` (10059) for the stream, `AlreadyExists` (10148) with the differences if the configuration differs,
    /// `Conflict` (10099, 10100) where a work-queue stream does not allow it, `Config` or `Unsupported` for a
    /// configuration that cannot be.
    ///
    /// # Cancel safety
    /// Dropped before completion, the consumer was either created or not.
    async fn create_consumer(&self, stream: &StreamName, config: ConsumerConfig) -> Result<ConsumerInfo>;

    /// A consumer's configuration and counters.
    ///
    /// # Errors
    /// `NotFound` (10059 for the stream, 10014 for the consumer).
    ///
    /// # Cancel safety
    /// Dropped before completion, nothing changes.
    async fn consumer_info(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<ConsumerInfo>;

    /// Deletes a consumer and its position. Under interest retention this frees what only it was holding.
    ///
    /// # Errors
    /// `NotFound` (10059 for the stream, 10014 for the consumer).
    ///
    /// # Cancel safety
    /// Dropped before completion, the consumer was either deleted or not.
    async fn delete_consumer(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<()>;

    /// Changes an existing stream to this configuration. Capability `update`.
    ///
    /// # Errors
    /// `NotFound` (10059), `Config` (10052) for a change that JetStream does not allow, `Conflict` (10065).
    ///
    /// # Cancel safety
    /// Dropped before completion, the stream was either changed or not.
    async fn update_stream(&self, config: StreamConfig) -> Result<StreamInfo> {
        drop(config);
        Err(Error::unsupported(Capability::Update.name()))
    }

    /// Changes an existing consumer to this configuration. Capability `update`.
    ///
    /// # Errors
    /// `NotFound` (10059; 10149 for the consumer), `Config` (10012) for a field that cannot change.
    ///
    /// # Cancel safety
    /// Dropped before completion, the consumer was either changed or not.
    async fn update_consumer(&self, stream: &StreamName, config: ConsumerConfig) -> Result<ConsumerInfo> {
        drop((stream, config));
        Err(Error::unsupported(Capability::Update.name()))
    }

    /// All streams, by name. Capability `list`.
    ///
    /// # Errors
    /// `Closed`, `Unavailable` or `Timeout`.
    ///
    /// # Cancel safety
    /// Dropped before completion, nothing changes.
    async fn list_streams(&self) -> Result<Vec<StreamInfo>> {
        Err(Error::unsupported(Capability::List.name()))
    }

    /// All consumers of a stream, by name. Capability `list`.
    ///
    /// # Errors
    /// `NotFound` (10059).
    ///
    /// # Cancel safety
    /// Dropped before completion, nothing changes.
    async fn list_consumers(&self, stream: &StreamName) -> Result<Vec<ConsumerInfo>> {
        let _ = stream;
        Err(Error::unsupported(Capability::List.name()))
    }

    /// Removes messages from a stream and says how many. Capability `purge`. Purged messages are never delivered
    /// again, not even those that are in flight.
    ///
    /// # Errors
    /// `NotFound` (10059).
    ///
    /// # Cancel safety
    /// Dropped before completion, the messages were either removed or not.
    async fn purge_stream(&self, stream: &StreamName, purge: Purge) -> Result<u64> {
        drop((stream, purge));
        Err(Error::unsupported(Capability::Purge.name()))
    }

    /// Reads a stored message without a consumer. Capability `get_message`.
    ///
    /// # Errors
    /// `NotFound` (10059 for the stream, 10037 for the message).
    ///
    /// # Cancel safety
    /// Dropped before completion, nothing changes.
    async fn get_message(&self, stream: &StreamName, selector: MessageSelector) -> Result<StoredMessage> {
        drop((stream, selector));
        Err(Error::unsupported(Capability::GetMessage.name()))
    }

    /// Deletes one stored message; its sequence stays a gap. Capability `delete_message`.
    ///
    /// # Errors
    /// `NotFound` (10059 for the stream, 10043 for the message).
    ///
    /// # Cancel safety
    /// Dropped before completion, the message was either deleted or not.
    async fn delete_message(&self, stream: &StreamName, sequence: u64) -> Result<()> {
        let _ = (stream, sequence);
        Err(Error::unsupported(Capability::DeleteMessage.name()))
    }

    /// Stops the deliveries of a consumer until a time; what is in flight can still be settled. Capability `pause`. A time
    /// that has passed resumes it. See [`ConsumerInfo::paused_until`].
    ///
    /// # Errors
    /// `NotFound` (10059 for the stream, 10014 for the consumer).
    ///
    /// # Cancel safety
    /// Dropped before completion, the consumer was either paused or not.
    async fn pause_consumer(
        &self,
        stream: &StreamName,
        consumer: &ConsumerName,
        until: SystemTime,
    ) -> Result<()> {
        let _ = (stream, consumer, until);
        Err(Error::unsupported(Capability::Pause.name()))
    }

    /// Ends a pause. Capability `pause`. A consumer that is not paused stays as it is.
    ///
    /// # Errors
    /// `NotFound` (10059 for the stream, 10014 for the consumer).
    ///
    /// # Cancel safety
    /// Dropped before completion, the consumer was either resumed or not.
    async fn resume_consumer(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<()> {
        let _ = (stream, consumer);
        Err(Error::unsupported(Capability::Pause.name()))
    }

    /// Sets a consumer to a sequence of its stream, or (`None`) to its ack floor: what is unsettled is forgotten, and the
    /// attempts are counted anew. Capability `reset`.
    ///
    /// # Errors
    /// `NotFound` (10059 for the stream, 10014 for the consumer), `InvalidInput` (10204) for a sequence that this
    /// consumer's start does not allow.
    ///
    /// # Cancel safety
    /// Dropped before completion, the consumer was either reset or not.
    async fn reset_consumer(
        &self,
        stream: &StreamName,
        consumer: &ConsumerName,
        sequence: Option<u64>,
    ) -> Result<ConsumerInfo> {
        let _ = (stream, consumer, sequence);
        Err(Error::unsupported(Capability::Reset.name()))
    }

    /// Ends the pin of a consumer's [`PriorityPolicy::Pinned`](crate::PriorityPolicy::Pinned): the next who asks, or waits,
    /// is pinned, before the one that was. Capability `priority_groups`. A consumer that pins nobody stays as it is.
    ///
    /// # Errors
    /// `NotFound` (10059 for the stream, 10014 for the consumer).
    ///
    /// # Cancel safety
    /// Dropped before completion, the pin was either ended or not.
    async fn unpin_consumer(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<()> {
        let _ = (stream, consumer);
        Err(Error::unsupported(Capability::PriorityGroups.name()))
    }

    /// The subjects of the stored messages that match, with how many messages each has, by subject. Capability
    /// `stream_details`.
    ///
    /// # Errors
    /// `NotFound` (10059).
    ///
    /// # Cancel safety
    /// Dropped before completion, nothing changes.
    async fn stream_subjects(
        &self,
        stream: &StreamName,
        filter: SubjectFilter,
    ) -> Result<Vec<(String, u64)>> {
        drop((stream, filter));
        Err(Error::unsupported(Capability::StreamDetails.name()))
    }

    /// The sequences between the first and the last message that are gone, in order. Capability `stream_details`.
    ///
    /// # Errors
    /// `NotFound` (10059).
    ///
    /// # Cancel safety
    /// Dropped before completion, nothing changes.
    async fn deleted_sequences(&self, stream: &StreamName) -> Result<Vec<u64>> {
        let _ = stream;
        Err(Error::unsupported(Capability::StreamDetails.name()))
    }

    /// What the account uses and may use. Capability `account_info`.
    ///
    /// # Errors
    /// `Closed`, `Unavailable` or `Timeout`.
    ///
    /// # Cancel safety
    /// Dropped before completion, nothing changes.
    async fn account_info(&self) -> Result<AccountInfo> {
        Err(Error::unsupported(Capability::AccountInfo.name()))
    }

    /// Makes sure that a stream exists as configured, the way that `provision` allows. Idempotent; call it once at
    /// the start, not per publish.
    ///
    /// # Errors
    /// With [`Provision::Never`]: `NotFound` if the stream is missing. With `Never` and `CreateIfMissing`:
    /// `AlreadyExists` if it differs; the error prints each difference. Otherwise as
    /// [`create_stream`](Self::create_stream) and [`update_stream`](Self::update_stream).
    ///
    /// # Cancel safety
    /// Dropped before completion, the stream was either made (or changed) or not.
    async fn ensure_stream(&self, config: StreamConfig, provision: Provision) -> Result<StreamInfo> {
        ensure::stream(self, config, provision).await
    }

    /// Makes sure that a consumer exists as configured, the way that `provision` allows. One without a name is made
    /// anew each time.
    ///
    /// # Errors
    /// As [`ensure_stream`](Self::ensure_stream), and as [`create_consumer`](Self::create_consumer) and
    /// [`update_consumer`](Self::update_consumer); `Config` for a consumer without a name with [`Provision::Never`].
    ///
    /// # Cancel safety
    /// Dropped before completion, the consumer was either made (or changed) or not.
    async fn ensure_consumer(
        &self,
        stream: &StreamName,
        config: ConsumerConfig,
        provision: Provision,
    ) -> Result<ConsumerInfo> {
        ensure::consumer(self, stream, config, provision).await
    }

    /// The backend's own object, for what this vocabulary does not have. Layers forward it.
    fn native(&self) -> Option<&dyn Any> {
        None
    }
}
