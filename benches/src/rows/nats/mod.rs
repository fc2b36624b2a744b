//! The NATS backend beside async-nats: rows 1 to 13. Each run has a server of its own.

mod allocations;
mod confirmed_acks;
mod consume;
mod end_to_end;
mod latency;
mod publish_concurrent;
mod publish_each;
mod publish_pipelined;

use crate::row::{Claim, Metric, Row};

/// The window of the raw loop that pipelined publishing is compared with.
const RAW_WINDOW: usize = 256;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = vec![publish_each::row_1(), publish_concurrent::row_2(), publish_concurrent::row_3()];
    rows.extend([publish_pipelined::row_4(), publish_pipelined::row_5(), publish_pipelined::row_6()]);
    rows.extend([consume::row_7(), consume::row_8(), consume::row_9_all(), consume::row_9_none()]);
    rows.extend([confirmed_acks::row_10(), end_to_end::row_11(), latency::row_12(), allocations::row_13()]);
    rows
}

/// So many times the rate of another, for at most such a part of its CPU time.
fn faster(row: Row, of: &'static str, against: &'static str, rate: [f64; 3], cpu: [f64; 3]) -> Row {
    let [gate, goal, stretch] = rate;
    let row = row.claim(Claim::rate(of, against, gate, goal).stretch(stretch));
    let [gate, goal, stretch] = cpu;
    row.claim(Claim::at_most(Metric::Cpu, of, against, gate, goal).stretch(stretch))
}
