//! One request, one answer: calls to JetStream's interface and confirmed settlements.

use std::time::Duration;

use async_nats::connection::State;
use async_nats::{Message, Subject};
use bytes::Bytes;
use pubsub_core::{Error, ErrorKind, Result};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::events::deaf;
use super::replies::{Unanswered, Waiter};
use super::{Connection, send_failed};

/// Someone who waits for the answer to a request.
pub(crate) struct Request {
    subject: Subject,
    answer: oneshot::Sender<Result<Message, Unanswered>>,
}

impl Waiter for Request {
    fn subject(&self) -> &str {
        &self.subject
    }

    fn resolve(self, answer: Result<Message, Unanswered>) {
        // Whoever asked may have given up.
        let _ = self.answer.send(answer);
    }
}

impl Unanswered {
    /// The error for who waited, but for a late answer, of which there is more to say.
    pub(crate) fn into_error(self, subject: &str) -> Error {
        const FORBIDDEN: &str = "the server does not allow this client to publish there";
        match self {
            Self::TimedOut => Error::new(ErrorKind::Timeout, "no answer came in time").with_effect_unknown(),
            Self::Denied => Error::new(ErrorKind::PermissionDenied, FORBIDDEN)
                .with_context("subject", subject)
                .with_remedy("grant the subject to this user, in the server's `permissions`"),
            Self::PerhapsDenied => Error::new(ErrorKind::PermissionDenied, FORBIDDEN)
                .with_context("subject", subject)
                .with_remedy(
                    "grant the subject to this user, in the server's `permissions`; they may have changed after this was \
                     done",
                )
                .with_effect_unknown(),
            Self::Deaf => deaf(subject).with_effect_unknown(),
            Self::Refused => Error::new(
                ErrorKind::PermissionDenied,
                "the connection was lost, and the server refuses to let this client connect again",
            )
            .with_remedy("correct the credentials or the certificate; the connection is then made by itself")
            .with_effect_unknown(),
            Self::Closed => Error::closed("connection").with_effect_unknown(),
        }
    }
}

impl Connection {
    /// Sends a request and waits for its answer, whatever status the answer has.
    ///
    /// An error after the request was sent has an unknown effect; whoever asks what changes nothing takes the mark off
    /// by not caring.
    pub(crate) async fn request(&self, subject: Subject, payload: Bytes) -> Result<Message> {
        self.request_within(self.config.request_timeout, subject, payload).await
    }

    pub(super) async fn request_within(
        &self,
        timeout: Duration,
        subject: Subject,
        payload: Bytes,
    ) -> Result<Message> {
        self.check_not_closed()?;
        self.check_answerable().await?;
        let deadline = Instant::now() + timeout;
        let (answer, answered) = oneshot::channel();
        let (request, to) = (Request { subject: subject.clone(), answer }, subject.clone());
        let Some(ticket) = self.requests.register(request, deadline) else {
            return Err(Error::new(ErrorKind::Overloaded, "too many requests wait for their answer"));
        };
        let reply = ticket.reply_subject(&self.request_prefix);
        match timeout_at(deadline, self.client.publish_with_reply(subject, reply, payload)).await {
            Ok(Ok(())) => ticket.sent(),
            Ok(Err(error)) => return Err(send_failed(error)),
            Err(_) => return Err(self.unreachable_or_late(timeout)),
        }
        match answered.await {
            Ok(Ok(message)) => Ok(message),
            Ok(Err(Unanswered::TimedOut)) => Err(self.unreachable_or_late(timeout).with_effect_unknown()),
            Ok(Err(why)) => Err(why.into_error(&to)),
            Err(_) => Err(Unanswered::Closed.into_error(&to)),
        }
    }

    /// Why there was no answer in time.
    pub(crate) fn unreachable_or_late(&self, timeout: Duration) -> Error {
        if let Some(refusal) = self.outage_refusal() {
            return refusal;
        }
        if self.client.connection_state() == State::Connected {
            let after = pubsub_core::config::duration::format(timeout);
            return Error::new(ErrorKind::Timeout, format!("no answer after {after}")).with_remedy(
                "check that the server is not overloaded and that this user may use the subject",
            );
        }
        Error::new(ErrorKind::Unavailable, "the connection to the server is down")
            .with_context("servers", self.config.servers.join(","))
            .with_remedy("it is made again by itself; check that a server is up")
    }
}
