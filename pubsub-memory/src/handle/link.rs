//! From a handle or a delivery to its consumer.

use std::sync::Arc;
use std::time::Duration;

use pubsub_core::{
    ConsumerName, Error, PullPriority, Result, SequencePair, Settlement, SettlementKind, StreamName,
};
use tokio::time::Instant;

use crate::clock::Clock;
use crate::connection::Connection;
use crate::consumer::Acks;
use crate::stream::{ConsumerKey, Effects, Gone, Stream, StreamState};
use crate::{error, known};

/// Names one consumer, by way of one connection. While one exists the handle counts as open.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) stream: Arc<Stream>,
    /// Its name, in a text of its own: publishers and readers would count references to one in the same place.
    pub(super) stream_name: StreamName,
    pub(super) key: ConsumerKey,
    acks: Arc<Acks>,
    pub(super) consumer: ConsumerName,
    pub(super) connection: Arc<Connection>,
    /// Which handle it is, among all of the store.
    pub(super) id: u64,
    pub(super) clock: Clock,
}

impl Link {
    pub(super) fn open(
        connection: &Arc<Connection>,
        stream: &StreamName,
        consumer: &ConsumerName,
    ) -> Result<Self> {
        connection.check_open("broker")?;
        let stream_name = StreamName::new(stream.as_str().to_owned())?;
        let stream = connection.store.stream(stream)?;
        let (key, acks, clock) = stream.run(|state, now, _| state.open_handle(consumer, now))?;
        Ok(Self {
            stream,
            stream_name,
            key,
            acks,
            consumer: consumer.clone(),
            connection: Arc::clone(connection),
            id: connection.store.next_id(),
            clock,
        })
    }

    pub(super) fn settle(&self, delivery: (SequencePair, u64), settlement: &Settlement) -> Result<()> {
        self.check_settlement(settlement)?;
        let is_plain_ack = !settlement.is_confirmed() && *settlement.kind() == SettlementKind::Ack;
        if is_plain_ack && self.acks.give(delivery.0.stream, || self.stream.last_sequence()) {
            return Ok(());
        }
        if is_plain_ack && self.stream.ack_plain(self.key, delivery.0.stream).is_some() {
            return Ok(());
        }
        self.stream.run_for(self.key, |state, now, effects| {
            self.settle_one(state, delivery, settlement, now, effects)
        })
    }

    /// Settles several deliveries under one lock.
    pub(super) fn settle_all(
        &self,
        deliveries: &[(SequencePair, u64)],
        settlement: &Settlement,
    ) -> Vec<Result<()>> {
        if self.check_settlement(settlement).is_err() {
            return deliveries.iter().map(|_| self.check_settlement(settlement)).collect();
        }
        self.stream.run_for(self.key, |state, now, effects| {
            if *settlement.kind() == SettlementKind::Ack
                && state.ack_all(self.key, deliveries, now, effects).is_some()
            {
                return deliveries.iter().map(|_| Ok(())).collect();
            }
            let settle = |delivery| self.settle_one(state, delivery, settlement, now, effects);
            deliveries.iter().copied().map(settle).collect()
        })
    }

    fn check_settlement(&self, settlement: &Settlement) -> Result<()> {
        let check = self.connection.check_open("broker").and_then(|()| known::settlement(settlement.kind()));
        check.map_err(|error| self.during("settle", error))
    }

    fn settle_one(
        &self,
        state: &mut StreamState,
        delivery: (SequencePair, u64),
        settlement: &Settlement,
        now: Instant,
        effects: &mut Effects,
    ) -> Result<()> {
        match state.settle(self.key, delivery, settlement.kind(), now, effects) {
            Err(_) if settlement.is_confirmed() => Err(self.during("settle", error::nobody_settles())),
            // As with a server: what is handed over and not confirmed may find nobody.
            _ => Ok(()),
        }
    }

    pub(super) fn extend(&self, sequence: u64) -> Result<()> {
        self.connection.check_open("broker").map_err(|error| self.during("extend", error))?;
        // Not confirmed, so that a consumer that is gone is no error.
        let _ = self
            .stream
            .run_for(self.key, |state, now, effects| state.extend(self.key, sequence, now, effects));
        Ok(())
    }

    /// Makes the message of an unsettled delivery available again. A closed connection says nothing any more.
    pub(super) fn give_back(&self, sequence: u64, attempt: u64, delay: Duration) {
        if !self.connection.is_closed() {
            self.stream.run_for(self.key, |state, now, effects| {
                state.give_back(self.key, sequence, attempt, delay, now, effects);
            });
        }
    }

    /// Refuses what this consumer does not take into account.
    pub(super) fn check_priority(&self, priority: &PullPriority) -> Result<()> {
        if priority.is_default() {
            return Ok(());
        }
        let group = self.stream.run(|state, _, _| state.group(self.key)).map_err(|gone| self.gone(gone))?;
        priority.check(group.as_ref())
    }

    pub(super) fn gone(&self, gone: Gone) -> Error {
        match gone {
            Gone::Stream => Error::stream_not_found(self.stream.name()),
            Gone::Consumer => Error::consumer_not_found(self.stream.name(), &self.consumer),
            Gone::Acks => error::nobody_settles(),
        }
    }

    pub(super) fn during(&self, operation: &'static str, error: Error) -> Error {
        error
            .with_operation(operation)
            .with_context("stream", self.stream.name())
            .with_context("consumer", &self.consumer)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.stream.run_for(self.key, |state, now, _| state.close_handle(self.key, now));
    }
}
