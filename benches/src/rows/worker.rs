//! What the worker costs beside a loop that one would write by hand.

use crate::contenders::worker::{loop_on_memory, loop_on_nats, worker_on_memory, worker_on_nats};
use crate::row::{Claim, Metric, Row};

const WORKER: &str = "ours: worker";
const BY_HAND: &str = "by hand: subscribe + ack";

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row::new("worker", "worker.overhead.mem", "a full stream in memory, a short handler, 128 B", 500_000)
            .run(WORKER, worker_on_memory)
            .run(BY_HAND, loop_on_memory)
            .claim(Claim::at_most(Metric::Cpu, WORKER, BY_HAND, 1.25, 1.0)),
        Row::new("worker", "worker.overhead.js", "the same on a nats-server", 200_000)
            .run(WORKER, worker_on_nats)
            .run(BY_HAND, loop_on_nats)
            .claim(Claim::at_most(Metric::Cpu, WORKER, BY_HAND, 1.10, 1.0)),
    ]
}
