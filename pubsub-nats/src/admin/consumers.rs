//! Consumers.

use pubsub_core::{ConsumerConfig, ConsumerInfo, ConsumerName, Error, ErrorKind, Result, StreamName};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{NatsAdmin, check_echo, notes};
use crate::api::{
    self, CONSUMER_DOES_NOT_EXIST, CONSUMER_EXISTS, CONSUMER_EXISTS_OTHERWISE, CONSUMER_NOT_FOUND, Effect,
    wire,
};

/// Creates or updates, as the action says; without an action the server would do either.
#[derive(Serialize)]
struct Write<'a, C> {
    stream_name: &'a str,
    config: C,
    action: &'static str,
}

/// A consumer's configuration with all its fields, also those that this library does not know.
#[derive(Deserialize)]
struct WholeConfig {
    config: Map<String, Value>,
}

impl NatsAdmin {
    /// Looks first, then creates strictly: a creation that a server refused could destroy the existing consumer's
    /// state (nats-server pull request 8491).
    pub(super) async fn create_consumer_as(
        &self,
        stream: &StreamName,
        mut config: ConsumerConfig,
    ) -> Result<ConsumerInfo> {
        self.connection.check_open()?;
        config.check(self.connection.capabilities())?;
        let name = match &config.name {
            Some(name) => {
                if let Some(existing) = self.existing(stream, name, &config).await? {
                    return Ok(existing);
                }
                name.clone()
            }
            None => self.unique_name()?,
        };
        config.name = Some(name.clone());
        let settings = wire::ConsumerSettings::try_from(&config)?;
        let write = Write { stream_name: stream.as_str(), config: settings, action: "create" };
        let subject = format!("CONSUMER.CREATE.{stream}.{name}");
        let created: Result<wire::ConsumerInfo, _> =
            api::call(&self.connection, Effect::Changes, &subject, &write).await;
        match created {
            Ok(created) => echoed(&config, created),
            // Somebody was faster.
            Err(failure) if matches!(failure.code, Some(CONSUMER_EXISTS | CONSUMER_EXISTS_OTHERWISE)) => {
                match self.existing(stream, &name, &config).await {
                    Ok(Some(existing)) => Ok(existing),
                    // The server does not say in what they differ.
                    Err(differs) if differs.kind() == ErrorKind::AlreadyExists => Err(differs),
                    Ok(None) | Err(_) => Err(failure.into()),
                }
            }
            Err(failure) => Err(failure.into()),
        }
    }

    /// The consumer of that name if it is as configured, an error if it is not, `None` if there is none.
    async fn existing(
        &self,
        stream: &StreamName,
        name: &ConsumerName,
        config: &ConsumerConfig,
    ) -> Result<Option<ConsumerInfo>> {
        let existing: ConsumerInfo = match api::consumer_info(&self.connection, stream, name).await {
            Ok(existing) => existing.try_into()?,
            Err(failure) if failure.code == Some(CONSUMER_NOT_FOUND) => return Ok(None),
            Err(failure) => return Err(failure.into()),
        };
        config.must_equal(stream, &existing.config)?;
        Ok(Some(existing))
    }

    /// A name for an ephemeral consumer. Made here, so that what is deleted and listed has the name that was asked for.
    fn unique_name(&self) -> Result<ConsumerName> {
        let inbox = self.connection.client.new_inbox();
        ConsumerName::new(inbox.rsplit('.').next().unwrap_or(&inbox))
    }

    pub(super) async fn read_consumer(
        &self,
        stream: &StreamName,
        consumer: &ConsumerName,
    ) -> Result<ConsumerInfo> {
        self.connection.check_open()?;
        api::consumer_info(&self.connection, stream, consumer).await?.try_into()
    }

    pub(super) async fn remove_consumer(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<()> {
        self.connection.check_open()?;
        let subject = format!("CONSUMER.DELETE.{stream}.{consumer}");
        let _: IgnoredAny = api::call(&self.connection, Effect::Changes, &subject, &()).await?;
        self.connection.known.forget_consumer(stream, consumer);
        Ok(())
    }

    /// An update replaces the whole configuration, so what this library does not know is kept as it is.
    pub(super) async fn change_consumer(
        &self,
        stream: &StreamName,
        config: ConsumerConfig,
    ) -> Result<ConsumerInfo> {
        self.connection.check_open()?;
        config.check(self.connection.capabilities())?;
        let Some(name) = &config.name else {
            return Err(Error::config("name", "a consumer without a name cannot be found")
                .with_remedy("name the consumer that is to change"));
        };
        let subject = format!("CONSUMER.INFO.{stream}.{name}");
        let read: Result<WholeConfig, _> = api::call(&self.connection, Effect::Reads, &subject, &()).await;
        let mut whole = match read {
            Ok(read) => read.config,
            Err(failure) if failure.code == Some(CONSUMER_NOT_FOUND) => {
                return Err(Error::new(ErrorKind::NotFound, "the consumer does not exist")
                    .with_broker_code(CONSUMER_DOES_NOT_EXIST)
                    .with_remedy("create it first, or check its name"));
            }
            Err(failure) => return Err(failure.into()),
        };
        if let Ok(Value::Object(mut wanted)) =
            serde_json::to_value(wire::ConsumerSettings::try_from(&config)?)
        {
            notes::keep_servers_own(&whole, &mut wanted);
            keep_other_groups(&whole, &mut wanted);
            whole.retain(|field, _| !wire::ConsumerSettings::FIELDS.contains(&field.as_str()));
            whole.extend(wanted);
        }
        if config.filters.is_empty() {
            // A consumer whose last filter an update removes is no longer told of new messages: its count stands still,
            // and a waiting request gets nothing (measured on nats-server 2.15.1). This filter means the same.
            whole.insert("filter_subject".to_owned(), Value::from(">"));
        }
        let write = Write { stream_name: stream.as_str(), config: whole, action: "update" };
        let subject = format!("CONSUMER.CREATE.{stream}.{name}");
        let updated = api::call(&self.connection, Effect::Changes, &subject, &write).await?;
        echoed(&config, updated)
    }

    pub(super) async fn all_consumers(&self, stream: &StreamName) -> Result<Vec<ConsumerInfo>> {
        self.connection.check_open()?;
        let listed: Vec<wire::ConsumerInfo> = self.pages(&format!("CONSUMER.LIST.{stream}")).await?;
        let mut consumers = Vec::with_capacity(listed.len());
        for consumer in listed {
            let name = consumer.name.clone();
            match ConsumerInfo::try_from(consumer) {
                Ok(consumer) => consumers.push(consumer),
                // Someone else's, and of a kind that has no words here.
                Err(error) => tracing::warn!(consumer = name, %error, "a consumer is left out of the list"),
            }
        }
        consumers.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(consumers)
    }
}

/// A group that has other names besides the one that is known here keeps them.
fn keep_other_groups(whole: &Map<String, Value>, wanted: &mut Map<String, Value>) {
    const GROUPS: &str = "priority_groups";
    let (Some(Value::Array(there)), Some(Value::Array(ours))) = (whole.get(GROUPS), wanted.get(GROUPS))
    else {
        return;
    };
    if there.first() == ours.first() {
        wanted.insert(GROUPS.to_owned(), Value::from(there.clone()));
    }
}

fn echoed(config: &ConsumerConfig, echo: wire::ConsumerInfo) -> Result<ConsumerInfo> {
    let info = ConsumerInfo::try_from(echo)?;
    check_echo(&config.differences(&info.config))?;
    Ok(info)
}
