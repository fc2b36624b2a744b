//! Row 11: from publishing all to the ack of all, in one process.

use super::faster;
use crate::contenders::nats::{ours, raw};
use crate::row::Row;

const OURS: &str = "ours, dyn, default settings";
const RAW: &str = "raw: 256 in flight, messages() + ack";

pub(super) fn row_11() -> Row {
    let row = Row::new("11", "js.e2e", "publish, deliver, ack, 128 B", 100_000)
        .run(OURS, ours::end_to_end)
        .run(RAW, raw::end_to_end);
    faster(row, OURS, RAW, [1.0, 1.25, 1.5], [0.85, 0.68, 0.3])
}
