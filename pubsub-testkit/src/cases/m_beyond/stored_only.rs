//! Confirmations that only say that a message is stored.

use std::time::Duration;

use pubsub_core::{Confirm, PublishOptions};

use crate::check::{CaseResult, check, check_eq};
use crate::trial::Trial;

const COUNT: usize = 100;

/// M19: messages whose confirmation need not tell their sequence are stored, in order, when it comes; what it tells is true.
/// A stream that does not allow it takes them one by one.
pub(crate) async fn is_enough(trial: &Trial) -> CaseResult {
    for (label, fast) in [("fast", true), ("plain", false)] {
        let mut config = trial.stream_config(label, &[label])?;
        config.allow_fast_batches = fast;
        let stream = trial.create_stream(config).await?;
        let consumer = trial.consumer(&stream, label).await?;
        let options = PublishOptions::default().with_confirm(Confirm::StoredOnly);
        let options = options.with_timeout(trial.patience().min(Duration::from_secs(60)));
        let mut pending = Vec::with_capacity(COUNT);
        for number in 0..COUNT {
            let message = trial.message(label, number.to_string())?;
            pending.push(trial.publisher().publish_with(message, options.clone()).await?);
        }
        for (number, receipt) in pending.into_iter().enumerate() {
            let receipt = trial.in_time("a confirmation", receipt).await??;
            check_eq!(receipt.stream, stream, "the stream that confirms message {number}");
            let sequence = number as u64 + 1;
            check!(
                receipt.sequence.is_none_or(|told| told == sequence),
                "message {number} was confirmed as {:?}",
                receipt.sequence
            );
        }
        let held = trial.admin()?.stream_info(&stream).await?.messages;
        check_eq!(held, COUNT as u64, "the messages when all are confirmed");
        for (number, delivery) in consumer.take(COUNT).await?.into_iter().enumerate() {
            check_eq!(
                delivery.payload().as_ref(),
                number.to_string().as_bytes(),
                "the payload in place {number}"
            );
            delivery.ack().await?;
        }
        consumer.drained();
    }
    Ok(())
}
