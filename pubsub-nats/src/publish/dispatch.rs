//! Handing one publish to the connection: [`dispatch`].

use std::time::Duration;

use async_nats::HeaderMap;
use pubsub_core::{Error, ErrorKind, Result};
use tokio::time::timeout_at;

use super::{InFlight, wire_headers, wire_subject};
use crate::connection::{Connection, Phase, send_failed};

/// What was not handed over: why, and the publish if it is still there.
pub(super) struct Failed {
    pub(super) error: Error,
    pub(super) publish: Option<InFlight>,
}

/// Waits for the connection, and hands the publish over until its deadline; `timeout` is the time it had.
///
/// Dropped before completion, nobody waits for the confirmation.
pub(super) async fn dispatch(
    connection: &Connection,
    mut publish: InFlight,
    timeout: Duration,
) -> Result<(), Failed> {
    let deadline = publish.deadline;
    let prepared = async {
        let to = wire_subject(&publish.message.subject)?;
        let headers = wire_headers(&publish.message)?;
        connection.ready_by(deadline, timeout, Phase::Closed).await?;
        Ok((to, headers))
    };
    let (to, headers) = match prepared.await {
        Ok(prepared) => prepared,
        Err(error) => return Err(Failed { error, publish: Some(publish) }),
    };
    // Behind the gate it waits for its turn, and the courier sends it.
    let is_held = publish.again.is_some() && connection.outbox.is_closed();
    publish.handed_over = !is_held;
    let payload = publish.message.payload.clone();
    let Some(ticket) = connection.publishes.register(publish.first_look(), |_| publish) else {
        return Err(Failed { error: no_room(connection), publish: None });
    };
    if is_held {
        connection.outbox.hold(ticket.sent());
        return Ok(());
    }
    let reply = ticket.reply_subject(&connection.publish_prefix);
    match timeout_at(deadline, send(connection, to, reply, headers, payload)).await {
        Ok(Ok(())) => {
            ticket.sent();
            Ok(())
        }
        Ok(Err(error)) => Err(Failed { error, publish: ticket.withdraw() }),
        Err(_) => Err(Failed { error: connection.unreachable_or_late(timeout), publish: ticket.withdraw() }),
    }
}

/// Puts a message into the connection's queue.
pub(super) async fn send(
    connection: &Connection,
    to: async_nats::Subject,
    reply: async_nats::Subject,
    headers: Option<HeaderMap>,
    payload: bytes::Bytes,
) -> Result<()> {
    let client = &connection.client;
    match headers {
        Some(headers) => client.publish_with_reply_and_headers(to, reply, headers, payload).await,
        None => client.publish_with_reply(to, reply, payload).await,
    }
    .map_err(send_failed)
}

/// Why there was no room for a publish in its time.
pub(super) fn no_room(connection: &Connection) -> Error {
    if !connection.is_connected() {
        return connection.unreachable_or_late(Duration::ZERO);
    }
    let limit = connection.config.max_in_flight;
    Error::new(ErrorKind::Overloaded, "too much is in flight, and none of it was confirmed in time")
        .with_context("max_in_flight", limit)
        .with_remedy("publish more slowly, or raise `max_in_flight` and `max_in_flight_bytes`")
}
