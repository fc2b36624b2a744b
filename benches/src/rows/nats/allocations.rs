//! Row 13: what is allocated for a message, in this process.

use pubsub_core::{AckPolicy, SubscribeOptions};

use super::RAW_WINDOW;
use crate::contenders::nats::{Ids, ours, raw};
use crate::row::{Claim, Metric, Row};

const PUBLISH: &str = "ours, dyn, publish";
const CONSUME: &str = "ours, dyn, subscribe + ack";

pub(super) fn row_13() -> Row {
    Row::new("13", "js.allocations", "per message, no ids, 128 B", 20_000)
        .run(PUBLISH, |messages| ours::sliding(Ids::Off, RAW_WINDOW, messages))
        .run("raw: publish", |messages| raw::sliding(Ids::Off, RAW_WINDOW, messages))
        .run(CONSUME, |messages| ours::consume(AckPolicy::Explicit, SubscribeOptions::default(), messages))
        .run("raw: messages() + ack", |messages| raw::consume(AckPolicy::Explicit, messages))
        .claim(Claim::absolute(Metric::Allocations, PUBLISH, 8.0, 5.0).stretch(1.0))
        .claim(Claim::absolute(Metric::Allocations, CONSUME, 8.0, 5.0).stretch(1.0))
}
