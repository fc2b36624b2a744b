use std::any::Any;
use std::sync::Arc;

use async_trait::async_trait;
use pubsub_core::{
    Broker, Capabilities, Consumer, ConsumerName, CoreMessaging, Health, Publisher, Result, StreamAdmin,
    StreamName,
};

use super::Tamper;
use super::admin::TamperedAdmin;
use super::consumer::TamperedConsumer;
use super::core::TamperedCore;
use super::publisher::TamperedPublisher;

#[derive(Debug)]
pub(super) struct TamperedBroker {
    inner: Arc<dyn Broker>,
    tamper: Arc<dyn Tamper>,
}

impl TamperedBroker {
    pub(super) fn new(inner: Arc<dyn Broker>, tamper: Arc<dyn Tamper>) -> Self {
        Self { inner, tamper }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Broker for TamperedBroker {
    fn capabilities(&self) -> Capabilities {
        self.tamper.capabilities(self.inner.capabilities())
    }

    fn publisher(&self) -> Arc<dyn Publisher> {
        Arc::new(TamperedPublisher::new(self.inner.publisher(), Arc::clone(&self.tamper)))
    }

    async fn consumer(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<Arc<dyn Consumer>> {
        let inner = self.tamper.open(self.inner.as_ref(), stream, consumer).await?;
        Ok(Arc::new(TamperedConsumer::new(inner, Arc::clone(&self.tamper))))
    }

    fn admin(&self) -> Option<Arc<dyn StreamAdmin>> {
        self.tamper.gives_administration();
        let inner = self.inner.admin()?;
        Some(Arc::new(TamperedAdmin::new(inner, Arc::clone(&self.tamper))))
    }

    fn core(&self) -> Option<Arc<dyn CoreMessaging>> {
        let inner = self.inner.core()?;
        Some(Arc::new(TamperedCore::new(inner, Arc::clone(&self.tamper))))
    }

    async fn health(&self) -> Health {
        self.tamper.health(self.inner.health().await)
    }

    async fn close(&self) -> Result<()> {
        self.tamper.close(self.inner.as_ref()).await
    }

    fn native(&self) -> Option<&dyn Any> {
        self.inner.native()
    }
}
