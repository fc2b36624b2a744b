//! Messages that have had all their attempts.

use pubsub_core::{Capability, ErrorKind, MessageSelector, PublisherExt as _, Retention};

use crate::check::{CaseResult, check_eq, refused_as};
use crate::trial::{SettleSurely as _, Trial};

/// C13: a message of a work queue that has had all its attempts stays, with payload and headers to be read; its consumer
/// does not get it again, a late ack of its last delivery removes it, and the next consumer gets it anew.
pub(crate) async fn stay_inspectable(trial: &Trial) -> CaseResult {
    const MOST: u32 = 2;
    let config = trial.stream_config("stream", &["a"])?.with_retention(Retention::WorkQueue);
    let stream = trial.create_stream(config).await?;
    let config = trial.consumer_config("worker")?.with_max_deliver(MOST);
    let worker = trial.create_consumer(&stream, config.clone()).await?;
    let admin = trial.admin()?;

    for payload in ["poison", "acked late"] {
        let message = trial.message("a", payload)?.with_header("source", "ride-service")?;
        trial.publisher().publish_message(message).await?;
    }
    let mut last = None;
    for attempt in 1..=u64::from(MOST) {
        for delivery in worker.take(2).await? {
            check_eq!(delivery.info().attempt, attempt, "the attempt");
            if delivery.info().stream_sequence == 2 && attempt == u64::from(MOST) {
                last = Some(delivery);
            } else {
                delivery.nak().await?;
            }
        }
    }
    trial.pass(trial.ack_wait() * 3 / 2).await;
    worker.stays_silent("a").await?;
    worker.eventually("nothing is unsettled any more", |info| info.ack_pending == 0).await?;
    for (sequence, payload) in [(1, "poison"), (2, "acked late")] {
        let stored = admin.get_message(&stream, MessageSelector::Sequence(sequence)).await?;
        check_eq!(stored.payload.as_ref(), payload.as_bytes(), "the payload of sequence {sequence}");
        check_eq!(stored.headers.get("source"), Some("ride-service"), "its header");
    }
    check_eq!(admin.stream_info(&stream).await?.messages, 2, "the messages in the stream");

    if let Some(last) = last {
        last.ack_confirmed_if_possible(trial).await?;
    }
    let held = || async { Ok(admin.stream_info(&stream).await?.messages == 1) };
    trial.eventually("the late ack has removed its message", held).await?;
    let gone = admin.get_message(&stream, MessageSelector::Sequence(2)).await;
    refused_as(gone, ErrorKind::NotFound, Some(10037), "to read a message that is gone")?;

    admin.delete_consumer(&stream, worker.name()).await?;
    let next = trial.create_consumer(&stream, config).await?;
    let anew = next.next().await?;
    check_eq!((anew.info().stream_sequence, anew.info().attempt), (1, 1), "what the next consumer gets");
    if trial.has(Capability::Term) {
        anew.term("nobody can process it").await?;
    } else {
        anew.ack().await?;
    }
    let emptied = || async { Ok(admin.stream_info(&stream).await?.messages == 0) };
    trial.eventually("the stream is empty", emptied).await?;
    next.drained();
    Ok(())
}
