//! What is in a stream, and in the account.

use pubsub_core::{Capability, ErrorKind, MessageSelector};

use crate::check::{CaseResult, check, check_eq, refused_as};
use crate::trial::Trial;

/// M12: the subjects of a stream's messages are listed with their counts, as far as they match; the gaps between its first
/// and last message are listed in order.
pub(crate) async fn subjects_and_gaps(trial: &Trial) -> CaseResult {
    let stream = trial.create_stream(trial.stream_config("stream", &["a.*", "b.*"])?).await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    let admin = trial.admin()?;
    check_eq!(
        admin.stream_subjects(&stream, trial.filter(">")?).await?,
        [],
        "the subjects of an empty stream"
    );
    check_eq!(admin.deleted_sequences(&stream).await?, Vec::<u64>::new(), "the gaps of an empty stream");
    for label in ["a.x", "b.x", "a.y", "a.x", "a.x", "b.x"] {
        trial.publish(label, label).await?;
    }
    for (filter, expected) in [
        (">", &[("a.x", 3), ("a.y", 1), ("b.x", 2)][..]),
        ("a.*", &[("a.x", 3), ("a.y", 1)][..]),
        ("b.x", &[("b.x", 2)][..]),
        ("c.*", &[][..]),
    ] {
        let listed = admin.stream_subjects(&stream, trial.filter(filter)?).await?;
        let listed: Vec<_> = listed.iter().map(|(subject, count)| (trial.shorten(subject), *count)).collect();
        let expected: Vec<_> = expected.iter().map(|(label, count)| ((*label).to_owned(), *count)).collect();
        check_eq!(listed, expected, "the subjects that match `{filter}`");
    }
    consumer.take_and_ack(6).await?;
    consumer.drained();
    if trial.has(Capability::DeleteMessage) {
        for sequence in [5, 2, 1] {
            admin.delete_message(&stream, sequence).await?;
        }
        // 1 and 2 are no gaps: the stream begins with 3 now.
        check_eq!(admin.deleted_sequences(&stream).await?, [5], "the gaps behind the first message");
        let listed = admin.stream_subjects(&stream, trial.filter("a.x")?).await?;
        check_eq!(listed.first().map(|(_, count)| *count), Some(1), "the messages left on one subject");
    }
    let missing = trial.stream_name("missing")?;
    let outcome = admin.stream_subjects(&missing, trial.filter(">")?).await;
    refused_as(outcome, ErrorKind::NotFound, Some(10059), "the subjects of a stream that is not there")?;
    let outcome = admin.deleted_sequences(&missing).await;
    refused_as(outcome, ErrorKind::NotFound, Some(10059), "the gaps of a stream that is not there")?;
    Ok(())
}

/// M13: the account counts streams, consumers and the bytes of both storages.
pub(crate) async fn account(trial: &Trial) -> CaseResult {
    let admin = trial.admin()?;
    let before = admin.account_info().await?;
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    trial.publish("a", vec![b'x'; 1000]).await?;
    consumer.take_and_ack(1).await?;
    let used = |info: &pubsub_core::AccountInfo| info.memory.used + info.storage.used;
    let counted = || async {
        let info = admin.account_info().await?;
        // Others may use the account too.
        let more = info.streams.used > before.streams.used && info.consumers.used > before.consumers.used;
        Ok(more && used(&info) >= used(&before) + 1000)
    };
    trial.eventually("the account counts a stream, a consumer and their bytes", counted).await?;
    consumer.drained();
    Ok(())
}

/// M20: the oldest stored message with at least a sequence, on subjects that match, can be read; none is not found.
pub(crate) async fn next_stored(trial: &Trial) -> CaseResult {
    let stream = trial.create_stream(trial.stream_config("stream", &["a", "b"])?).await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    for label in ["a", "b", "a", "b"] {
        trial.publish(label, label).await?;
    }
    let admin = trial.admin()?;
    for (from, filter, expected) in [(0, ">", 1), (1, "b", 2), (2, "a", 3), (3, "b", 4), (4, ">", 4)] {
        let next = MessageSelector::Next { from, filter: trial.filter(filter)? };
        let found = admin.get_message(&stream, next).await?;
        check_eq!(found.sequence, expected, "the next message from {from} that matches `{filter}`");
    }
    for (from, filter) in [(4, "a"), (5, ">"), (1, "c")] {
        let next = MessageSelector::Next { from, filter: trial.filter(filter)? };
        let what = format!("the next message from {from} that matches `{filter}`");
        refused_as(admin.get_message(&stream, next).await, ErrorKind::NotFound, Some(10037), &what)?;
    }
    consumer.take_and_ack(4).await?;
    consumer.drained();
    check!(admin.stream_info(&stream).await?.messages == 4, "reading changes the stream");
    Ok(())
}
