//! Administration of the store's streams and consumers.

use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use pubsub_core::{
    AccountInfo, Capabilities, Capability, ConsumerConfig, ConsumerInfo, ConsumerName, ErrorKind,
    MessageSelector, Purge, Result, StoredMessage, StreamAdmin, StreamConfig, StreamInfo, StreamName,
    SubjectFilter,
};

use crate::connection::Connection;
use crate::stream::{Stream, StreamState};

/// Administration through one connection.
#[derive(Debug)]
pub(crate) struct MemoryStreamAdmin {
    connection: Arc<Connection>,
}

impl MemoryStreamAdmin {
    pub(crate) fn new(connection: Arc<Connection>) -> Self {
        Self { connection }
    }

    fn stream(&self, name: &StreamName) -> Result<Arc<Stream>> {
        self.connection.check_open("administration")?;
        self.connection.store.stream(name)
    }

    /// The same for what not every version of a server can do.
    fn stream_with(&self, capability: Capability, name: &StreamName) -> Result<Arc<Stream>> {
        self.connection.capabilities().require(capability)?;
        self.stream(name)
    }
}

fn during<T>(operation: &'static str, result: Result<T>) -> Result<T> {
    result.map_err(|error| error.with_operation(operation))
}

#[async_trait]
impl StreamAdmin for MemoryStreamAdmin {
    fn capabilities(&self) -> Capabilities {
        self.connection.capabilities()
    }

    async fn create_stream(&self, config: StreamConfig) -> Result<StreamInfo> {
        let open = self.connection.check_open("administration");
        let open = open.and_then(|()| config.check(self.connection.capabilities()));
        during("create stream", open.and_then(|()| self.connection.store.create_stream(config)))
    }

    async fn stream_info(&self, stream: &StreamName) -> Result<StreamInfo> {
        during("stream info", self.stream(stream).and_then(|stream| stream.run(|state, _, _| state.info())))
    }

    async fn delete_stream(&self, stream: &StreamName) -> Result<()> {
        let open = self.connection.check_open("administration");
        during("delete stream", open.and_then(|()| self.connection.store.delete_stream(stream)))
    }

    async fn create_consumer(&self, stream: &StreamName, config: ConsumerConfig) -> Result<ConsumerInfo> {
        let result = config
            .check(self.connection.capabilities())
            .and_then(|()| self.stream(stream))
            .and_then(|stream| stream.run(|state, now, effects| state.create_consumer(config, now, effects)));
        during("create consumer", result.map_err(|error| error.with_context("stream", stream)))
    }

    async fn consumer_info(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<ConsumerInfo> {
        let result = self
            .stream(stream)
            .and_then(|stream| stream.run(|state, now, effects| state.consumer_info(consumer, now, effects)));
        during("consumer info", result)
    }

    async fn delete_consumer(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<()> {
        let result = self
            .stream(stream)
            .and_then(|stream| stream.run(|state, _, effects| state.delete_consumer(consumer, effects)));
        during("delete consumer", result)
    }

    async fn update_stream(&self, config: StreamConfig) -> Result<StreamInfo> {
        let open = self.connection.check_open("administration");
        let open = open.and_then(|()| config.check(self.connection.capabilities()));
        during("update stream", open.and_then(|()| self.connection.store.update_stream(config)))
    }

    async fn update_consumer(&self, stream: &StreamName, config: ConsumerConfig) -> Result<ConsumerInfo> {
        let result = config
            .check(self.connection.capabilities())
            .and_then(|()| self.stream(stream))
            .and_then(|stream| stream.run(|state, now, effects| state.update_consumer(config, now, effects)));
        during("update consumer", result.map_err(|error| error.with_context("stream", stream)))
    }

    async fn list_streams(&self) -> Result<Vec<StreamInfo>> {
        during("list streams", self.connection.check_open("administration"))?;
        let infos =
            self.connection.store.streams().into_iter().map(|stream| stream.run(|state, _, _| state.info()));
        // One that is deleted meanwhile is not there any more.
        let infos =
            infos.filter(|info| !info.as_ref().is_err_and(|error| error.kind() == ErrorKind::NotFound));
        during("list streams", infos.collect())
    }

    async fn list_consumers(&self, stream: &StreamName) -> Result<Vec<ConsumerInfo>> {
        let result = self.stream(stream).and_then(|stream| stream.run(StreamState::list_consumers));
        during("list consumers", result)
    }

    async fn purge_stream(&self, stream: &StreamName, purge: Purge) -> Result<u64> {
        let result = self
            .stream(stream)
            .and_then(|stream| stream.run(|state, now, effects| state.purge(&purge, now, effects)));
        during("purge stream", result)
    }

    async fn get_message(&self, stream: &StreamName, selector: MessageSelector) -> Result<StoredMessage> {
        let result =
            self.stream(stream).and_then(|stream| stream.run(|state, _, _| state.get_message(&selector)));
        during("get message", result)
    }

    async fn delete_message(&self, stream: &StreamName, sequence: u64) -> Result<()> {
        let result =
            self.stream(stream).and_then(|stream| stream.run(|state, _, _| state.delete_message(sequence)));
        during("delete message", result)
    }

    async fn pause_consumer(
        &self,
        stream: &StreamName,
        consumer: &ConsumerName,
        until: SystemTime,
    ) -> Result<()> {
        let result = self.stream_with(Capability::Pause, stream).and_then(|stream| {
            stream.run(|state, now, effects| state.pause_consumer(consumer, until, now, effects))
        });
        during("pause consumer", result)
    }

    async fn resume_consumer(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<()> {
        let result = self.stream_with(Capability::Pause, stream).and_then(|stream| {
            stream.run(|state, now, effects| state.resume_consumer(consumer, now, effects))
        });
        during("resume consumer", result)
    }

    async fn reset_consumer(
        &self,
        stream: &StreamName,
        consumer: &ConsumerName,
        sequence: Option<u64>,
    ) -> Result<ConsumerInfo> {
        let result = self.stream_with(Capability::Reset, stream).and_then(|stream| {
            stream.run(|state, now, effects| state.reset_consumer(consumer, sequence, now, effects))
        });
        during("reset consumer", result)
    }

    async fn unpin_consumer(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<()> {
        let result = self.stream(stream).and_then(|stream| {
            stream.run(|state, now, effects| state.unpin_consumer(consumer, now, effects))
        });
        during("unpin consumer", result)
    }

    async fn stream_subjects(
        &self,
        stream: &StreamName,
        filter: SubjectFilter,
    ) -> Result<Vec<(String, u64)>> {
        let result = self.stream(stream).and_then(|stream| stream.run(|state, _, _| state.subjects(&filter)));
        during("stream subjects", result)
    }

    async fn deleted_sequences(&self, stream: &StreamName) -> Result<Vec<u64>> {
        let result =
            self.stream(stream).and_then(|stream| stream.run(|state, _, _| state.deleted_sequences()));
        during("deleted sequences", result)
    }

    async fn account_info(&self) -> Result<AccountInfo> {
        let open = self.connection.check_open("administration");
        during("account info", open.and_then(|()| self.connection.store.account()))
    }

    fn native(&self) -> Option<&dyn std::any::Any> {
        None
    }
}
