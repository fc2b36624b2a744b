//! Row 10: confirmed acks, 64 at once.

use crate::contenders::nats::{ours, raw};
use crate::row::{Claim, Metric, Row};

const OURS: &str = "ours, dyn, ack_confirmed";
const RAW: &str = "raw: double_ack";

const AT_ONCE: usize = 64;

pub(super) fn row_10() -> Row {
    Row::new("10", "js.dack", "64 confirmed acks at once, 128 B", 50_000)
        .run(OURS, |messages| ours::confirmed(AT_ONCE, messages))
        .run(RAW, |messages| raw::confirmed(AT_ONCE, messages))
        .claim(Claim::rate(OURS, RAW, 1.05, 1.25).stretch(1.5))
        .claim(Claim::at_most(Metric::Cpu, OURS, RAW, 0.95, 0.75))
}
