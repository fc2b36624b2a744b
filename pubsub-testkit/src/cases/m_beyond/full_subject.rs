//! Subjects that are full.

use pubsub_core::{Discard, ErrorKind, PublisherExt as _};

use crate::check::{CaseResult, check, check_eq, refused_as};
use crate::trial::{SettleSurely as _, Trial};

/// M3: a stream that refuses new messages per subject refuses one for a full subject and takes one for another; what is
/// there stays. Without that, the oldest of the subject makes room, though the stream refuses when it is full itself.
pub(crate) async fn refuses(trial: &Trial) -> CaseResult {
    let config = trial.stream_config("stream", &["full.*"])?.with_discard(Discard::New);
    let config = config.with_max_messages_per_subject(2).with_discard_new_per_subject();
    let stream = trial.create_stream(config).await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    for label in ["full.a", "full.a", "full.b"] {
        trial.publish(label, label).await?;
    }
    let outcome = trial.publisher().publish_message(trial.message("full.a", "one too many")?).await;
    let error = refused_as(outcome, ErrorKind::Conflict, Some(10077), "a publish to a full subject")?;
    check!(!error.is_effect_unknown(), "a refused publish is called one of unknown effect: {error}");
    check_eq!(trial.publish("full.b", "b").await?.sequence, Some(4), "the sequence on the other subject");
    let held = trial.admin()?.stream_info(&stream).await?;
    check_eq!((held.messages, held.first_sequence), (4, 1), "messages and first sequence after the refusal");
    consumer.take_and_ack(4).await?;
    consumer.drained();

    let config = trial.stream_config("other", &["other.*"])?.with_discard(Discard::New);
    let stream = trial.create_stream(config.with_max_messages_per_subject(1)).await?;
    let consumer = trial.consumer(&stream, "other").await?;
    trial.publish("other.a", "old").await?;
    trial.publish("other.a", "new").await?;
    check_eq!(trial.admin()?.stream_info(&stream).await?.first_sequence, 2, "the one that is left");
    let left = consumer.next().await?;
    check_eq!(left.info().stream_sequence, 2, "what is left of the subject");
    Ok(left.ack_confirmed_if_possible(trial).await?)
}
