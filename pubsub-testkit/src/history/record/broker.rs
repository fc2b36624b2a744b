use std::any::Any;
use std::sync::Arc;

use async_trait::async_trait;
use pubsub_core::{
    Broker, Capabilities, Consumer, ConsumerName, CoreMessaging, Health, Publisher, Result, StreamAdmin,
    StreamName,
};

use super::admin::RecordedAdmin;
use super::consumer::RecordedConsumer;
use super::core_messaging::RecordedCore;
use super::publisher::RecordedPublisher;
use crate::history::History;
use crate::history::event::{ConsumerKey, Number, What};

/// A connection whose every use is recorded.
#[derive(Debug)]
pub(crate) struct RecordedBroker {
    inner: Arc<dyn Broker>,
    history: History,
    connection: Number,
}

impl RecordedBroker {
    pub(crate) fn new(inner: Arc<dyn Broker>, history: History) -> Self {
        let connection = history.number();
        history.record(What::Connected { connection });
        Self { inner, history, connection }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Broker for RecordedBroker {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn publisher(&self) -> Arc<dyn Publisher> {
        Arc::new(RecordedPublisher::new(self.inner.publisher(), self.history.clone()))
    }

    async fn consumer(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<Arc<dyn Consumer>> {
        let inner = self.inner.consumer(stream, consumer).await?;
        let key = ConsumerKey { stream: stream.clone(), consumer: consumer.clone() };
        Ok(Arc::new(RecordedConsumer {
            inner,
            key,
            connection: self.connection,
            history: self.history.clone(),
        }))
    }

    fn admin(&self) -> Option<Arc<dyn StreamAdmin>> {
        let inner = self.inner.admin()?;
        Some(Arc::new(RecordedAdmin { inner, history: self.history.clone() }))
    }

    fn core(&self) -> Option<Arc<dyn CoreMessaging>> {
        let core = RecordedCore::new(self.inner.core()?, self.history.clone());
        Some(Arc::new(core))
    }

    async fn health(&self) -> Health {
        self.inner.health().await
    }

    async fn close(&self) -> Result<()> {
        self.history.record(What::CloseCalled { connection: self.connection });
        let outcome = self.inner.close().await;
        self.history.record(What::CloseEnded { connection: self.connection });
        outcome
    }

    fn native(&self) -> Option<&dyn Any> {
        self.inner.native()
    }
}
