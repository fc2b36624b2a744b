//! Publishing to one subject of a stream, and to 10,000 in turn.

use pubsub_core::{OutboundMessage, PublishOptions, Subject};

use crate::Result;
use crate::contenders::{memory, payload};
use crate::row::{Claim, Metric, Row};
use crate::sample::{Sample, Stopwatch};

const ONE: &str = "publish to 1 subject";
const MANY: &str = "publish to 10,000 subjects in turn";

pub(super) fn row() -> Row {
    Row::new("subjects", "scale.subjects", "1 and 10,000 subjects of one stream", 300_000)
        .run(ONE, |messages| publish(1, messages))
        .run(MANY, |messages| publish(10_000, messages))
        // As with streams: the index of 10,000 subjects does not fit into a cache.
        .claim(Claim::at_most(Metric::Time, MANY, ONE, 4.0, 2.0))
}

async fn publish(subjects: u32, messages: u64) -> Result<Sample> {
    let bus = memory::Bus::new().await?;
    let subjects = (0..subjects).map(|number| Subject::new(format!("bench.{number}")));
    let subjects = subjects.collect::<pubsub_core::Result<Vec<Subject>>>()?;
    let payload = payload(128);
    let watch = Stopwatch::start();
    for subject in subjects.iter().cycle().take(usize::try_from(messages)?) {
        let message = OutboundMessage::new(subject.clone(), payload.clone())?;
        bus.publisher.publish_with(message, PublishOptions::default()).await?.await?;
    }
    Ok(watch.stop(messages))
}
