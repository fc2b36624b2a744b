//! The order of deliveries.

use std::sync::Arc;

use futures::StreamExt as _;
use pubsub_core::{Delivery, SubscribeOptions};

use crate::check::{CaseResult, Failure, check_eq};
use crate::trial::Trial;

const COUNT: usize = 300;

/// F1: one reader of one consumer gets the messages in the order in which they were published, over all subjects, by
/// fetches of any size and by a subscription.
pub(crate) async fn is_that_of_publishing(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let fetching = trial.consumer(&stream, "fetching").await?;
    let subscribed = trial.consumer(&stream, "subscribed").await?;
    publish(trial).await?;

    let mut number = 0;
    for size in [1, 7, 50, 3, 100].into_iter().cycle() {
        if number == COUNT {
            break;
        }
        for delivery in fetching.fetch(size.min(COUNT - number), trial.patience()).await? {
            in_its_place(delivery, number).await?;
            number += 1;
        }
    }
    fetching.drained();

    let mut deliveries =
        Arc::clone(subscribed.handle()).subscribe(SubscribeOptions::default().with_buffer(20));
    for number in 0..COUNT {
        let delivery = trial.in_time("the next delivery of a subscription", deliveries.next()).await?;
        let delivery = delivery.ok_or_else(|| Failure::new("the subscription has ended"))??;
        in_its_place(delivery, number).await?;
    }
    subscribed.drained();
    Ok(())
}

/// Without waiting for one receipt before the next message.
async fn publish(trial: &Trial) -> CaseResult {
    let mut pending = Vec::with_capacity(COUNT);
    for number in 0..COUNT {
        let label = ["a", "b", "c.d"].get(number % 3).copied().unwrap_or("a");
        let message = trial.message(label, number.to_string())?;
        pending.push(trial.publisher().publish_with(message, Default::default()).await?);
    }
    for (number, receipt) in pending.into_iter().enumerate() {
        check_eq!(receipt.await?.sequence, Some(number as u64 + 1), "the sequence of message {number}");
    }
    Ok(())
}

async fn in_its_place(delivery: Delivery, number: usize) -> CaseResult {
    let info = delivery.info();
    check_eq!(info.stream_sequence, number as u64 + 1, "the sequence in place {number}");
    check_eq!(info.attempt, 1, "the attempt in place {number}");
    check_eq!(delivery.payload().as_ref(), number.to_string().as_bytes(), "the payload in place {number}");
    Ok(delivery.ack().await?)
}
