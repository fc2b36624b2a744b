//! Flaws in what a stream's configuration comes to. The configuration that is told is the one that was asked for.

use async_trait::async_trait;
use pubsub_core::{
    Capabilities, Capability, Discard, ErrorKind, Limit, Result, Retention, StreamAdmin, StreamConfig,
    StreamInfo,
};

use super::Tamper;

/// A configuration that is changed on its way, by a flaw of that name.
macro_rules! misread {
    ($($(#[doc = $doc:literal])+ $name:ident = |$config:ident| $change:expr;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug)]
        pub(super) struct $name;

        #[async_trait]
        impl Tamper for $name {
            async fn create_stream(&self, admin: &dyn StreamAdmin, asked: StreamConfig) -> Result<StreamInfo> {
                let mut $config = asked.clone();
                $change;
                let mut info = admin.create_stream($config).await?;
                info.config = asked;
                Ok(info)
            }
        }
    )+};
}

misread! {
    /// The likely cause: an ack that is not looked at for retention.
    KeepsInterestForEver = |config| if config.retention == Retention::Interest {
        config.retention = Retention::Limits;
    };
    /// The likely cause: a work queue that is a stream with one consumer.
    KeepsWorkForEver = |config| if config.retention == Retention::WorkQueue {
        config.retention = Retention::Limits;
    };
    /// The likely cause: limits that are stored and not applied.
    IgnoresLimits = |config| {
        config.max_messages = Limit::Unlimited;
        config.max_bytes = Limit::Unlimited;
        config.max_age = Limit::Unlimited;
    };
    /// The likely cause: a limit that needs an index which is not there.
    IgnoresSubjectLimits = |config| config.max_messages_per_subject = Limit::Unlimited;
    /// The likely cause: a limit of a subject that is counted over all of them.
    CountsAllSubjects = |config| if let Limit::At(most) = config.max_messages_per_subject {
        config.max_messages = Limit::At(most);
    };
    /// The likely cause: limits of messages, and of nothing else.
    AdmitsEveryConsumer = |config| config.max_consumers = Limit::Unlimited;
    /// The likely cause: a window that is a constant.
    IgnoresTheWindow = |config| config.duplicate_window = None;
    /// The likely cause: a text that the broker's interface has no place for.
    ForgetsDescriptions = |config| config.description = None;
    /// The likely cause: one behaviour for a full stream.
    AlwaysDiscardsOld = |config| config.discard = Discard::Old;
    /// The likely cause: one behaviour for a full stream and a full subject.
    DiscardsOldPerSubject = |config| config.discard_new_per_subject = false;
    /// The likely cause: an expiry that is a removal like any other.
    LeavesNoMarkers = |config| config.subject_delete_marker_ttl = None;
    /// The likely cause: a subject that is matched and then kept.
    RenamesNothing = |config| config.subject_transform = None;
    /// The likely cause: a field that is stored and not looked at.
    PassesNothingOn = |config| config.republish = None;
    /// The likely cause: a map that the broker's interface has no place for.
    ForgetsNotes = |config| config.metadata.clear();
}

/// The likely cause: "create" that replaces.
#[derive(Debug)]
pub(super) struct CreatesAnew;

#[async_trait]
impl Tamper for CreatesAnew {
    async fn create_stream(&self, admin: &dyn StreamAdmin, config: StreamConfig) -> Result<StreamInfo> {
        match admin.create_stream(config.clone()).await {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                admin.delete_stream(&config.name).await?;
                admin.create_stream(config).await
            }
            outcome => outcome,
        }
    }
}

/// The likely cause: a configuration that is stored and not applied.
#[derive(Debug)]
pub(super) struct IgnoresUpdates;

#[async_trait]
impl Tamper for IgnoresUpdates {
    async fn update_stream(&self, admin: &dyn StreamAdmin, config: StreamConfig) -> Result<StreamInfo> {
        let mut info = admin.stream_info(&config.name).await?;
        info.config = config;
        Ok(info)
    }
}

/// The likely cause: a page that is not full and so is not asked for.
#[derive(Debug)]
pub(super) struct ListsAllButTheLast;

#[async_trait]
impl Tamper for ListsAllButTheLast {
    async fn list_streams(&self, admin: &dyn StreamAdmin) -> Result<Vec<StreamInfo>> {
        let mut listed = admin.list_streams().await?;
        listed.pop();
        Ok(listed)
    }
}

/// The likely cause: a feature that was added without declaring it, so that no case is run for it.
#[derive(Debug)]
pub(super) struct Understates;

impl Tamper for Understates {
    fn capabilities(&self, capabilities: Capabilities) -> Capabilities {
        capabilities.without(Capability::NakDelay)
    }
}

/// The likely cause: a close that only drops its own handle.
#[derive(Debug)]
pub(super) struct ClosesNothing;

#[async_trait]
impl Tamper for ClosesNothing {
    async fn close(&self, inner: &dyn pubsub_core::Broker) -> Result<()> {
        let _ = inner;
        Ok(())
    }
}
