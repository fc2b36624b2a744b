//! Giving a message up.

use crate::check::{CaseResult, check_eq, text};
use crate::trial::Trial;

/// B4: a terminated message never comes again, although it has attempts left; it counts as settled, and others go on.
pub(crate) async fn ends_redelivery(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let config = trial.consumer_config("reader")?.with_max_deliver(5);
    let consumer = trial.create_consumer(&stream, config).await?;
    trial.publish_many("a", 2).await?;
    let mut deliveries = consumer.take(2).await?.into_iter();
    if let Some(first) = deliveries.next() {
        first.term("cannot be processed").await?;
    }
    for other in deliveries {
        other.nak().await?;
    }
    let again = consumer.next().await?;
    check_eq!(
        (text(again.payload()), again.info().attempt),
        ("1".into(), 2),
        "what came after the term and the nak"
    );
    again.ack().await?;
    consumer.eventually("no message is unsettled", |info| info.ack_pending == 0).await?;
    consumer.stays_silent("a").await?;
    consumer.drained();
    Ok(())
}
