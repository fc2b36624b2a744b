//! A message that the worker has and has not settled: [`Held`].

use tokio::time::Instant;

use crate::message::Delivery;

/// A message that is handled, or waits to be.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) delivery: Delivery,
    /// Which attempt it is, those in this process that the broker has not counted included.
    pub(super) attempt: u64,
    /// Whose lane it has, or waits for.
    pub(super) key: Option<String>,
    /// When its ack wait began.
    pub(super) leased: Instant,
    /// When its attempt began.
    pub(super) began: Instant,
    /// Whether a task works on it.
    pub(super) is_busy: bool,
}

impl Held {
    /// What came at this time.
    pub(super) fn new(delivery: Delivery, key: Option<String>, now: Instant) -> Self {
        let attempt = delivery.info().attempt;
        Self { delivery, attempt, key, leased: now, began: now, is_busy: false }
    }

    /// Takes a later delivery of the same message: its ack wait had passed before it was extended. JetStream settles by
    /// the message's sequence, so either would do; the later one counts where deliveries are told apart.
    pub(super) fn adopt(&mut self, later: Delivery) {
        let earlier = std::mem::replace(&mut self.delivery, later);
        earlier.into_message().abandon();
        self.leased = Instant::now();
    }
}
