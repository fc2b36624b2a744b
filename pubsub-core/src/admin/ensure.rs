//! Provisioning by an explicit mode: what [`StreamAdmin::ensure_stream`] and `ensure_consumer` do unless a layer has to
//! do it otherwise.

use super::{ConsumerConfig, ConsumerInfo, Provision, StreamAdmin, StreamConfig, StreamInfo};
use crate::name::StreamName;
use crate::{Error, ErrorKind, Result};

pub(super) async fn stream<A: StreamAdmin + ?Sized>(
    admin: &A,
    config: StreamConfig,
    provision: Provision,
) -> Result<StreamInfo> {
    config.validate()?;
    let existing = match admin.stream_info(&config.name).await {
        Err(missing) if missing.kind() == ErrorKind::NotFound && provision != Provision::Never => {
            match admin.create_stream(config.clone()).await {
                // Somebody else was faster.
                Err(exists) if is_race(&exists, provision) => admin.stream_info(&config.name).await?,
                created => return created,
            }
        }
        existing => existing?,
    };
    match config.must_equal(&existing.config) {
        Ok(()) => Ok(existing),
        Err(_) if provision == Provision::Update => admin.update_stream(config).await,
        Err(differs) => Err(differs.with_operation("ensure stream")),
    }
}

pub(super) async fn consumer<A: StreamAdmin + ?Sized>(
    admin: &A,
    stream: &StreamName,
    config: ConsumerConfig,
    provision: Provision,
) -> Result<ConsumerInfo> {
    config.validate()?;
    let Some(name) = &config.name else {
        return match provision {
            Provision::Never => Err(nameless(stream)),
            _ => admin.create_consumer(stream, config).await,
        };
    };
    let existing = match admin.consumer_info(stream, name).await {
        Err(missing) if missing.kind() == ErrorKind::NotFound && provision != Provision::Never => {
            match admin.create_consumer(stream, config.clone()).await {
                Err(exists) if is_race(&exists, provision) => admin.consumer_info(stream, name).await?,
                created => return created,
            }
        }
        existing => existing?,
    };
    match config.must_equal(stream, &existing.config) {
        Ok(()) => Ok(existing),
        Err(_) if provision == Provision::Update => admin.update_consumer(stream, config).await,
        Err(differs) => Err(differs.with_operation("ensure consumer")),
    }
}

/// What somebody else has just created may differ, and `Update` says what to do then.
fn is_race(error: &Error, provision: Provision) -> bool {
    error.kind() == ErrorKind::AlreadyExists && provision == Provision::Update
}

fn nameless(stream: &StreamName) -> Error {
    Error::config("provision", "a consumer without a name cannot exist already, and nothing may be created")
        .with_operation("ensure consumer")
        .with_context("stream", stream)
        .with_remedy("name the consumer, or allow it to be created")
}
