//! Fetches that are bounded by bytes.

use bytes::Bytes;
use pubsub_core::FetchOptions;

use crate::check::{CaseResult, check, check_eq};
use crate::trial::{TestConsumer, Trial};

const SIZE: usize = 1000;
const COUNT: usize = 10;

/// M32: a fetch takes no more bytes than it may, where the backend counts them; what does not fit comes to the next fetch, in
/// order and at its first attempt; a message that alone is larger comes alone and stops nothing.
pub(crate) async fn bound_a_fetch(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    // Longer than the case, so that nothing comes again by itself.
    let config = trial.consumer_config("reader")?.with_ack_wait(trial.patience() * 4);
    let consumer = trial.create_consumer(&stream, config).await?;
    for _ in 0..COUNT {
        trial.publish("a", Bytes::from(vec![b'x'; SIZE])).await?;
    }
    // Room for three payloads, and for what a broker may count beside them.
    let mut came = fetched(trial, &consumer, 3 * SIZE as u64 + SIZE as u64 / 2).await?;
    let counts = came.len() < COUNT;
    check!(!came.is_empty(), "a fetch with room for three messages got none of {COUNT}");
    check!(!counts || came.len() <= 3, "a fetch with room for three messages got {}", came.len());
    while came.len() < COUNT {
        let next = fetched(trial, &consumer, SIZE as u64 / 2).await?;
        check!(
            !next.is_empty(),
            "{} of {COUNT} messages came; the next is larger than its fetch",
            came.len()
        );
        check!(next.len() == 1, "{} messages came together, each larger than their fetch", next.len());
        came.extend(next);
    }
    let expected: Vec<_> = (1..=COUNT as u64).map(|sequence| (sequence, 1)).collect();
    check_eq!(came, expected, "sequences and attempts in the order in which they came");
    consumer.eventually("everything is settled", |info| info.ack_pending == 0 && info.pending == 0).await?;
    consumer.drained();
    Ok(())
}

/// Sequences and attempts of what one fetch got, acked.
async fn fetched(trial: &Trial, consumer: &TestConsumer<'_>, bytes: u64) -> CaseResult<Vec<(u64, u64)>> {
    let options = FetchOptions::up_to(COUNT).with_expires(trial.patience()).with_max_bytes(bytes);
    let mut came = Vec::new();
    for delivery in consumer.handle().fetch(options).await? {
        came.push((delivery.info().stream_sequence, delivery.info().attempt));
        delivery.ack().await?;
    }
    Ok(came)
}
