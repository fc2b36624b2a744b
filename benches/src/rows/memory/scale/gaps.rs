//! Consuming messages that lie side by side, and messages with a thousand deleted ones between each and the next.

use std::sync::Arc;

use pubsub_core::{OutboundMessage, PublishOptions, Subject};

use crate::Result;
use crate::contenders::{memory, payload};
use crate::row::{Claim, Metric, Row};
use crate::sample::{Sample, Stopwatch};

const NONE: &str = "fetch, ack without gaps";
const WIDE: &str = "fetch, ack over gaps of 1,000 sequences";

const GAP: u64 = 1_000;

pub(super) fn row() -> Row {
    Row::new("gaps", "scale.gaps", "what a gap in the sequences costs a reader", 2_000)
        .run(NONE, |messages| over(0, messages))
        .run(WIDE, |messages| over(GAP, messages))
        .claim(Claim::at_most(Metric::Time, WIDE, NONE, 4.0, 2.0))
}

async fn over(gap: u64, messages: u64) -> Result<Sample> {
    let bus = memory::Bus::new().await?;
    let (kept, gone) = (Subject::new(memory::SUBJECT)?, Subject::new("bench.gone")?);
    let publish = |subject: &Subject| {
        let message = OutboundMessage::new(subject.clone(), payload(16));
        async { bus.publisher.publish_with(message?, PublishOptions::default()).await?.await }
    };
    for _ in 0..messages {
        for _ in 0..gap {
            publish(&gone).await?;
        }
        publish(&kept).await?;
    }
    let purge = pubsub_core::Purge::all().with_filter("bench.gone")?;
    bus.admin.purge_stream(&bus.stream, purge).await?;
    let consumer = bus.consumer("reader", None).await?;
    let watch = Stopwatch::start();
    memory::consume_batches(Arc::clone(&consumer), messages).await?;
    Ok(watch.stop(messages))
}
