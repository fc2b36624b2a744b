//! Publishing beside messages that have a time to live of their own, and beside schedules: few of them, and many.

use std::time::{Duration, SystemTime};

use pubsub_core::{OutboundMessage, PublishOptions, Schedule, Subject};

use crate::Result;
use crate::contenders::{memory, payload};
use crate::row::{Claim, Metric, Row};
use crate::sample::{Sample, Stopwatch};

const HOUR: Duration = Duration::from_secs(3_600);

const FEW_LIVES: &str = "publish with a time to live beside 1,000 such";
const MANY_LIVES: &str = "publish with a time to live beside 300,000 such";
const FEW_SCHEDULES: &str = "publish beside 10 schedules";
const MANY_SCHEDULES: &str = "publish beside 10,000 schedules";

pub(super) fn lifetimes() -> Row {
    Row::new("ttl", "scale.ttl", "times to live, ordered by their ends", 100_000)
        .run(FEW_LIVES, |messages| mortal(1_000, messages))
        .run(MANY_LIVES, |messages| mortal(300_000, messages))
        .claim(Claim::at_most(Metric::Time, MANY_LIVES, FEW_LIVES, 4.0, 2.0))
}

pub(super) fn schedules() -> Row {
    Row::new("schedules", "scale.schedules", "schedules that are not due", 100_000)
        .run(FEW_SCHEDULES, |messages| beside(10, messages))
        .run(MANY_SCHEDULES, |messages| beside(10_000, messages))
        .claim(Claim::at_most(Metric::Time, MANY_SCHEDULES, FEW_SCHEDULES, 2.0, 1.2))
}

async fn mortal(before: u64, messages: u64) -> Result<Sample> {
    let bus = memory::Bus::with(memory::unlimited("BENCH", "bench.>")?.with_allow_message_ttl()).await?;
    let subject = Subject::new(memory::SUBJECT)?;
    let publish = || {
        let message =
            OutboundMessage::new(subject.clone(), payload(16)).map(|message| message.with_ttl(HOUR));
        async { bus.publisher.publish_with(message?, PublishOptions::default()).await?.await }
    };
    for _ in 0..before {
        publish().await?;
    }
    let watch = Stopwatch::start();
    for _ in 0..messages {
        publish().await?;
    }
    Ok(watch.stop(messages))
}

async fn beside(schedules: u32, messages: u64) -> Result<Sample> {
    let bus = memory::Bus::with(memory::unlimited("BENCH", "bench.>")?.with_allow_schedules()).await?;
    for number in 0..schedules {
        let schedule = Schedule::at(SystemTime::now() + HOUR, memory::SUBJECT)?;
        let message =
            OutboundMessage::new(format!("bench.schedule.{number}"), payload(16))?.with_schedule(schedule);
        bus.publisher.publish_with(message, PublishOptions::default()).await?.await?;
    }
    let watch = Stopwatch::start();
    memory::publish_each(bus.publisher, payload(16), messages).await?;
    Ok(watch.stop(messages))
}
