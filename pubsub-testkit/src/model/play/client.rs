//! Who carries commands out: [`Client`].

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pubsub_core::{Broker, Consumer, ConsumerName, Delivery, Publisher, Retry};
use tokio::time::Instant;

use crate::check::CaseResult;
use crate::trial::{Faults, TestConsumer, Trial};

/// Between two tries to open a consumer.
const PAUSE: Duration = Duration::from_millis(50);

/// A delivery that somebody holds.
#[derive(Debug)]
pub(super) struct Holding {
    pub(super) client: usize,
    pub(super) delivery: Delivery,
}

/// The deliveries that are held, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Held(Mutex<Vec<Holding>>);

impl Held {
    pub(super) fn add(&self, client: usize, deliveries: Vec<Delivery>) {
        let holdings = deliveries.into_iter().map(|delivery| Holding { client, delivery });
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(holdings);
    }

    /// Takes one, by a number of any size.
    pub(super) fn take(&self, number: usize) -> Option<Holding> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = number.checked_rem(held.len())?;
        Some(held.remove(place))
    }

    pub(super) fn put_back(&self, holding: Holding) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(holding);
    }

    /// Lets go what a client holds.
    pub(super) fn drop_of(&self, client: usize) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|holding| holding.client != client);
    }

    /// Lets go what a consumer has delivered.
    pub(super) fn drop_from(&self, consumer: &ConsumerName) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|holding| holding.delivery.info().consumer != *consumer);
    }

    pub(super) fn drop_all(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// A connection of its own, with a publisher and a handle on each consumer.
#[derive(Debug)]
pub(super) struct Client {
    broker: Arc<dyn Broker>,
    pub(super) publisher: Arc<dyn Publisher>,
    consumers: Vec<Arc<dyn Consumer>>,
}

impl Client {
    pub(super) async fn connect(
        trial: &Trial,
        faults: Option<&Faults<'_>>,
        consumers: &[TestConsumer<'_>],
    ) -> CaseResult<Self> {
        let broker = match faults {
            Some(faults) => faults.connect().await?,
            None => trial.another_connection().await?,
        };
        let mut client = Self { publisher: broker.publisher(), broker, consumers: Vec::new() };
        client.open(trial, consumers).await?;
        Ok(client)
    }

    /// Opens the consumers anew, as after one was deleted and made again.
    pub(super) async fn open(&mut self, trial: &Trial, consumers: &[TestConsumer<'_>]) -> CaseResult {
        self.consumers.clear();
        for consumer in consumers {
            let opened = self.open_one(trial, consumer).await?;
            self.consumers.push(opened);
        }
        Ok(())
    }

    /// Opens one, however long a fault still has an effect.
    async fn open_one(&self, trial: &Trial, consumer: &TestConsumer<'_>) -> CaseResult<Arc<dyn Consumer>> {
        let began = Instant::now();
        loop {
            match self.broker.consumer(consumer.stream(), consumer.name()).await {
                Err(error) if error.retry() == Retry::Later && began.elapsed() < trial.patience() => {
                    trial.pass(PAUSE).await;
                }
                opened => return Ok(opened?),
            }
        }
    }

    pub(super) fn consumer(&self, number: usize) -> Option<&Arc<dyn Consumer>> {
        self.consumers.get(number)
    }

    /// After a fault a close may say that it could not have everything confirmed.
    pub(super) async fn close(self) {
        let _ = self.broker.close().await;
    }
}
