//! Publishes whose receipts nobody has awaited yet.

use std::collections::BTreeSet;

use futures::FutureExt as _;
use futures::future::FusedFuture as _;
use pubsub_core::{PendingReceipt, PublishOptions};

use crate::check::{CaseResult, check, check_eq};
use crate::trial::Trial;

const COUNT: usize = 3000;

/// A12: any number of publishes can be handed over before the first receipt is awaited: each hand-over ends (waiting is the
/// backpressure), and each receipt resolves exactly once, with a sequence of its own or the error of its own message.
pub(crate) async fn receipts_resolve_once(trial: &Trial) -> CaseResult {
    let stream = trial.create_stream(trial.stream_config("stream", &["a"])?).await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    let mut pending: Vec<(bool, PendingReceipt)> = Vec::with_capacity(COUNT);
    for number in 0..COUNT {
        // Every hundredth has no stream.
        let is_taken = number % 100 != 99;
        let message = trial.message(if is_taken { "a" } else { "nowhere" }, number.to_string())?;
        let handing = trial.publisher().publish_with(message, PublishOptions::default());
        match trial.in_time("a publish before earlier receipts were awaited", handing).await? {
            Ok(receipt) => pending.push((is_taken, receipt)),
            // A backend may know it already.
            Err(error) => check!(!is_taken, "message {number} was refused: {error}"),
        }
    }
    let mut sequences = BTreeSet::new();
    for (is_taken, mut receipt) in pending {
        match trial.in_time("a receipt", &mut receipt).await? {
            Ok(stored) => {
                check!(is_taken, "a message without a stream was stored: {stored:?}");
                let fresh = stored.sequence.is_some_and(|sequence| sequences.insert(sequence));
                check!(fresh, "two receipts have one sequence: {stored:?}");
            }
            Err(error) => check!(!is_taken, "a message with a stream failed: {error}"),
        }
        check!(receipt.is_terminated(), "a receipt that has resolved does not say so");
        check!((&mut receipt).now_or_never().is_none(), "a receipt resolved twice");
    }
    check_eq!(sequences.len(), COUNT - COUNT / 100, "the messages that were stored");
    consumer.take_and_ack(sequences.len()).await?;
    consumer.drained();
    Ok(())
}
