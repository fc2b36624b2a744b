//! Rows 14 and 16: one producer, one consumer, each message published, taken and acked by itself.

use pubsub_core::Retention;

use crate::contenders::{channels, floor, memory};
use crate::row::{Claim, Row};

const OURS: &str = "ours, dyn, subscribe + ack";
const OMNIQUEUE: &str = "omniqueue 0.3";
const RUSTSTREAM: &str = "ruststream-memory 0.7";

pub(super) fn row_14() -> Row {
    row("14", "mem.ack.1p1c", "1 producer, 1 consumer, 128 B, an ack for each message", 128)
        .claim(Claim::rate(OURS, OMNIQUEUE, 0.6, 1.0).stretch(2.0))
        .claim(Claim::rate(OURS, RUSTSTREAM, 1.0, 1.5))
}

pub(super) fn row_16() -> Row {
    row("16", "mem.ack.1p1c.1KiB", "the same with 1 KiB", 1024)
        .claim(Claim::rate(OURS, OMNIQUEUE, 2.0, 2.8).stretch(4.0))
}

fn row(id: &'static str, name: &'static str, about: &'static str, bytes: usize) -> Row {
    let row = Row::new(id, name, about, 500_000)
        .run(OURS, move |messages| memory::ack_each(memory::unlimited("BENCH", "bench.>"), bytes, messages))
        .run("ours, the same on a work queue", move |messages| {
            let config = memory::unlimited("BENCH", "bench.>");
            memory::ack_each(
                config.map(|config| config.with_retention(Retention::WorkQueue)),
                bytes,
                messages,
            )
        })
        .run("floor: hand-written ack queue, direct", move |messages| floor::shared(1, bytes, messages))
        .run("tokio mpsc(1024), no ack", move |messages| channels::bounded(bytes, messages))
        .run("tokio mpsc unbounded, no ack", move |messages| channels::unbounded(bytes, messages));
    with_peers(row, bytes)
}

#[cfg(pubsub_bench_peers)]
fn with_peers(row: Row, bytes: usize) -> Row {
    use crate::contenders::{omniqueue, ruststream};
    row.run(omniqueue::NAME, move |messages| omniqueue::ack_each(bytes, messages))
        .run(ruststream::NAME, move |messages| ruststream::ack_each(bytes, messages))
}

#[cfg(not(pubsub_bench_peers))]
fn with_peers(row: Row, _: usize) -> Row {
    row
}
