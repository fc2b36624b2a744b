//! Publishes whose outcome nobody saw.

use futures::FutureExt as _;
use pubsub_core::{OutboundMessage, PublishOptions, PublisherExt as _};

use crate::check::{CaseResult, check, check_eq};
use crate::trial::Trial;

const COUNT: usize = 30;

/// H6: a publish whose outcome was never seen, because its call or its receipt was dropped or its connection closed on it,
/// is made again with its id, and there is one copy, whichever of the two stored it; the receipt says which it was.
pub(crate) async fn retry_gives_one_copy(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    let broker = trial.another_connection().await?;
    let publisher = broker.publisher();
    let message = |number: usize| -> CaseResult<OutboundMessage> {
        Ok(trial.message("a", format!("charge {number}"))?.with_id(format!("charge-{number}"))?)
    };
    for number in 0..COUNT {
        let call = publisher.publish_with(message(number)?, PublishOptions::default());
        match number % 3 {
            0 => drop(call.now_or_never()),
            1 => drop(call.await?),
            // Sent and confirmed, and then the program has forgotten it.
            _ => drop(call.await?.await?),
        }
    }
    broker.close().await?;

    let mut duplicates = 0;
    for number in 0..COUNT {
        let receipt = trial.publisher().publish_message(message(number)?).await?;
        let again = trial.publisher().publish_message(message(number)?).await?;
        check!(again.is_duplicate(), "the second copy of charge {number} was not called a duplicate");
        check_eq!(again.sequence, receipt.sequence, "the sequence of charge {number}");
        duplicates += usize::from(receipt.is_duplicate());
    }
    check!(
        duplicates >= COUNT * 2 / 3,
        "{duplicates} of {COUNT} publishes were stored; a close lets them arrive"
    );
    check_eq!(
        trial.admin()?.stream_info(&stream).await?.messages,
        COUNT as u64,
        "the copies of {COUNT} messages"
    );
    consumer.take_and_ack(COUNT).await?;
    consumer.stays_silent("a").await?;
    consumer.drained();
    Ok(())
}
