//! Row 15: one producer, one consumer, 64 messages with each call.

use crate::contenders::{floor, memory};
use crate::row::{Claim, Row};

const OURS: &str = "ours, dyn, publish_batch + fetch + settle_many";
const OMNIQUEUE: &str = "omniqueue 0.3";

pub(super) fn row_15() -> Row {
    let row =
        Row::new("15", "mem.ack.1p1c.batches", "1 producer, 1 consumer, 128 B, 64 in a call", 1_000_000)
            .run(OURS, |messages| memory::ack_batches(128, messages))
            .run("floor: batches of 64 in and acked, direct", |messages| {
                floor::shared_batches(1, 128, messages)
            })
            .claim(Claim::rate(OURS, OMNIQUEUE, 1.0, 1.5).stretch(2.2));
    with_peers(row)
}

#[cfg(pubsub_bench_peers)]
fn with_peers(row: Row) -> Row {
    use crate::contenders::omniqueue;
    row.run(omniqueue::NAME, |messages| omniqueue::ack_each(128, messages))
}

#[cfg(not(pubsub_bench_peers))]
fn with_peers(row: Row) -> Row {
    row
}
