//! Rows 7 to 9: reading a stream that is full, until the server knows every message as settled.

use pubsub_core::{AckPolicy, SubscribeOptions};

use super::faster;
use crate::contenders::nats::{ours, raw};
use crate::row::Row;

const OURS: &str = "ours, dyn, subscribe";
const RAW: &str = "raw: messages()";

const MESSAGES: u64 = 200_000;
/// The most that a subscription may prefetch.
const LARGE: usize = 10_000;

pub(super) fn row_7() -> Row {
    let row = Row::new("7", "js.sub", "explicit acks, default settings, 128 B", MESSAGES)
        .run(OURS, |messages| ours::consume(AckPolicy::Explicit, SubscribeOptions::default(), messages));
    beside_raw(row, AckPolicy::Explicit, [1.0, 1.15, 1.4], [0.95, 0.80, 0.25])
}

pub(super) fn row_8() -> Row {
    let row = Row::new("8", "js.sub.large", "explicit acks, 10,000 prefetched, 128 B", MESSAGES)
        .run(OURS, |messages| ours::consume(AckPolicy::Explicit, large(), messages));
    beside_raw(row, AckPolicy::Explicit, [1.20, 1.35, 1.45], [0.80, 0.65, 0.20])
}

pub(super) fn row_9_all() -> Row {
    let row = Row::new("9", "js.sub.ack-all", "one ack for 100, 10,000 prefetched, 128 B", MESSAGES)
        .run(OURS, |messages| ours::consume(AckPolicy::All, large(), messages));
    beside_raw(row, AckPolicy::All, [1.20, 1.40, 1.9], [0.75, 0.65, 0.21])
}

pub(super) fn row_9_none() -> Row {
    let row = Row::new("9", "js.sub.ack-none", "no acks, 10,000 prefetched, 128 B", MESSAGES)
        .run(OURS, |messages| ours::consume(AckPolicy::None, large(), messages));
    beside_raw(row, AckPolicy::None, [1.20, 1.40, 1.9], [0.75, 0.65, 0.21])
}

fn large() -> SubscribeOptions {
    SubscribeOptions::default().with_buffer(LARGE)
}

fn beside_raw(row: Row, policy: AckPolicy, rate: [f64; 3], cpu: [f64; 3]) -> Row {
    let row = row.run(RAW, move |messages| raw::consume(policy, messages));
    faster(row, OURS, RAW, rate, cpu)
}
