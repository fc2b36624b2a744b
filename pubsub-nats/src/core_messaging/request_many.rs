//! One request, many answers: [`ask`].

use std::sync::Arc;
use std::time::Duration;

use async_nats::{Message, Subject, Subscriber};
use futures::stream::{self, BoxStream, StreamExt as _};
use pubsub_core::{CoreMessage, Error, ErrorKind, RequestManyOptions, Result};
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, sleep_until};

use super::{LONGEST, Ready, core_message, refused};
use crate::NatsEvent;
use crate::connection::{Connection, Phase, Unanswered, closing, send_failed};

pub(super) async fn ask(
    connection: &Arc<Connection>,
    Ready { subject, headers, payload }: Ready,
    options: RequestManyOptions,
) -> Result<BoxStream<'static, Result<CoreMessage>>> {
    connection.check_answerable()?;
    let (client, inbox) = (&connection.client, Subject::from(connection.client.new_inbox()));
    let deadline = Instant::now() + options.timeout.min(LONGEST);
    let told = connection.listen();
    let to = subject.clone();
    let sending = async {
        connection.ready(Phase::Closing).await?;
        let answers = client
            .subscribe(inbox.clone())
            .await
            .map_err(|error| Error::new(ErrorKind::Closed, "the connection is closed").with_source(error))?;
        match headers {
            Some(headers) => client.publish_with_reply_and_headers(to, inbox, headers, payload).await,
            None => client.publish_with_reply(to, inbox, payload).await,
        }
        .map_err(send_failed)?;
        Ok::<_, Error>(answers)
    };
    let timeout = connection.config.request_timeout;
    let answers = match tokio::time::timeout(timeout, sending).await {
        Ok(answers) => answers?,
        Err(_) => return Err(connection.unreachable_or_late(timeout)),
    };
    let state = Answers {
        subject,
        answers,
        told,
        phase: connection.phase(),
        deadline,
        stall: options.stall,
        heard: None,
        remaining: options.max_messages,
        until_empty: options.until_empty,
        ended: false,
        connection: Arc::clone(connection),
    };
    Ok(stream::unfold(state, |mut state| async move {
        let item = state.next().await?;
        Some((item, state))
    })
    .boxed())
}

struct Answers {
    subject: Subject,
    answers: Subscriber,
    told: broadcast::Receiver<NatsEvent>,
    phase: watch::Receiver<Phase>,
    deadline: Instant,
    stall: Option<Duration>,
    /// When the last answer came.
    heard: Option<Instant>,
    remaining: Option<usize>,
    until_empty: bool,
    ended: bool,
    /// The answers come as long as it lives.
    connection: Arc<Connection>,
}

impl Answers {
    async fn next(&mut self) -> Option<Result<CoreMessage>> {
        if self.ended || self.remaining == Some(0) {
            return None;
        }
        let item = self.wait().await;
        self.ended = !matches!(item, Some(Ok(_)));
        item
    }

    async fn wait(&mut self) -> Option<Result<CoreMessage>> {
        let stalled = self.heard.zip(self.stall).map(|(heard, stall)| heard + stall.min(LONGEST));
        let until = stalled.map_or(self.deadline, |stalled| stalled.min(self.deadline));
        loop {
            tokio::select! {
                biased;
                message = self.answers.next() => return self.take(message?),
                () = closing(&mut self.phase) => return None,
                event = self.told.recv() => match event {
                    Ok(NatsEvent::PublishDenied { subject })
                        if self.heard.is_none() && subject == self.subject.as_str() =>
                    {
                        return Some(Err(self.explain(Unanswered::Denied.into_error(&subject))));
                    }
                    Err(broadcast::error::RecvError::Closed) => return None,
                    _ => {}
                },
                () = sleep_until(until) => {
                    // Nobody may have answered because the server could not be reached.
                    let outage = self.connection.outage_refusal().filter(|_| self.heard.is_none());
                    return outage.map(|refusal| Err(self.explain(refusal)));
                }
            }
        }
    }

    fn take(&mut self, message: Message) -> Option<Result<CoreMessage>> {
        if let Some(status) = message.status {
            return Some(Err(self.explain(refused(status.as_u16()))));
        }
        if self.until_empty && message.payload.is_empty() {
            return None;
        }
        self.heard = Some(Instant::now());
        self.remaining = self.remaining.map(|remaining| remaining.saturating_sub(1));
        Some(Ok(core_message(message)))
    }

    fn explain(&self, error: Error) -> Error {
        error.with_operation("request many").with_context("subject", &self.subject)
    }
}
