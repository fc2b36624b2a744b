//! Listening to plain messages: [`listen`].

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use async_nats::{Subject, Subscriber};
use futures::stream::{BoxStream, Stream, StreamExt as _};
use pubsub_core::{CoreMessage, CoreSubscribeOptions, Error, ErrorKind, Result, SubjectFilter};
use tokio::sync::{broadcast, watch};
use tokio::task::AbortHandle;

use super::buffer::Buffer;
use super::core_message;
use crate::NatsEvent;
use crate::connection::{Connection, Phase, closing};

/// Subscribes, and returns when the server has read that it should.
pub(super) async fn listen(
    connection: &Arc<Connection>,
    filter: &SubjectFilter,
    options: &CoreSubscribeOptions,
) -> Result<BoxStream<'static, Result<CoreMessage>>> {
    connection.check_open()?;
    options.validate()?;
    // Before the subscription, so that its refusal is among what is told.
    let told = connection.listen();
    let subscriber = subscribe(connection, filter, options).await?;
    let buffer = Arc::new(Buffer::new(options.buffer));
    let intake = Intake {
        filter: filter.clone(),
        buffer: Arc::clone(&buffer),
        subscriber,
        told,
        phase: connection.phase(),
    };
    let listening = Listening { buffer, intake: connection.spawn(intake.run()) };
    connection.round_trip().await?;
    match listening.refusal() {
        Some(refusal) => Err(refusal),
        None => Ok(listening.boxed()),
    }
}

async fn subscribe(
    connection: &Connection,
    filter: &SubjectFilter,
    options: &CoreSubscribeOptions,
) -> Result<Subscriber> {
    let (client, subject) = (&connection.client, Subject::from(filter.as_str()));
    let timeout = connection.config.request_timeout;
    let subscribing = async {
        connection.ready(Phase::Closing).await?;
        match &options.group {
            Some(group) => client.queue_subscribe(subject, group.to_string()).await,
            None => client.subscribe(subject).await,
        }
        .map_err(|error| Error::new(ErrorKind::Closed, "the connection is closed").with_source(error))
    };
    match tokio::time::timeout(timeout, subscribing).await {
        Ok(subscribed) => subscribed,
        Err(_) => Err(connection.unreachable_or_late(timeout)),
    }
}

/// Takes messages from async-nats as they come, so that its own buffer, which drops in silence, never fills.
struct Intake {
    filter: SubjectFilter,
    buffer: Arc<Buffer>,
    subscriber: Subscriber,
    told: broadcast::Receiver<NatsEvent>,
    phase: watch::Receiver<Phase>,
}

impl Intake {
    async fn run(mut self) {
        let failure = self.take().await;
        self.buffer.end(failure);
    }

    async fn take(&mut self) -> Option<Error> {
        loop {
            tokio::select! {
                biased;
                () = closing(&mut self.phase) => return None,
                event = self.told.recv() => match event {
                    Ok(NatsEvent::SubscribeDenied { subject }) if subject == self.filter.as_str() => {
                        return Some(denied());
                    }
                    Err(broadcast::error::RecvError::Closed) => return None,
                    _ => {}
                },
                message = self.subscriber.next() => match message {
                    // A status speaks of a request, and nobody made one here.
                    Some(message) if message.status.is_some() => {}
                    Some(message) => self.buffer.push(core_message(message)),
                    None => return None,
                },
            }
        }
    }
}

fn denied() -> Error {
    Error::new(ErrorKind::PermissionDenied, "the server does not allow this client to listen there")
        .with_remedy("grant the subject to this user, in the server's `permissions`")
}

/// What a listener holds. Dropped, it ends the listening.
struct Listening {
    buffer: Arc<Buffer>,
    intake: AbortHandle,
}

impl Listening {
    /// The refusal, if it is known already; one that comes later is an item.
    fn refusal(&self) -> Option<Error> {
        self.buffer.take_failure()
    }
}

impl Stream for Listening {
    type Item = Result<CoreMessage>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.buffer.poll_next(context)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.intake.abort();
    }
}
