//! Publishing to one stream, and to 10,000 in turn.

use pubsub_core::{OutboundMessage, PublishOptions, Subject};

use crate::Result;
use crate::contenders::{memory, payload};
use crate::row::{Claim, Metric, Row};
use crate::sample::{Sample, Stopwatch};

const ONE: &str = "publish to 1 stream";
const MANY: &str = "publish to 10,000 streams in turn";

pub(super) fn row() -> Row {
    Row::new("streams", "scale.streams", "1 and 10,000 streams in one store", 300_000)
        .run(ONE, |messages| publish(1, messages))
        .run(MANY, |messages| publish(10_000, messages))
        // Ten thousand logs do not fit into a cache; what must not be is a cost that grows with their number.
        .claim(Claim::at_most(Metric::Time, MANY, ONE, 8.0, 4.0))
}

async fn publish(streams: u32, messages: u64) -> Result<Sample> {
    let bus = memory::Bus::new().await?;
    let mut subjects = Vec::new();
    for number in 0..streams {
        bus.admin.create_stream(memory::unlimited(&format!("S{number}"), &format!("s{number}.>"))?).await?;
        subjects.push(Subject::new(format!("s{number}.one"))?);
    }
    let payload = payload(128);
    let watch = Stopwatch::start();
    for subject in subjects.iter().cycle().take(usize::try_from(messages)?) {
        let message = OutboundMessage::new(subject.clone(), payload.clone())?;
        bus.publisher.publish_with(message, PublishOptions::default()).await?.await?;
    }
    Ok(watch.stop(messages))
}
