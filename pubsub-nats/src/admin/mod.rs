//! Administration: [`NatsAdmin`].

mod consumers;
mod details;
mod messages;
mod notes;
mod pause;
mod streams;

use std::any::Any;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use pubsub_core::{
    AccountInfo, Capabilities, ConsumerConfig, ConsumerInfo, ConsumerName, Difference, Error, ErrorKind,
    MessageSelector, Purge, Result, StoredMessage, StreamAdmin, StreamConfig, StreamInfo, StreamName,
    SubjectFilter,
};
use serde::de::DeserializeOwned;

use crate::api::wire::{Page, PageRequest};
use crate::api::{self, Effect, Failure};
use crate::connection::Connection;

#[derive(Debug)]
pub(crate) struct NatsAdmin {
    connection: Arc<Connection>,
}

impl NatsAdmin {
    pub(crate) fn new(connection: Arc<Connection>) -> Self {
        Self { connection }
    }

    /// All pages of a list.
    async fn pages<T: DeserializeOwned>(&self, subject: &str) -> Result<Vec<T>, Failure> {
        let mut items = Vec::new();
        loop {
            let request = PageRequest { offset: items.len() };
            let page: Page<T> = api::call(&self.connection, Effect::Reads, subject, &request).await?;
            let (total, empty) = (page.total, page.items.is_empty());
            items.extend(page.items);
            if empty || items.len() >= total {
                return Ok(items);
            }
        }
    }
}

/// Refuses an echo that is not what was asked for: an older server ignores in silence what it does not know.
fn check_echo(differences: &[Difference]) -> Result<()> {
    if differences.is_empty() {
        return Ok(());
    }
    let listed = differences.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    Err(Error::new(
        ErrorKind::Unsupported,
        format!("the server took the request but not all of it (taken -> asked): {listed}"),
    )
    .with_remedy("use a newer nats-server, look at the account's limits, or ask for what it takes"))
}

/// Adds what an operation was about.
fn about(
    operation: &'static str,
    stream: &StreamName,
    consumer: Option<&ConsumerName>,
) -> impl Fn(Error) -> Error {
    move |error| {
        let error = error.with_operation(operation).with_context("stream", stream);
        match consumer {
            Some(consumer) => error.with_context("consumer", consumer),
            None => error,
        }
    }
}

#[async_trait]
impl StreamAdmin for NatsAdmin {
    fn capabilities(&self) -> Capabilities {
        self.connection.capabilities()
    }

    async fn create_stream(&self, config: StreamConfig) -> Result<StreamInfo> {
        let name = config.name.clone();
        self.create_stream_as(config).await.map_err(about("create stream", &name, None))
    }

    async fn stream_info(&self, stream: &StreamName) -> Result<StreamInfo> {
        self.read_stream(stream).await.map_err(about("stream info", stream, None))
    }

    async fn delete_stream(&self, stream: &StreamName) -> Result<()> {
        self.remove_stream(stream).await.map_err(about("delete stream", stream, None))
    }

    async fn create_consumer(&self, stream: &StreamName, config: ConsumerConfig) -> Result<ConsumerInfo> {
        let name = config.name.clone();
        let created = self.create_consumer_as(stream, config).await;
        created.map_err(about("create consumer", stream, name.as_ref()))
    }

    async fn consumer_info(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<ConsumerInfo> {
        let read = self.read_consumer(stream, consumer).await;
        read.map_err(about("consumer info", stream, Some(consumer)))
    }

    async fn delete_consumer(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<()> {
        let removed = self.remove_consumer(stream, consumer).await;
        removed.map_err(about("delete consumer", stream, Some(consumer)))
    }

    async fn update_stream(&self, config: StreamConfig) -> Result<StreamInfo> {
        let name = config.name.clone();
        self.change_stream(config).await.map_err(about("update stream", &name, None))
    }

    async fn update_consumer(&self, stream: &StreamName, config: ConsumerConfig) -> Result<ConsumerInfo> {
        let name = config.name.clone();
        let changed = self.change_consumer(stream, config).await;
        changed.map_err(about("update consumer", stream, name.as_ref()))
    }

    async fn list_streams(&self) -> Result<Vec<StreamInfo>> {
        self.all_streams().await.map_err(|error| error.with_operation("list streams"))
    }

    async fn list_consumers(&self, stream: &StreamName) -> Result<Vec<ConsumerInfo>> {
        self.all_consumers(stream).await.map_err(about("list consumers", stream, None))
    }

    async fn purge_stream(&self, stream: &StreamName, purge: Purge) -> Result<u64> {
        self.purge(stream, &purge).await.map_err(about("purge stream", stream, None))
    }

    async fn get_message(&self, stream: &StreamName, selector: MessageSelector) -> Result<StoredMessage> {
        self.read_message(stream, &selector).await.map_err(about("get message", stream, None))
    }

    async fn delete_message(&self, stream: &StreamName, sequence: u64) -> Result<()> {
        let removed = self.remove_message(stream, sequence).await;
        removed
            .map_err(|error| about("delete message", stream, None)(error).with_context("sequence", sequence))
    }

    async fn pause_consumer(
        &self,
        stream: &StreamName,
        consumer: &ConsumerName,
        until: SystemTime,
    ) -> Result<()> {
        let paused = self.pause(stream, consumer, Some(until)).await;
        paused.map_err(about("pause consumer", stream, Some(consumer)))
    }

    async fn resume_consumer(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<()> {
        let resumed = self.pause(stream, consumer, None).await;
        resumed.map_err(about("resume consumer", stream, Some(consumer)))
    }

    async fn reset_consumer(
        &self,
        stream: &StreamName,
        consumer: &ConsumerName,
        sequence: Option<u64>,
    ) -> Result<ConsumerInfo> {
        let reset = self.reset(stream, consumer, sequence).await;
        reset.map_err(about("reset consumer", stream, Some(consumer)))
    }

    async fn unpin_consumer(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<()> {
        let unpinned = self.unpin(stream, consumer).await;
        unpinned.map_err(about("unpin consumer", stream, Some(consumer)))
    }

    async fn stream_subjects(
        &self,
        stream: &StreamName,
        filter: SubjectFilter,
    ) -> Result<Vec<(String, u64)>> {
        self.subjects(stream, &filter).await.map_err(about("stream subjects", stream, None))
    }

    async fn deleted_sequences(&self, stream: &StreamName) -> Result<Vec<u64>> {
        self.gaps(stream).await.map_err(about("deleted sequences", stream, None))
    }

    async fn account_info(&self) -> Result<AccountInfo> {
        self.account().await.map_err(|error| error.with_operation("account info"))
    }

    fn native(&self) -> Option<&dyn Any> {
        Some(&self.connection.client)
    }
}
