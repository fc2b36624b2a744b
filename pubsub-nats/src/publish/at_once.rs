//! A publish that has nothing to wait for: [`at_once`].

use futures::FutureExt as _;
use pubsub_core::{Confirm, Error, OutboundMessage, PendingReceipt, PublishOptions, Result};

use super::dispatch::{no_room, send};
use super::{Begun, wire_headers, wire_size, wire_subject};
use crate::connection::Connection;

/// What came of it.
pub(super) enum AtOnce {
    /// It is handed over, or never will be.
    Done(Result<PendingReceipt>),
    /// There is something to wait for, or something stands before it: it goes the long way.
    Later(OutboundMessage),
}

/// Hands a publish over if the connection, the window and the queue take it now, as they mostly do: no timer is set, and no
/// future is made for what does not wait.
pub(super) fn at_once(
    connection: &Connection,
    message: OutboundMessage,
    options: &PublishOptions,
    begun: Begun,
) -> AtOnce {
    let has_its_turn = options.confirm != Confirm::StoredOnly
        && connection.lanes.are_empty()
        && !connection.outbox.is_closed()
        && connection.is_connected();
    let room = has_its_turn.then(|| connection.window.try_reserve(wire_size(&message))).flatten();
    let Some(room) = room else { return AtOnce::Later(message) };
    let (to, headers) = match wire_subject(&message.subject).and_then(|to| Ok((to, wire_headers(&message)?)))
    {
        Ok(prepared) => prepared,
        Err(error) => return AtOnce::Done(Err(error)),
    };
    let payload = message.payload.clone();
    let (mut pending, mut publish) = begun.in_flight(connection, message, room);
    publish.handed_over = true;
    let first_look = publish.first_look_from(begun.at);
    let Some(ticket) = connection.publishes.register(first_look, |_| publish) else {
        return AtOnce::Done(Err(no_room(connection)));
    };
    let reply = ticket.reply_subject(&connection.publish_prefix);
    match send(connection, to, reply, headers, payload).now_or_never() {
        Some(Ok(())) => {
            ticket.sent();
            AtOnce::Done(pending.take())
        }
        Some(Err(error)) => {
            drop(ticket.withdraw());
            AtOnce::Done(Err(error))
        }
        // The queue is full, or this task has had its turn. Nothing was handed over.
        None => match ticket.withdraw() {
            Some(publish) => AtOnce::Later(publish.message),
            None => AtOnce::Done(Err(Error::closed("connection"))),
        },
    }
}
