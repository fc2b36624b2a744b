//! Flaws in what a stream's configuration comes to. The configuration that is told is the one that was asked for.

use async_trait::async_trait;
use pubsub_core::{
    Capabilities, Capability, Discard, ErrorKind, Limit, Result, Retention, StreamAdmin, StreamConfig,
    StreamInfo,
};

use super::Tamper;

async fn create_as(admin: &dyn StreamAdmin, asked: StreamConfig, done: StreamConfig) -> Result<StreamInfo> {
    let mut info = admin.create_stream(done).await?;
    info.config = asked;
    Ok(info)
}

/// The likely cause: an ack that is not looked at for retention.
#[derive(Debug)]
pub(super) struct KeepsInterestForEver;

#[async_trait]
impl Tamper for KeepsInterestForEver {
    async fn create_stream(&self, admin: &dyn StreamAdmin, asked: StreamConfig) -> Result<StreamInfo> {
        let mut config = asked.clone();
        if config.retention == Retention::Interest {
            config.retention = Retention::Limits;
        }
        create_as(admin, asked, config).await
    }
}

/// The likely cause: a work queue that is a stream with one consumer.
#[derive(Debug)]
pub(super) struct KeepsWorkForEver;

#[async_trait]
impl Tamper for KeepsWorkForEver {
    async fn create_stream(&self, admin: &dyn StreamAdmin, asked: StreamConfig) -> Result<StreamInfo> {
        let mut config = asked.clone();
        if config.retention == Retention::WorkQueue {
            config.retention = Retention::Limits;
        }
        create_as(admin, asked, config).await
    }
}

/// The likely cause: limits that are stored and not applied.
#[derive(Debug)]
pub(super) struct IgnoresLimits;

#[async_trait]
impl Tamper for IgnoresLimits {
    async fn create_stream(&self, admin: &dyn StreamAdmin, asked: StreamConfig) -> Result<StreamInfo> {
        let mut config = asked.clone();
        config.max_messages = Limit::Unlimited;
        config.max_bytes = Limit::Unlimited;
        config.max_age = Limit::Unlimited;
        create_as(admin, asked, config).await
    }
}

/// The likely cause: one behaviour for a full stream.
#[derive(Debug)]
pub(super) struct AlwaysDiscardsOld;

#[async_trait]
impl Tamper for AlwaysDiscardsOld {
    async fn create_stream(&self, admin: &dyn StreamAdmin, asked: StreamConfig) -> Result<StreamInfo> {
        let mut config = asked.clone();
        config.discard = Discard::Old;
        create_as(admin, asked, config).await
    }
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
