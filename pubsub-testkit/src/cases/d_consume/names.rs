//! One name for two purposes, and no stream at all.

use futures::future::join;
use pubsub_core::{ConsumerInfo, ErrorKind, Provision, PublisherExt as _, Result};

use crate::check::{CaseResult, Failure, check, check_eq, refused_as};
use crate::trial::Trial;

/// D5: of two programs that make a consumer of one name with different filters at once, one succeeds and the other gets an
/// error that names the difference; the consumer keeps the filter of the first, whoever asks again.
pub(crate) async fn two_filters(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let other = trial.another_connection().await?;
    let (admin, others) = (trial.admin()?, other.admin());
    let others = others.ok_or_else(|| Failure::new("another connection has no StreamAdmin"))?;
    let users = trial.consumer_config("shared")?.with_filter(trial.filter("users")?)?;
    let rides = trial.consumer_config("shared")?.with_filter(trial.filter("rides")?)?;
    let (one, two) =
        join(admin.create_consumer(&stream, users.clone()), others.create_consumer(&stream, rides.clone()))
            .await;
    let (winner, loser) = if one.is_ok() { ("users", "rides") } else { ("rides", "users") };
    let outcomes: (Result<ConsumerInfo>, Result<ConsumerInfo>) =
        if one.is_ok() { (one, two) } else { (two, one) };
    outcomes.0?;
    let what = "a consumer of a name that exists with another filter";
    let error = refused_as(outcomes.1, ErrorKind::AlreadyExists, Some(10148), what)?;
    check!(error.to_string().contains("filters"), "the error does not name the difference: {error}");

    let (kept, refused) = if winner == "users" { (users, rides) } else { (rides, users) };
    let shared = trial.create_consumer(&stream, kept.clone()).await?;
    for _ in 0..5 {
        trial.publish(loser, "not for the winner").await?;
        trial.publish(winner, "for the winner").await?;
    }
    let again = trial.admin()?.create_consumer(&stream, refused).await;
    refused_as(again, ErrorKind::AlreadyExists, Some(10148), what)?;
    let info = shared.info().await?;
    check_eq!((info.config.filters, info.pending), (kept.filters, 5), "the filter, and what waits for it");
    shared.take_and_ack(5).await?;
    shared.stays_silent(winner).await?;
    shared.drained();
    Ok(())
}

/// D20: a consumer of a stream that is missing is an error that names the stream, and makes nothing; neither does a
/// publish or a look. Where provisioning is asked for it is made, once, and what is published then comes.
pub(crate) async fn missing_stream(trial: &Trial) -> CaseResult {
    let admin = trial.admin()?;
    let config = trial.stream_config("stream", &["a"])?;
    let (stream, worker) = (config.name.clone(), trial.consumer_config("worker")?);
    let name = trial.consumer_name("worker")?;
    for outcome in [
        admin.create_consumer(&stream, worker.clone()).await.map(drop),
        admin.ensure_consumer(&stream, worker.clone(), Provision::CreateIfMissing).await.map(drop),
        admin.consumer_info(&stream, &name).await.map(drop),
        trial.broker().consumer(&stream, &name).await.map(drop),
    ] {
        let error =
            refused_as(outcome, ErrorKind::NotFound, Some(10059), "to use a consumer of a missing stream")?;
        check_eq!(
            error.context("stream"),
            Some(stream.as_str()),
            "the stream that the error names ({error})"
        );
    }
    let outcome = trial.publisher().publish_message(trial.message("a", "too early")?).await;
    refused_as(outcome, ErrorKind::NotFound, None, "a publish that no stream takes")?;
    let made = admin.stream_info(&stream).await;
    refused_as(made, ErrorKind::NotFound, Some(10059), "to look at a stream that nobody made")?;

    admin.ensure_stream(config.clone(), Provision::CreateIfMissing).await?;
    admin.ensure_stream(config, Provision::CreateIfMissing).await?;
    admin.ensure_consumer(&stream, worker.clone(), Provision::CreateIfMissing).await?;
    let worker = trial.create_consumer(&stream, worker).await?;
    trial.publish_many("a", 3).await?;
    worker.take_and_ack(3).await?;
    worker.stays_silent("a").await?;
    worker.drained();
    Ok(())
}
