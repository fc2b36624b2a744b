//! Changes while messages flow.

use pubsub_core::{ErrorKind, PublisherExt as _};

use crate::check::{CaseResult, check_eq, refused_as};
use crate::trial::{TestSubscription, Trial};

const ROUND: usize = 10;

async fn round(subscription: &mut TestSubscription<'_>) -> CaseResult<Vec<u64>> {
    let mut came = Vec::new();
    for delivery in subscription.take(ROUND).await? {
        came.push(delivery.info().stream_sequence);
        delivery.ack().await?;
    }
    Ok(came)
}

fn rounds(range: std::ops::Range<u64>) -> Vec<u64> {
    let each = ROUND as u64;
    (range.start * each + 1..=range.end * each).collect()
}

/// D18: a consumer that is added while others run gets everything from its start; one that is removed takes nothing from
/// the others with it; made again it starts anew.
pub(crate) async fn consumers_come_and_go(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let steady = trial.consumer(&stream, "steady").await?;
    let mut running = steady.subscribe(ROUND);
    trial.publish_many("a", ROUND).await?;
    check_eq!(round(&mut running).await?, rounds(0..1), "the first round");

    let added = trial.consumer(&stream, "added").await?;
    let mut beside = added.subscribe(ROUND);
    trial.publish_many("a", ROUND).await?;
    check_eq!(round(&mut beside).await?, rounds(0..1), "what was there before the added one");
    check_eq!(round(&mut beside).await?, rounds(1..2), "what came after it was added");
    check_eq!(round(&mut running).await?, rounds(1..2), "the second round, beside the added one");
    added.eventually("everything is settled", |info| info.ack_pending == 0).await?;
    added.drained();

    trial.admin()?.delete_consumer(&stream, added.name()).await?;
    let error = beside.fails().await?;
    check_eq!(error.kind(), ErrorKind::NotFound, "the error of the one that was removed ({error})");
    beside.ends().await?;
    trial.publish_many("a", ROUND).await?;
    check_eq!(round(&mut running).await?, rounds(2..3), "the third round, after one was removed");

    let again = trial.consumer(&stream, "added").await?;
    let anew = again.take_and_ack(3 * ROUND).await?;
    let anew: Vec<_> = anew.iter().map(|info| info.stream_sequence).collect();
    check_eq!(anew, rounds(0..3), "what comes to the one that was made again");
    drop(running);
    steady.eventually("everything is settled", |info| info.ack_pending == 0).await?;
    steady.drained();
    again.drained();
    Ok(())
}

/// D21: a subject that is added to a stream starts to flow at once, to consumers of everything and to one that was waiting
/// for it, also while they run; before that it is refused.
pub(crate) async fn subject_is_added(trial: &Trial) -> CaseResult {
    let config = trial.stream_config("stream", &["a"])?;
    let stream = trial.create_stream(config.clone()).await?;
    let everything = trial.consumer(&stream, "everything").await?;
    let filtered = trial.consumer_config("waiting")?.with_filter(trial.filter("b.*")?)?;
    let waiting = trial.create_consumer(&stream, filtered).await?;
    let (mut all, mut some) = (everything.subscribe(ROUND), waiting.subscribe(ROUND));
    trial.publish_many("a", ROUND).await?;
    check_eq!(round(&mut all).await?, rounds(0..1), "what comes before the subject is added");
    let outcome = trial.publisher().publish_message(trial.message("b.new", "too early")?).await;
    refused_as(outcome, ErrorKind::NotFound, None, "a publish to a subject that the stream does not take")?;

    let mut wider = config;
    wider.subjects.push(trial.filter("b.>")?);
    let info = trial.admin()?.update_stream(wider.clone()).await?;
    check_eq!(info.config.subjects, wider.subjects, "the subjects after the update");
    trial.publish_many("b.new", ROUND).await?;
    check_eq!(round(&mut all).await?, rounds(1..2), "what comes to a consumer of everything");
    check_eq!(round(&mut some).await?, rounds(1..2), "what comes to the consumer that was waiting");
    trial.publish_many("a", ROUND).await?;
    check_eq!(round(&mut all).await?, rounds(2..3), "what comes of the old subject");
    drop((all, some));
    for consumer in [everything, waiting] {
        consumer.eventually("everything is settled", |info| info.ack_pending == 0).await?;
        consumer.drained();
    }
    Ok(())
}
