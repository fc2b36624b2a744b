//! Rows 2 and 3: 64 callers that each wait for their own confirmation, as in a web service.

use super::faster;
use crate::contenders::nats::{Ids, ours, raw};
use crate::row::Row;

const OURS: &str = "ours, dyn, default settings";
const TOGETHER: &str = "ours, dyn, confirm: StoredOnly";
const RAW: &str = "raw: 64 tasks, with ids";
const OURS_BARE: &str = "ours, dyn, no retries and no ids";
const TOGETHER_BARE: &str = "ours, dyn, confirm: StoredOnly, no ids";
const RAW_BARE: &str = "raw: 64 tasks, no ids";

const CALLERS: u64 = 64;
const MESSAGES: u64 = 128_000;

pub(super) fn row_2() -> Row {
    let row = Row::new("2", "js.pub.conc", "64 callers, each publish confirmed, any stream, 128 B", MESSAGES)
        .run(OURS, |messages| ours::concurrent(Ids::On, CALLERS, messages))
        .run(RAW, |messages| raw::concurrent(Ids::On, CALLERS, messages))
        .run(OURS_BARE, |messages| ours::concurrent(Ids::Off, CALLERS, messages))
        .run(RAW_BARE, |messages| raw::concurrent(Ids::Off, CALLERS, messages));
    let (rate, cpu) = ([1.0, 1.10, 1.6], [0.90, 0.75, 0.15]);
    faster(faster(row, OURS, RAW, rate, cpu), OURS_BARE, RAW_BARE, rate, cpu)
}

pub(super) fn row_3() -> Row {
    let about = "64 callers, each publish confirmed, a stream that confirms many together, 128 B";
    let row = Row::new("3", "js.pub.conc.together", about, MESSAGES)
        .run(TOGETHER, |messages| ours::concurrent_together(Ids::On, CALLERS, messages))
        .run(RAW, |messages| raw::concurrent(Ids::On, CALLERS, messages))
        .run(TOGETHER_BARE, |messages| ours::concurrent_together(Ids::Off, CALLERS, messages))
        .run(RAW_BARE, |messages| raw::concurrent(Ids::Off, CALLERS, messages));
    let (rate, cpu) = ([1.15, 1.35, 1.8], [0.60, 0.45, 0.30]);
    faster(faster(row, TOGETHER, RAW, rate, cpu), TOGETHER_BARE, RAW_BARE, rate, cpu)
}
