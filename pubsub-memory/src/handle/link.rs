//! From a handle or a delivery to its consumer.

use std::sync::Arc;
use std::time::Duration;

use pubsub_core::{ConsumerName, Error, Result, SequencePair, Settlement, StreamName};

use crate::clock::Clock;
use crate::connection::Connection;
use crate::stream::{ConsumerKey, Gone, Stream};
use crate::{error, known};

/// Names one consumer, by way of one connection. While one exists the handle counts as open.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) stream: Arc<Stream>,
    pub(super) key: ConsumerKey,
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
        let stream = connection.store.stream(stream)?;
        let (key, clock) =
            stream.run(|state, now, _| state.open_handle(consumer, now).map(|key| (key, state.clock())))?;
        Ok(Self {
            stream,
            key,
            consumer: consumer.clone(),
            connection: Arc::clone(connection),
            id: connection.store.next_id(),
            clock,
        })
    }

    pub(super) fn settle(&self, delivery: SequencePair, settlement: &Settlement) -> Result<()> {
        self.settle_all(&[delivery], settlement).pop().unwrap_or(Ok(()))
    }

    /// Settles several deliveries under one lock.
    pub(super) fn settle_all(&self, deliveries: &[SequencePair], settlement: &Settlement) -> Vec<Result<()>> {
        let each = |result: &dyn Fn() -> Result<()>| deliveries.iter().map(|_| result()).collect();
        let check =
            || self.connection.check_open("broker").and_then(|()| known::settlement(settlement.kind()));
        if check().is_err() {
            return each(&|| check().map_err(|error| self.during("settle", error)));
        }
        self.stream.run(|state, now, effects| {
            let settle = |delivery: &SequencePair| match state.settle(
                self.key,
                *delivery,
                settlement.kind(),
                now,
                effects,
            ) {
                Err(_) if settlement.is_confirmed() => Err(self.during("settle", error::nobody_settles())),
                // As with a server: what is handed over and not confirmed may find nobody.
                _ => Ok(()),
            };
            deliveries.iter().map(settle).collect()
        })
    }

    pub(super) fn extend(&self, sequence: u64) -> Result<()> {
        self.connection.check_open("broker").map_err(|error| self.during("extend", error))?;
        // Not confirmed, so that a consumer that is gone is no error.
        let _ = self.stream.run(|state, now, effects| state.extend(self.key, sequence, now, effects));
        Ok(())
    }

    /// Makes the message of an unsettled delivery available again. A closed connection says nothing any more.
    pub(super) fn give_back(&self, sequence: u64, attempt: u64, delay: Duration) {
        if !self.connection.is_closed() {
            self.stream.run(|state, now, effects| {
                state.give_back(self.key, sequence, attempt, delay, now, effects);
            });
        }
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
        self.stream.run(|state, now, _| state.close_handle(self.key, now));
    }
}
