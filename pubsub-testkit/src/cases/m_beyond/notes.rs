//! Notes for programs.

use pubsub_core::ErrorKind;

use crate::check::{CaseResult, check_eq, refused_as};
use crate::trial::Trial;

/// M11: notes of streams and consumers are kept and shown; to ask again with the same is success, with others it is a
/// difference; the broker's own notes make none.
pub(crate) async fn are_kept_and_compared(trial: &Trial) -> CaseResult {
    let admin = trial.admin()?;
    let config = trial.stream_config("stream", &["a"])?.with_metadata("team", "rides");
    let stream = trial.create_stream(config.clone()).await?;
    let shown = admin.stream_info(&stream).await?.config;
    check_eq!(shown.metadata.get("team").map(String::as_str), Some("rides"), "the note of the stream");
    check_eq!(config.differences(&shown), [], "the differences between what was asked for and what is there");
    admin.create_stream(config.clone()).await?;
    let other = admin.create_stream(config.clone().with_metadata("team", "drivers")).await;
    let error =
        refused_as(other, ErrorKind::AlreadyExists, Some(10058), "the same stream with another note")?;
    check_eq!(error.to_string().contains("metadata"), true, "whether the error names the field ({error})");

    let config = trial.consumer_config("reader")?.with_metadata("team", "rides");
    let consumer = trial.create_consumer(&stream, config.clone()).await?;
    let shown = consumer.info().await?.config;
    check_eq!(shown.metadata.get("team").map(String::as_str), Some("rides"), "the note of the consumer");
    check_eq!(config.differences(&shown), [], "the differences between what was asked for and what is there");
    admin.create_consumer(&stream, config.clone()).await?;
    let other = admin.create_consumer(&stream, config.with_metadata("since", "2026")).await;
    refused_as(other, ErrorKind::AlreadyExists, Some(10148), "the same consumer with another note")?;

    trial.publish("a", "x").await?;
    consumer.take_and_ack(1).await?;
    consumer.drained();
    Ok(())
}
