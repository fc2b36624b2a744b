//! Plain messaging through one connection: [`MemoryCore`].

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt as _};
use pubsub_core::{
    Capabilities, CoreMessage, CoreMessaging, CoreSubscribeOptions, Error, Headers, OutboundMessage,
    ReplySubject, RequestManyOptions, Result, SubjectFilter,
};

use super::ask::answers;
use super::inbox::ReplyInbox;
use super::listener::Listener;
use super::subscription::CoreSubscription;
use crate::connection::Connection;
use crate::error;
use crate::stream::Plain;

/// Plain messaging. What is published reaches whoever listens before the call returns, and a stream that takes its subject.
#[derive(Debug)]
pub(crate) struct MemoryCore {
    connection: Arc<Connection>,
}

impl MemoryCore {
    pub(crate) fn new(connection: Arc<Connection>) -> Self {
        Self { connection }
    }

    fn check(&self, message: &OutboundMessage) -> Result<()> {
        self.connection.check_open("broker")?;
        if !message.is_plain() {
            return Err(error::not_plain(&message.subject));
        }
        message.check(self.connection.capabilities())
    }

    /// Sends a request. Nobody hears it, or the answers come to the inbox.
    fn send_request(&self, message: &OutboundMessage) -> Result<Option<ReplyInbox>> {
        self.check(message)?;
        let inbox = ReplyInbox::open(&self.connection)?;
        let heard = self.connection.store.publish_plain(Plain::of(message, Some(inbox.subject().clone())));
        Ok((heard > 0).then_some(inbox))
    }

    async fn ask(&self, message: &OutboundMessage, timeout: Duration) -> Result<CoreMessage> {
        let subject = &message.subject;
        let inbox = self.send_request(message)?.ok_or_else(|| error::nobody_listens(subject))?;
        match tokio::time::timeout(timeout, inbox.next()).await {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => Err(Error::closed("broker")),
            Err(_) => Err(error::nobody_answers(subject, timeout)),
        }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl CoreMessaging for MemoryCore {
    async fn publish(&self, message: OutboundMessage) -> Result<()> {
        // Nothing here ever waits, so that a loop of publishes would otherwise keep listeners from running.
        tokio::task::consume_budget().await;
        self.check(&message).map_err(|error| error.with_operation("publish"))?;
        self.connection.store.publish_plain(Plain::of(&message, None));
        Ok(())
    }

    async fn subscribe(
        &self,
        filter: SubjectFilter,
        options: CoreSubscribeOptions,
    ) -> Result<BoxStream<'static, Result<CoreMessage>>> {
        options.validate().map_err(|error| error.with_operation("subscribe"))?;
        let connection = &self.connection;
        let id = connection.store.next_id();
        let listener = Arc::new(Listener::new(id, connection.id, options.group, options.buffer));
        let store = &connection.store;
        let listens = || store.listeners.listen(&filter, &listener, || connection.is_closed());
        if !store.change_audience(listens) {
            return Err(Error::closed("broker").with_operation("subscribe"));
        }
        Ok(CoreSubscription { connection: Arc::clone(connection), filter, listener }.boxed())
    }

    async fn request(&self, message: OutboundMessage, timeout: Duration) -> Result<CoreMessage> {
        tokio::task::consume_budget().await;
        self.ask(&message, timeout).await.map_err(|error| error.with_operation("request"))
    }

    async fn request_many(
        &self,
        message: OutboundMessage,
        options: RequestManyOptions,
    ) -> Result<BoxStream<'static, Result<CoreMessage>>> {
        tokio::task::consume_budget().await;
        let sent = self.send_request(&message).map_err(|error| error.with_operation("request"))?;
        Ok(match sent {
            Some(inbox) => answers(inbox, &options),
            None => {
                let error = error::nobody_listens(&message.subject).with_operation("request");
                stream::once(async { Err(error) }).boxed()
            }
        })
    }

    async fn respond(&self, to: &ReplySubject, payload: Bytes, headers: Headers) -> Result<()> {
        tokio::task::consume_budget().await;
        let capabilities = self.connection.capabilities();
        self.connection
            .check_open("broker")
            .and_then(|()| check_answer(&payload, &headers, capabilities))
            .map_err(|error| error.with_context("subject", to).with_operation("respond"))?;
        self.connection.store.publish_answer(to, payload, headers);
        Ok(())
    }

    async fn flush(&self) -> Result<()> {
        self.connection.check_open("broker").map_err(|error| error.with_operation("flush"))
    }

    fn capabilities(&self) -> Capabilities {
        self.connection.capabilities()
    }

    fn native(&self) -> Option<&dyn Any> {
        None
    }
}

/// What [`OutboundMessage::check`] refuses, for an answer.
fn check_answer(payload: &Bytes, headers: &Headers, capabilities: Capabilities) -> Result<()> {
    let wire = if headers.is_empty() { 0 } else { headers.wire_len() };
    if let Some(name) = headers.reserved().next() {
        return Err(Error::invalid_input("headers", format!("the header `{name}` is reserved"))
            .with_remedy("use `without_reserved` on received headers"));
    }
    if wire > Headers::MAX_WIRE_LEN {
        let limit = Headers::MAX_WIRE_LEN;
        let message = format!("headers of {wire} bytes are over the limit of {limit}");
        return Err(
            Error::invalid_input("headers", message).with_remedy("move large values into the payload")
        );
    }
    capabilities.require_size(wire + payload.len())
}
