//! Row 1: one caller, each publish confirmed before the next.

use super::faster;
use crate::contenders::nats::{Ids, ours, raw};
use crate::row::Row;

const OURS: &str = "ours, dyn, default settings";
const RAW: &str = "raw: send_publish().await?.await?, with an id";
const OURS_BARE: &str = "ours, dyn, no retries and no ids";
const RAW_BARE: &str = "raw: publish().await?.await?, no ids";

pub(super) fn row_1() -> Row {
    let row = Row::new("1", "js.pub.each", "1 caller, each publish confirmed, 128 B", 20_000)
        .run(OURS, |messages| ours::each(Ids::On, messages))
        .run(RAW, |messages| raw::each(Ids::On, messages))
        .run(OURS_BARE, |messages| ours::each(Ids::Off, messages))
        .run(RAW_BARE, |messages| raw::each(Ids::Off, messages));
    let (rate, cpu) = ([0.97, 1.05, 1.12], [1.05, 0.95, 0.80]);
    faster(faster(row, OURS, RAW, rate, cpu), OURS_BARE, RAW_BARE, rate, cpu)
}
