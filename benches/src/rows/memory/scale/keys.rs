//! Writing keys again, in a stream that keeps the newest message of each: a hundred keys, and a hundred thousand.

use pubsub_core::{OutboundMessage, PublishOptions, Subject};

use crate::Result;
use crate::contenders::{memory, payload};
use crate::row::{Claim, Metric, Row};
use crate::sample::{Sample, Stopwatch};

const FEW: &str = "write 100 keys again and again";
const MANY: &str = "write 100,000 keys again and again";

pub(super) fn row() -> Row {
    Row::new(
        "keys",
        "scale.keys",
        "one message of each subject is kept; each write removes one from the middle",
        300_000,
    )
    .run(FEW, |messages| write(100, messages))
    .run(MANY, |messages| write(100_000, messages))
    // As with subjects: the index does not fit into a cache.
    .claim(Claim::at_most(Metric::Time, MANY, FEW, 6.0, 3.0))
}

async fn write(keys: u32, messages: u64) -> Result<Sample> {
    let bus = memory::Bus::with(memory::unlimited("KEYS", "key.>")?.with_max_messages_per_subject(1)).await?;
    let subjects = (0..keys).map(|number| Subject::new(format!("key.{number}")));
    let subjects = subjects.collect::<pubsub_core::Result<Vec<Subject>>>()?;
    let publish = |subject: &Subject| {
        let message = OutboundMessage::new(subject.clone(), payload(16));
        async { bus.publisher.publish_with(message?, PublishOptions::default()).await?.await }
    };
    for subject in &subjects {
        publish(subject).await?;
    }
    let watch = Stopwatch::start();
    for subject in subjects.iter().cycle().take(usize::try_from(messages)?) {
        publish(subject).await?;
    }
    Ok(watch.stop(messages))
}
