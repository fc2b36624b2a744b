//! What is measured, beside what has happened.

use std::sync::Arc;

use pubsub_core::{Client, Consumer, Delivery, ErrorKind, FetchOptions, SettlementKind};
use pubsub_layers::Metrics;

use crate::check::{CaseResult, Failure, check, check_eq, refused_as};
use crate::history::event::{Event, Published, What};
use crate::observed::Measured;
use crate::trial::Trial;

const PUBLISHES: &str = "pubsub_publishes_total";
const DELIVERIES: &str = "pubsub_deliveries_total";
const SETTLEMENTS: &str = "pubsub_settlements_total";

/// J5: what is counted of publishes, deliveries and settlements is what the history says has happened, by how each ended, and
/// what is said to be under way is none when nothing is.
pub(crate) async fn equal_the_history(trial: &Trial) -> CaseResult {
    let client = measured_client(trial).await?;
    let begun = trial.history().events().len();
    let measured = Measured::default();
    measured.around(traffic(trial, &client)).await?;
    let publishes = |outcome| measured.count(PUBLISHES, &[("outcome", outcome)]);
    let deliveries = |again| measured.count(DELIVERIES, &[("redelivery", again)]);
    let settlements = |kind| measured.count(SETTLEMENTS, &[("kind", kind), ("outcome", "ok")]);

    let history: Vec<Event> = trial.history().events().into_iter().skip(begun).collect();
    let counted = |is: fn(&What) -> bool| history.iter().filter(|Event { what, .. }| is(what)).count() as u64;
    let ended = |is: fn(&Published) -> bool| {
        let ends = history.iter().filter_map(|event| match &event.what {
            What::PublishEnded { outcome, .. } => Some(outcome),
            _ => None,
        });
        ends.filter(|outcome| is(outcome)).count() as u64
    };
    let stored = ended(|outcome| matches!(outcome, Published::Stored { .. }));
    check_eq!(publishes("stored"), stored, "the publishes that were stored");
    let duplicates = ended(|outcome| matches!(outcome, Published::Duplicate { .. }));
    check_eq!(publishes("duplicate"), duplicates, "the duplicates");
    let rejected = ended(|outcome| matches!(outcome, Published::Rejected { .. }));
    check_eq!(publishes("rejected"), rejected, "the publishes that were rejected");
    let first = counted(|what| matches!(what, What::Delivered { message, .. } if message.attempt == 1));
    check_eq!(deliveries("false"), first, "the first deliveries");
    let again = counted(|what| matches!(what, What::Delivered { message, .. } if message.attempt > 1));
    check_eq!(deliveries("true"), again, "the redeliveries");
    let acks = counted(|what| matches!(what, What::SettleCalled { kind: SettlementKind::Ack, .. }));
    check_eq!(settlements("ack"), acks, "the acks");
    let naks = counted(|what| matches!(what, What::SettleCalled { kind: SettlementKind::Nak { .. }, .. }));
    check_eq!(settlements("nak"), naks, "the naks");
    let returned = counted(|what| matches!(what, What::Abandoned { .. } | What::HandedBack { .. }));
    check_eq!(settlements("returned"), returned, "what was returned");
    for nothing in ["pubsub_publishes_in_flight", "pubsub_unsettled_deliveries"] {
        let level = measured.level(nothing);
        if level.abs() > f64::EPSILON {
            return Err(Failure::new(format!("`{nothing}` is {level} when nothing is under way")));
        }
    }
    // So that a history without them proves nothing.
    let expected = if trial.has(pubsub_core::Capability::MessageId) { 1 } else { 0 };
    check_eq!((stored, duplicates, rejected), (3, expected, 1), "the publishes of the history");
    check_eq!(
        (first, naks, returned),
        (3, 1, 1),
        "the first deliveries, naks and returned ones of the history"
    );
    // A busy machine may have some more come again.
    check!(again >= 2 && acks >= 3, "{again} redeliveries and {acks} acks in the history");
    Ok(())
}

/// A client over which everything is measured once: the harness may have put the layer around its own.
async fn measured_client(trial: &Trial) -> CaseResult<Client> {
    let client = Client::new(Arc::clone(trial.broker()));
    let measured = Measured::default();
    let refused = measured.around(client.publish(trial.subject("nowhere")?, "x")).await;
    refused_as(refused, ErrorKind::NotFound, None, "a publish that no stream takes")?;
    let is_measured = measured.count(PUBLISHES, &[("outcome", "rejected")]) > 0;
    Ok(if is_measured { client } else { client.with_layer(Metrics::new()) })
}

/// Three messages, of which one is said twice, and one that nobody stores; one is acked at once, one is nakked, and one is
/// dropped.
async fn traffic(trial: &Trial, client: &Client) -> CaseResult {
    let stream = trial.create_stream(trial.stream_config("stream", &["a"])?).await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    let reader = client.consumer(&stream, consumer.name()).await?;
    for number in 1..=2 {
        client.publish(trial.subject("a")?, number.to_string()).await?;
    }
    let message = trial.message("a", "said twice")?;
    if trial.has(pubsub_core::Capability::MessageId) {
        let message = message.with_id("one")?;
        client.publish_message(message.clone()).await?;
        client.publish_message(message).await?;
    } else {
        client.publish_message(message).await?;
    }
    let nowhere = client.publish(trial.subject("nowhere")?, "x").await;
    refused_as(nowhere, ErrorKind::NotFound, None, "a publish that no stream takes")?;

    next(trial, &reader).await?.ack().await?;
    next(trial, &reader).await?.nak().await?;
    // What was nakked, and the third one, in whatever order.
    let (one, other) = (next(trial, &reader).await?, next(trial, &reader).await?);
    let (nakked, third) = if one.info().attempt > 1 { (one, other) } else { (other, one) };
    nakked.ack().await?;
    drop(third);
    next(trial, &reader).await?.ack().await?;
    consumer.drained();
    Ok(())
}

async fn next(trial: &Trial, consumer: &Arc<dyn Consumer>) -> CaseResult<Delivery> {
    let came = consumer.fetch(FetchOptions::up_to(1).with_expires(trial.patience())).await?.pop();
    came.ok_or_else(|| Failure::new("no message came"))
}
