//! Streams.

use pubsub_core::admin::PurgeExtent;
use pubsub_core::{Error, Purge, Result, StreamConfig, StreamInfo, StreamName};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::{NatsAdmin, check_echo, notes};
use crate::api::{self, Effect, STREAM_EXISTS, wire};

/// A stream's configuration with all its fields, also those that this library does not know.
#[derive(Deserialize)]
struct WholeConfig {
    config: Map<String, Value>,
}

impl NatsAdmin {
    pub(super) async fn create_stream_as(&self, config: StreamConfig) -> Result<StreamInfo> {
        self.connection.check_open()?;
        config.check(self.connection.capabilities())?;
        let settings = wire::StreamSettings::try_from(&config)?;
        let subject = format!("STREAM.CREATE.{}", config.name);
        let created: Result<wire::StreamInfo, _> =
            api::call(&self.connection, Effect::Changes, &subject, &settings).await;
        match created {
            Ok(created) => {
                self.connection.known.stream(&config.name);
                echoed(&config, created)
            }
            // The server does not say in what they differ.
            Err(failure) if failure.code == Some(STREAM_EXISTS) => match self.read_stream(&config.name).await
            {
                Ok(existing) => Err(config.differs(&config.differences(&existing.config))),
                Err(_) => Err(failure.into()),
            },
            Err(failure) => Err(failure.into()),
        }
    }

    pub(crate) async fn read_stream(&self, stream: &StreamName) -> Result<StreamInfo> {
        self.connection.check_open()?;
        let subject = format!("STREAM.INFO.{stream}");
        let info: wire::StreamInfo = api::call(&self.connection, Effect::Reads, &subject, &()).await?;
        info.try_into()
    }

    pub(super) async fn remove_stream(&self, stream: &StreamName) -> Result<()> {
        self.connection.check_open()?;
        let subject = format!("STREAM.DELETE.{stream}");
        let _: IgnoredAny = api::call(&self.connection, Effect::Changes, &subject, &()).await?;
        self.connection.known.forget_stream(stream);
        Ok(())
    }

    /// An update replaces the whole configuration, so what this library does not know is kept as it is.
    pub(super) async fn change_stream(&self, config: StreamConfig) -> Result<StreamInfo> {
        self.connection.check_open()?;
        config.check(self.connection.capabilities())?;
        let subject = format!("STREAM.INFO.{}", config.name);
        let WholeConfig { config: mut whole } =
            api::call(&self.connection, Effect::Reads, &subject, &()).await?;
        if let Ok(Value::Object(mut wanted)) = serde_json::to_value(wire::StreamSettings::try_from(&config)?)
        {
            notes::keep_servers_own(&whole, &mut wanted);
            whole.retain(|field, _| !wire::StreamSettings::OPTIONAL_FIELDS.contains(&field.as_str()));
            whole.extend(wanted);
        }
        let subject = format!("STREAM.UPDATE.{}", config.name);
        let updated = api::call(&self.connection, Effect::Changes, &subject, &whole).await?;
        echoed(&config, updated)
    }

    pub(super) async fn all_streams(&self) -> Result<Vec<StreamInfo>> {
        self.connection.check_open()?;
        let listed: Vec<wire::StreamInfo> = self.pages("STREAM.LIST").await?;
        let mut streams = Vec::with_capacity(listed.len());
        for stream in listed {
            let name = stream.config.name.clone();
            match StreamInfo::try_from(stream) {
                Ok(stream) => streams.push(stream),
                // Someone else's, and of a kind that has no words here.
                Err(error) => tracing::warn!(stream = name, %error, "a stream is left out of the list"),
            }
        }
        streams.sort_by(|one, other| one.config.name.cmp(&other.config.name));
        Ok(streams)
    }

    pub(super) async fn purge(&self, stream: &StreamName, purge: &Purge) -> Result<u64> {
        self.connection.check_open()?;
        let (seq, keep) = match purge.extent {
            PurgeExtent::All | PurgeExtent::Keep(0) => (None, None),
            PurgeExtent::UpTo(sequence) => (Some(sequence.max(1)), None),
            PurgeExtent::Keep(messages) => (None, Some(messages)),
            _ => return Err(Error::unsupported("purge")),
        };
        let filter = purge.filter.as_ref().map(AsRef::as_ref);
        let request = wire::PurgeRequest { filter, seq, keep };
        let subject = format!("STREAM.PURGE.{stream}");
        let purged: wire::Purged = api::call(&self.connection, Effect::Changes, &subject, &request).await?;
        Ok(purged.purged)
    }
}

fn echoed(config: &StreamConfig, echo: wire::StreamInfo) -> Result<StreamInfo> {
    let info = StreamInfo::try_from(echo)?;
    check_echo(&config.differences(&info.config))?;
    Ok(info)
}
