//! The messages of one call that go into a lane together: [`Gathered`].

use std::sync::Arc;

use pubsub_core::{Confirm, OutboundMessage, PendingReceipt, PublishOptions, Subject};

use super::super::in_flight::{Again, InFlight};
use super::super::{Begun, wire_size};
use super::lane::{Lane, Queued};
use crate::connection::Connection;

/// Messages of one call for one lane, which they enter all at once. Dropped, they enter it too: their receipts may be in
/// somebody's hands.
pub(in super::super) struct Gathered<'a> {
    connection: &'a Arc<Connection>,
    /// The lane of the subject that was asked for last.
    lane: Option<(Subject, Arc<Lane>)>,
    queued: Vec<Queued>,
}

impl<'a> Gathered<'a> {
    pub(in super::super) const fn new(connection: &'a Arc<Connection>) -> Self {
        Self { connection, lane: None, queued: Vec::new() }
    }

    /// Takes a message if it may be confirmed with others and there is room for it now; else gives it back.
    pub(in super::super) async fn add(
        &mut self,
        message: OutboundMessage,
        options: &PublishOptions,
        begun: Begun,
    ) -> Result<PendingReceipt, OutboundMessage> {
        let connection = self.connection;
        let is_asked_for = options.confirm == Confirm::StoredOnly && message.is_plain();
        if !is_asked_for || !connection.is_connected() {
            return Err(message);
        }
        if self.lane.as_ref().is_none_or(|(subject, _)| *subject != message.subject) {
            self.hand_over();
            let lane = connection.lanes.lane_for(connection, &message, options).await;
            self.lane = lane.map(|lane| (message.subject.clone(), lane));
        }
        if self.lane.is_none() {
            return Err(message);
        }
        let Some(room) = connection.window.try_reserve(wire_size(&message)) else {
            return Err(message);
        };
        let Begun { again, at: began, timeout } = begun;
        let again = again.map(|id| Again::new(&connection.outbox, id, began, timeout));
        let (receipt, pending) = PendingReceipt::channel();
        let deadline = began + timeout;
        let publish = InFlight { message, receipt, _room: room, deadline, handed_over: false, again };
        self.queued.push(Queued { publish, timeout, began, together: true });
        Ok(pending)
    }

    /// Puts what was taken into its lane.
    pub(in super::super) fn hand_over(&mut self) {
        if let Some((_, lane)) = self.lane.as_ref().filter(|_| !self.queued.is_empty()) {
            lane.add(self.connection, self.queued.drain(..));
        }
    }
}

impl Drop for Gathered<'_> {
    fn drop(&mut self) {
        self.hand_over();
    }
}
