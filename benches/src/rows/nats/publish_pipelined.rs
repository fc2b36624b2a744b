//! Rows 4 to 6: one task, with many publishes in flight, until the last is confirmed.

use super::{RAW_WINDOW, faster};
use crate::contenders::nats::{Ids, ours, raw};
use crate::row::Row;

const OURS: &str = "ours, dyn";
const RAW: &str = "raw: sliding window of 256, with ids";
const OURS_BARE: &str = "ours, dyn, no retries and no ids";
const RAW_BARE: &str = "raw: sliding window of 256, no ids";

const MESSAGES: u64 = 200_000;

pub(super) fn row_4() -> Row {
    let row = Row::new("4", "js.pub.pipe.256", "pipelined, 256 in flight, 128 B", MESSAGES)
        .run(OURS, |messages| ours::sliding(Ids::On, RAW_WINDOW, messages))
        .run(OURS_BARE, |messages| ours::sliding(Ids::Off, RAW_WINDOW, messages));
    beside_raw(row, [1.0, 1.05, 1.35], [0.80, 0.65, 0.20])
}

pub(super) fn row_5() -> Row {
    let row = Row::new("5", "js.pub.pipe", "pipelined, default settings, 128 B", MESSAGES)
        .run(OURS, |messages| ours::by_default(Ids::On, messages))
        .run(OURS_BARE, |messages| ours::by_default(Ids::Off, messages));
    beside_raw(row, [1.20, 1.40, 1.7], [0.65, 0.55, 0.15])
}

pub(super) fn row_6() -> Row {
    let about = "publish_batch of 4,096, confirm: StoredOnly, 128 B";
    let row = Row::new("6", "js.pub.batch", about, MESSAGES)
        .run(OURS, |messages| ours::batches(Ids::On, messages))
        .run(OURS_BARE, |messages| ours::batches(Ids::Off, messages));
    beside_raw(row, [1.50, 1.80, 2.3], [0.45, 0.35, 0.08])
}

fn beside_raw(row: Row, rate: [f64; 3], cpu: [f64; 3]) -> Row {
    let row = row
        .run(RAW, |messages| raw::sliding(Ids::On, RAW_WINDOW, messages))
        .run(RAW_BARE, |messages| raw::sliding(Ids::Off, RAW_WINDOW, messages));
    faster(faster(row, OURS, RAW, rate, cpu), OURS_BARE, RAW_BARE, rate, cpu)
}
