//! The messages of one call that go into a lane together: [`Gathered`].

use std::sync::Arc;

use pubsub_core::{Confirm, OutboundMessage, PublishOptions, Subject};

use super::super::at_once::AtOnce;
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

    /// Takes a message if it may be confirmed with others and there is room for it now.
    pub(in super::super) async fn add(
        &mut self,
        message: OutboundMessage,
        options: &PublishOptions,
        begun: Begun,
    ) -> AtOnce {
        let connection = self.connection;
        let is_asked_for = options.confirm == Confirm::StoredOnly && message.is_plain();
        if !is_asked_for || !connection.is_connected() {
            return AtOnce::Later(message);
        }
        if self.lane.as_ref().is_none_or(|(subject, _)| *subject != message.subject) {
            self.hand_over();
            let lane = connection.lanes.lane_for(connection, &message, options).await;
            self.lane = lane.map(|lane| (message.subject.clone(), lane));
        }
        if self.lane.is_none() {
            return AtOnce::Later(message);
        }
        let Some(room) = connection.window.try_reserve(wire_size(&message)) else {
            return AtOnce::Later(message);
        };
        let (mut receipt, publish) = begun.in_flight(connection, message, room);
        self.queued.push(begun.queued(publish, true));
        AtOnce::Done(receipt.take())
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
