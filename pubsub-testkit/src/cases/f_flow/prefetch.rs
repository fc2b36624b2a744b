//! What a subscription holds ready.

use std::time::Duration;

use pubsub_core::Capability;
use tokio::time::Instant;

use crate::check::{CaseResult, check, check_eq};
use crate::harness::Clock;
use crate::trial::{SettleSurely as _, Trial};

const BUFFER: usize = 8;

/// F6: a slow reader gets no message twice, as long as what it holds ready is settled within half an ack wait; each comes
/// as attempt 1.
pub(crate) async fn does_not_outlive_the_ack_wait(trial: &Trial) -> CaseResult {
    const COUNT: usize = 80;
    // What is held ready is settled within this, and all there is is not. On a real clock with room for a busy machine.
    let (ack_wait, each) = match trial.clock() {
        Clock::Virtual => (trial.ack_wait(), trial.ack_wait() / 2 / u32::try_from(BUFFER).unwrap_or(1)),
        Clock::Real => (Duration::from_secs(2), Duration::from_millis(30)),
    };
    let stream = trial.stream().await?;
    let config = trial.consumer_config("slow")?.with_ack_wait(ack_wait);
    let consumer = trial.create_consumer(&stream, config).await?;
    trial.publish_many("a", COUNT).await?;
    let mut deliveries = consumer.subscribe(BUFFER);
    for sequence in 1..=COUNT as u64 {
        let delivery = deliveries.next().await?;
        let came = (delivery.info().stream_sequence, delivery.info().attempt);
        check_eq!(came, (sequence, 1), "sequence and attempt of what a slow reader gets");
        trial.pass(each).await;
        delivery.ack_confirmed_if_possible(trial).await?;
    }
    consumer.eventually("everything is settled", |info| info.ack_pending == 0 && info.pending == 0).await?;
    check_eq!(consumer.info().await?.delivered.consumer, COUNT as u64, "the deliveries, all told");
    consumer.drained();
    Ok(())
}

/// F7: a reader that stalls holds no more than its buffer, however much is there; it gets the rest when it goes on, and
/// others get it meanwhile.
pub(crate) async fn stalled_reader_holds_its_buffer(trial: &Trial) -> CaseResult {
    const COUNT: usize = 300;
    let stream = trial.stream().await?;
    // Nothing comes again by itself.
    let config = trial.consumer_config("worker")?.with_ack_wait(trial.patience() * 4);
    let consumer = trial.create_consumer(&stream, config).await?;
    let mut stalled = consumer.subscribe(BUFFER);
    trial.publish_many("a", COUNT).await?;
    stalled.next().await?.ack_confirmed_if_possible(trial).await?;

    let until = Instant::now() + trial.ack_wait();
    while Instant::now() < until {
        let info = consumer.info().await?;
        let (held, left) = (info.ack_pending, info.pending);
        check!(held <= BUFFER as u64, "a reader with room for {BUFFER} that stalls holds {held}");
        check!(left >= (COUNT - 2 * BUFFER) as u64, "{left} of {COUNT} are left, and nobody has taken more");
        trial.pass(trial.ack_wait() / 10).await;
    }
    let another = trial.another_connection().await?;
    let other = trial.open(&another, &consumer).await?;
    let taken = other.take_and_ack(100).await?.len();
    // The first one, those, and what it goes on with.
    for _ in 1 + taken..COUNT {
        stalled.next().await?.ack_confirmed_if_possible(trial).await?;
    }
    consumer.eventually("everything is settled", |info| info.ack_pending == 0 && info.pending == 0).await?;
    check!(trial.has(Capability::ConfirmedSettlement) || taken == 100, "what the other one took");
    consumer.drained();
    Ok(())
}
