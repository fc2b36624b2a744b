//! Provisioning by an explicit mode: [`StreamAdminExt`].

use async_trait::async_trait;

use super::{ConsumerConfig, ConsumerInfo, Provision, StreamAdmin, StreamConfig, StreamInfo};
use crate::name::StreamName;
use crate::{ErrorKind, Result};

/// Provisioning over [`StreamAdmin`], for every backend. Do not implement it.
#[async_trait]
pub trait StreamAdminExt: StreamAdmin {
    /// Makes sure that a stream exists as configured, the way that `provision` allows. Idempotent; call it once at
    /// the start, not per publish.
    ///
    /// # Errors
    /// With [`Provision::Never`]: `NotFound` if the stream is missing. With `Never` and `CreateIfMissing`:
    /// `AlreadyExists` if it differs; the error prints each difference. Otherwise as
    /// [`create_stream`](StreamAdmin::create_stream) and [`update_stream`](StreamAdmin::update_stream).
    ///
    /// # Cancel safety
    /// Dropped before completion, the stream was either made (or changed) or not.
    async fn ensure_stream(&self, config: StreamConfig, provision: Provision) -> Result<StreamInfo> {
        config.validate()?;
        let existing = match self.stream_info(&config.name).await {
            Ok(existing) => existing,
            Err(missing) if missing.kind() != ErrorKind::NotFound => return Err(missing),
            Err(missing) if provision == Provision::Never => return Err(missing),
            Err(_) => return self.create_stream(config).await,
        };
        let differences = config.differences(&existing.config);
        if differences.is_empty() {
            return Ok(existing);
        }
        if provision == Provision::Update {
            return self.update_stream(config).await;
        }
        Err(config.differs(&differences).with_operation("ensure stream"))
    }

    /// Makes sure that a consumer exists as configured, the way that `provision` allows. An ephemeral consumer without
    /// a name is always made anew.
    ///
    /// # Errors
    /// As [`ensure_stream`](Self::ensure_stream), and as [`create_consumer`](StreamAdmin::create_consumer) and
    /// [`update_consumer`](StreamAdmin::update_consumer).
    ///
    /// # Cancel safety
    /// Dropped before completion, the consumer was either made (or changed) or not.
    async fn ensure_consumer(
        &self,
        stream: &StreamName,
        config: ConsumerConfig,
        provision: Provision,
    ) -> Result<ConsumerInfo> {
        config.validate()?;
        let Some(name) = &config.name else {
            return self.create_consumer(stream, config).await;
        };
        let existing = match self.consumer_info(stream, name).await {
            Ok(existing) => existing,
            Err(missing) if missing.kind() != ErrorKind::NotFound => return Err(missing),
            Err(missing) if provision == Provision::Never => return Err(missing),
            Err(_) => return self.create_consumer(stream, config).await,
        };
        let differences = config.differences(&existing.config);
        if differences.is_empty() {
            return Ok(existing);
        }
        if provision == Provision::Update {
            return self.update_consumer(stream, config).await;
        }
        Err(config
            .differs(stream, &differences)
            .with_operation("ensure consumer"))
    }
}

impl<A: StreamAdmin + ?Sized> StreamAdminExt for A {}
