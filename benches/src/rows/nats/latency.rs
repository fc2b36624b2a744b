//! Row 12: how long a message is under way when there is time.

use crate::contenders::nats::{ours, raw};
use crate::row::{Claim, Metric, Row};

const OURS: &str = "ours, dyn, subscribe";
const RAW: &str = "raw: messages()";

pub(super) fn row_12() -> Row {
    Row::new("12", "js.latency", "publish to delivery, 500 messages a second, 128 B", 1_000)
        .run(OURS, ours::latency)
        .run(RAW, raw::latency)
        .claim(Claim::at_most(Metric::P50, OURS, RAW, 1.05, 1.0))
        .claim(Claim::at_most(Metric::P99, OURS, RAW, 1.15, 1.05))
}
