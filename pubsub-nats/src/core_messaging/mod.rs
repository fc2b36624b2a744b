//! Plain messages, without a stream: [`NatsCore`].

mod buffer;
mod listen;
mod request_many;

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use async_nats::{HeaderMap, Message, Subject};
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use pubsub_core::{
    Capabilities, CoreMessage, CoreMessaging, CoreSubscribeOptions, Error, ErrorKind, Headers,
    OutboundMessage, ReplySubject, RequestManyOptions, Result, SubjectFilter,
};

use crate::connection::{Connection, Phase, send_failed};
use crate::message::received_headers;
use crate::publish::{plain_headers, wire_headers, wire_subject};

/// The longest wait that tokio's clock can add to any instant.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);
/// The status by which a server says that nobody listens.
const NO_RESPONDERS: u16 = 503;

#[derive(Debug)]
pub(crate) struct NatsCore {
    connection: Arc<Connection>,
}

/// A message that may be sent.
struct Ready {
    subject: Subject,
    headers: Option<HeaderMap>,
    payload: Bytes,
}

impl NatsCore {
    pub(crate) fn new(connection: Arc<Connection>) -> Self {
        Self { connection }
    }

    fn ready(&self, message: OutboundMessage) -> Result<Ready> {
        self.connection.check_open()?;
        if !message.is_plain() {
            let refused = Error::invalid_input("instructions", "a plain message cannot carry instructions");
            return Err(refused.with_remedy("publish it to a stream, with a publisher"));
        }
        message.check(self.connection.capabilities())?;
        self.connection.check_publish(message.subject.as_str())?;
        let (subject, headers) = (wire_subject(&message.subject)?, wire_headers(&message)?);
        Ok(Ready { subject, headers, payload: message.payload })
    }

    async fn send(&self, Ready { subject, headers, payload }: Ready) -> Result<()> {
        let (client, timeout) = (&self.connection.client, self.connection.config.request_timeout);
        let sending = async {
            self.connection.ready(Phase::Closing).await?;
            match headers {
                Some(headers) => client.publish_with_headers(subject, headers, payload).await,
                None => client.publish(subject, payload).await,
            }
            .map_err(send_failed)
        };
        match tokio::time::timeout(timeout, sending).await {
            Ok(sent) => sent,
            Err(_) => Err(self.connection.unreachable_or_late(timeout)),
        }
    }

    async fn ask(&self, message: OutboundMessage, timeout: Duration) -> Result<CoreMessage> {
        let Ready { subject, headers, payload } = self.ready(message)?;
        let answer = self.connection.request_within(timeout.min(LONGEST), subject, headers, payload).await?;
        match answer.status {
            None => Ok(core_message(answer)),
            Some(status) => Err(refused(status.as_u16())),
        }
    }

    async fn answer(&self, to: &ReplySubject, payload: Bytes, headers: &Headers) -> Result<()> {
        self.connection.check_open()?;
        if let Some(name) = headers.reserved().next() {
            let refused = Error::invalid_input("headers", format!("the header `{name}` is reserved"));
            return Err(refused.with_remedy("use `without_reserved` on received headers"));
        }
        let headers_len = if headers.is_empty() { 0 } else { headers.wire_len() };
        self.connection.capabilities().require_size(headers_len + payload.len())?;
        self.connection.check_publish(to.as_str())?;
        let ready = Ready { subject: Subject::from(to.as_str()), headers: plain_headers(headers)?, payload };
        self.send(ready).await
    }
}

/// Nobody listens, or somebody answers with a status that means nothing here.
fn refused(status: u16) -> Error {
    let error = if status == NO_RESPONDERS {
        Error::new(ErrorKind::NotFound, "nobody listens on this subject")
            .with_remedy("start what answers there, or check the subject")
    } else {
        Error::new(ErrorKind::Unexpected, format!("the request was answered with status {status}"))
            .with_effect_unknown()
    };
    error.with_broker_code(status)
}

fn core_message(message: Message) -> CoreMessage {
    let headers = received_headers(message.headers.as_ref());
    // What is no reply subject cannot be answered to.
    let reply = message.reply.and_then(|reply| ReplySubject::new(reply.as_str()).ok());
    CoreMessage::new(message.subject.as_str().into(), reply, headers, message.payload)
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl CoreMessaging for NatsCore {
    async fn publish(&self, message: OutboundMessage) -> Result<()> {
        let subject = message.subject.clone();
        let published = async { self.send(self.ready(message)?).await };
        published
            .await
            .map_err(|error: Error| error.with_operation("publish").with_context("subject", subject))
    }

    async fn subscribe(
        &self,
        filter: SubjectFilter,
        options: CoreSubscribeOptions,
    ) -> Result<BoxStream<'static, Result<CoreMessage>>> {
        let listening = listen::listen(&self.connection, &filter, &options).await;
        listening.map_err(|error| error.with_operation("subscribe").with_context("subject", filter))
    }

    async fn request(&self, message: OutboundMessage, timeout: Duration) -> Result<CoreMessage> {
        let subject = message.subject.clone();
        let answered = self.ask(message, timeout).await;
        answered.map_err(|error| error.with_operation("request").with_context("subject", subject))
    }

    async fn request_many(
        &self,
        message: OutboundMessage,
        options: RequestManyOptions,
    ) -> Result<BoxStream<'static, Result<CoreMessage>>> {
        let subject = message.subject.clone();
        let asked = async { request_many::ask(&self.connection, self.ready(message)?, options).await };
        asked
            .await
            .map_err(|error: Error| error.with_operation("request many").with_context("subject", subject))
    }

    async fn respond(&self, to: &ReplySubject, payload: Bytes, headers: Headers) -> Result<()> {
        let answered = self.answer(to, payload, &headers).await;
        answered.map_err(|error| error.with_operation("respond").with_context("subject", to))
    }

    async fn flush(&self) -> Result<()> {
        self.connection.round_trip().await.map_err(|error| error.with_operation("flush"))
    }

    fn capabilities(&self) -> Capabilities {
        self.connection.capabilities()
    }

    fn native(&self) -> Option<&dyn Any> {
        Some(&self.connection.client)
    }
}
