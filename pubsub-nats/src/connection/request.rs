//! One request, one answer: calls to JetStream's interface and confirmed settlements.

use std::sync::atomic::Ordering;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::{HeaderMap, Message, Subject};
use bytes::Bytes;
use pubsub_core::{Error, ErrorKind, Result};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::events::deaf;
use super::replies::{self, Replies, Unanswered, Waiter};
use super::{Connection, Phase, send_failed};
use crate::api;

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

    /// The same for what was not sent.
    pub(crate) fn into_unsent(self, subject: &str) -> Error {
        match self {
            Self::TimedOut => Error::new(
                ErrorKind::Unavailable,
                "the connection to the server was down, and the message was not sent",
            )
            .with_remedy("publish it again; the connection is made again by itself"),
            Self::Refused => Error::new(
                ErrorKind::PermissionDenied,
                "the server refuses to let this client connect again, and the message was not sent",
            )
            .with_remedy("correct the credentials or the certificate; the connection is then made by itself"),
            Self::Denied | Self::PerhapsDenied => Self::Denied.into_error(subject),
            Self::Deaf => deaf(subject),
            Self::Closed => Error::closed("connection"),
        }
    }
}

/// The place of a request that was sent. Whoever does not wait any more leaves it, so that a close does not wait either.
struct Place<'a> {
    requests: &'a Replies<Request>,
    token: u64,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.requests.end_one(self.token, drop);
    }
}

fn too_many() -> Error {
    Error::new(ErrorKind::Overloaded, "too many requests wait for their answer")
}

impl Connection {
    /// Sends a request and waits for its answer, whatever status the answer has.
    ///
    /// An error after the request was sent has an unknown effect; whoever asks what changes nothing takes the mark off
    /// by not caring.
    pub(crate) async fn request(&self, subject: Subject, payload: Bytes) -> Result<Message> {
        self.request_within(self.config.request_timeout, subject, None, payload).await
    }

    /// As [`request`](Self::request), with headers and a time of its own.
    pub(crate) async fn request_within(
        &self,
        timeout: Duration,
        subject: Subject,
        headers: Option<HeaderMap>,
        payload: Bytes,
    ) -> Result<Message> {
        self.check_not_closed()?;
        self.check_answerable()?;
        let deadline = Instant::now() + timeout;
        self.ready_by(deadline, timeout, Phase::Closed).await?;
        let (answer, answered) = oneshot::channel();
        let to = subject.clone();
        let request = |_| Request { subject: to.clone(), answer };
        let Some(ticket) = self.requests.register(deadline, request) else {
            return Err(too_many());
        };
        let reply = ticket.reply_subject(&self.request_prefix);
        let client = &self.client;
        let sent = match headers {
            Some(headers) => {
                let sending = client.publish_with_reply_and_headers(subject, reply, headers, payload);
                timeout_at(deadline, sending).await
            }
            None => timeout_at(deadline, client.publish_with_reply(subject, reply, payload)).await,
        };
        let _place = match sent {
            Ok(Ok(())) => Place { requests: &self.requests, token: ticket.sent() },
            Ok(Err(error)) => return Err(send_failed(error)),
            Err(_) => return Err(self.unreachable_or_late(timeout)),
        };
        match answered.await {
            Ok(Ok(message)) => Ok(message),
            Ok(Err(Unanswered::TimedOut)) => Err(self.unreachable_or_late(timeout).with_effect_unknown()),
            Ok(Err(why)) => Err(why.into_error(&to)),
            Err(_) => Err(Unanswered::Closed.into_error(&to)),
        }
    }

    /// Waits until the server has read all that was sent before: what is published to an own inbox comes back after it,
    /// and so does the server's word that this is not allowed.
    pub(crate) async fn round_trip(&self) -> Result<()> {
        self.check_not_closed()?;
        if self.echo_is_forbidden.load(Ordering::Relaxed) {
            return match api::account_info(self).await {
                Err(error) if matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Unavailable) => {
                    Err(error)
                }
                // Any answer will do.
                _ => Ok(()),
            };
        }
        self.check_answerable()?;
        let timeout = self.config.request_timeout;
        let deadline = Instant::now() + timeout;
        self.ready_by(deadline, timeout, Phase::Closed).await?;
        let (answer, answered) = oneshot::channel();
        let request =
            |token| Request { subject: replies::reply_subject(&self.request_prefix, token), answer };
        let Some(ticket) = self.requests.register(deadline, request) else {
            return Err(too_many());
        };
        let own = ticket.reply_subject(&self.request_prefix);
        match timeout_at(deadline, self.client.publish(own.clone(), Bytes::new())).await {
            Ok(Ok(())) => {
                ticket.sent();
            }
            Ok(Err(error)) => return Err(send_failed(error)),
            Err(_) => return Err(self.unreachable_or_late(timeout)),
        }
        match answered.await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(Unanswered::Denied | Unanswered::PerhapsDenied)) => {
                self.echo_is_forbidden.store(true, Ordering::Relaxed);
                Ok(())
            }
            Ok(Err(Unanswered::TimedOut)) => Err(self.unreachable_or_late(timeout)),
            Ok(Err(why)) => Err(why.into_error(&own)),
            Err(_) => Err(Error::closed("connection")),
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
