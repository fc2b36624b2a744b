//! The memory backend: rows 14 to 20, and how its costs grow.

mod ack_batches;
mod ack_each;
mod fan_out;
mod footprint;
mod idle_consumers;
mod latency;
mod matching;
mod scale;
mod shared;

use crate::row::Row;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = vec![
        ack_each::row_14(),
        ack_batches::row_15(),
        ack_each::row_16(),
        shared::row_17(),
        fan_out::row_17(),
        matching::row_18(),
        footprint::row_19(),
        idle_consumers::row_20(),
        latency::row(),
    ];
    rows.extend(scale::rows());
    rows
}
