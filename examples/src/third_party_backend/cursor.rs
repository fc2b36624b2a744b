//! The position of a durable consumer: which message it gets next.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use pubsub_core::{ConsumerConfig, ConsumerInfo, DeliveryInfo, SequencePair, StoredMessage};
use tokio::time::Instant;

/// A message goes from `fresh` to `open`, and from there away.
#[derive(Debug)]
pub(super) struct Cursor {
    info: ConsumerInfo,
    fresh: VecDeque<Arc<StoredMessage>>,
    /// By stream sequence.
    open: BTreeMap<u64, Open>,
}

/// A message that was delivered and is not settled.
#[derive(Debug)]
struct Open {
    message: Arc<StoredMessage>,
    last: DeliveryInfo,
    /// When it comes again.
    due: Instant,
}

impl Cursor {
    pub(super) fn new(info: ConsumerInfo) -> Self {
        Self {
            info,
            fresh: VecDeque::new(),
            open: BTreeMap::new(),
        }
    }

    pub(super) fn config(&self) -> &ConsumerConfig {
        &self.info.config
    }

    /// Takes a stored message in, if a filter matches it. Without filters everything matches.
    pub(super) fn offer(&mut self, message: &Arc<StoredMessage>) {
        let filters = &self.info.config.filters;
        if filters.is_empty() || filters.iter().any(|filter| filter.matches(&message.subject)) {
            self.fresh.push_back(Arc::clone(message));
        }
    }

    /// Up to `max` deliveries: first what is due again, the longest waiting first, then what is new.
    pub(super) fn hand_out(&mut self, max: usize) -> Vec<(DeliveryInfo, Arc<StoredMessage>)> {
        let now = Instant::now();
        self.forget_exhausted(now);
        std::iter::from_fn(|| self.next(now)).take(max).collect()
    }

    fn next(&mut self, now: Instant) -> Option<(DeliveryInfo, Arc<StoredMessage>)> {
        let due = self.open.values().filter(|open| open.due <= now);
        let (message, attempt) = match due.min_by_key(|open| (open.due, open.message.sequence)) {
            Some(open) => (Arc::clone(&open.message), open.last.attempt + 1),
            None => (self.fresh.pop_front()?, 1),
        };
        let ConsumerInfo {
            stream,
            name,
            config,
            delivered,
            ..
        } = &mut self.info;
        *delivered = SequencePair::new(delivered.consumer + 1, delivered.stream.max(message.sequence));
        let info = DeliveryInfo::new(
            stream.clone(),
            name.clone(),
            message.sequence,
            delivered.consumer,
            attempt,
            self.fresh.len() as u64,
            message.published_at,
        );
        let open = Open {
            message: Arc::clone(&message),
            last: info.clone(),
            due: now + config.ack_wait,
        };
        self.open.insert(message.sequence, open);
        Some((info, message))
    }

    /// What has had its last attempt stays in the stream and never comes again here.
    fn forget_exhausted(&mut self, now: Instant) {
        let max = self.info.config.max_deliver.at().map_or(u64::MAX, u64::from);
        self.open
            .retain(|_, open| open.due > now || open.last.attempt < max);
    }

    /// Settlements go by sequence, as JetStream's do: one of an older delivery counts, one of a message that is
    /// settled does nothing.
    pub(super) fn ack(&mut self, sequence: u64) {
        self.open.remove(&sequence);
    }

    pub(super) fn nak(&mut self, sequence: u64) {
        if let Some(open) = self.open.get_mut(&sequence) {
            open.due = open.due.min(Instant::now());
        }
    }

    /// When something comes again by itself.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.open.values().map(|open| open.due).min()
    }

    pub(super) fn info(&mut self) -> ConsumerInfo {
        self.forget_exhausted(Instant::now());
        let mut info = self.info.clone();
        info.pending = self.fresh.len() as u64;
        info.ack_pending = self.open.len() as u64;
        info.redelivered = self
            .open
            .values()
            .filter(|open| open.last.is_redelivery())
            .count() as u64;
        info.ack_floor = match self.open.first_key_value() {
            Some((sequence, open)) => SequencePair::new(open.last.consumer_sequence - 1, sequence - 1),
            None => info.delivered,
        };
        info
    }
}
