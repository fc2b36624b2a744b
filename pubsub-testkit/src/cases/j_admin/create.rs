//! Creating what exists, and looking for what does not.

use futures::future::try_join;
use pubsub_core::{ErrorKind, Provision, StreamAdmin, StreamName};

use crate::check::{CaseResult, Failure, check, check_eq, refused_as};
use crate::trial::Trial;

/// J1: to create what exists with the same configuration is success and changes nothing; with another configuration it is
/// an error that names the difference, and changes nothing either. What is missing is not found, by its code.
pub(crate) async fn idempotent_or_refused(trial: &Trial) -> CaseResult {
    let stream = streams(trial).await?;
    consumers(trial, &stream).await?;
    missing_things(trial, &stream).await?;
    explicit_provisioning(trial).await
}

async fn streams(trial: &Trial) -> CaseResult<StreamName> {
    let admin = trial.admin()?;
    let config = trial.stream_config("stream", &["a", "b.>"])?;
    let created = admin.create_stream(config.clone()).await?;
    check_eq!(config.differences(&created.config), [], "what the broker made differently");
    trial.publish("a", "is not to be lost").await?;

    let other = trial.another_connection().await?;
    let others = other.admin().ok_or_else(|| Failure::new("another connection has no StreamAdmin"))?;
    let both = try_join(admin.create_stream(config.clone()), others.create_stream(config.clone())).await?;
    check_eq!(
        (both.0.created, both.1.created),
        (created.created, created.created),
        "when the stream was made"
    );

    let another = config.clone().with_description("another one");
    let error = refused_as(
        admin.create_stream(another).await,
        ErrorKind::AlreadyExists,
        Some(10058),
        "to create a stream that exists with another configuration",
    )?;
    check!(error.to_string().contains("description"), "the error does not name the difference: {error}");
    check_eq!(
        error.context("stream"),
        Some(config.name.as_str()),
        "the stream that the error names ({error})"
    );

    let overlapping = trial.stream_config("overlapping", &["b.c"])?;
    let outcome = admin.create_stream(overlapping.clone()).await;
    refused_as(outcome, ErrorKind::Conflict, Some(10065), "a stream whose subjects overlap another's")?;
    let made = admin.stream_info(&overlapping.name).await;
    refused_as(made, ErrorKind::NotFound, Some(10059), "to look at a stream that was refused")?;

    let after = admin.stream_info(&config.name).await?;
    check_eq!(after.config, created.config, "the configuration after the refusals");
    check_eq!(after.messages, 1, "the messages after the refusals");
    Ok(config.name)
}

async fn consumers(trial: &Trial, stream: &StreamName) -> CaseResult {
    let admin = trial.admin()?;
    let config = trial.consumer_config("worker")?.with_filter(trial.filter("a")?)?;
    let worker = trial.create_consumer(stream, config.clone()).await?;
    let created = worker.info().await?;
    check_eq!(config.differences(&created.config), [], "what the broker made differently");
    worker.take_and_ack(1).await?;

    admin.create_consumer(stream, config.clone()).await?;
    let another = config.clone().with_ack_wait(trial.ack_wait() * 3);
    let error = refused_as(
        admin.create_consumer(stream, another).await,
        ErrorKind::AlreadyExists,
        Some(10148),
        "to create a consumer that exists with another configuration",
    )?;
    check!(error.to_string().contains("ack_wait"), "the error does not name the difference: {error}");
    check_eq!(error.context("stream"), Some(stream.as_str()), "the stream that the error names ({error})");
    check_eq!(
        error.context("consumer"),
        config.name.as_ref().map(pubsub_core::ConsumerName::as_str),
        "the consumer that the error names ({error})"
    );

    let after = worker.info().await?;
    check_eq!(after.config, created.config, "the configuration after the refusal");
    trial.publish("a", "the next one").await?;
    let came = worker.take_and_ack(1).await?;
    let came: Vec<_> = came.iter().map(|info| (info.stream_sequence, info.attempt)).collect();
    check_eq!(came, [(2, 1)], "what comes after it was created again");
    worker.drained();
    Ok(())
}

async fn missing_things(trial: &Trial, stream: &StreamName) -> CaseResult {
    let admin = trial.admin()?;
    let (no_stream, no_consumer) = (trial.stream_name("missing")?, trial.consumer_name("missing")?);
    let no_such = |outcome, code, what| refused_as::<()>(outcome, ErrorKind::NotFound, Some(code), what);

    let error = no_such(
        admin.stream_info(&no_stream).await.map(drop),
        10059,
        "to look at a stream that is not there",
    )?;
    check_eq!(error.context("stream"), Some(no_stream.as_str()), "the stream that the error names ({error})");
    no_such(admin.delete_stream(&no_stream).await, 10059, "to delete a stream that is not there")?;
    let config = trial.consumer_config("homeless")?;
    let outcome = admin.create_consumer(&no_stream, config).await.map(drop);
    no_such(outcome, 10059, "a consumer of a stream that is not there")?;

    let outcome = admin.consumer_info(stream, &no_consumer).await.map(drop);
    let error = no_such(outcome, 10014, "to look at a consumer that is not there")?;
    check_eq!(
        error.context("consumer"),
        Some(no_consumer.as_str()),
        "the consumer that the error names ({error})"
    );
    no_such(
        admin.delete_consumer(stream, &no_consumer).await,
        10014,
        "to delete a consumer that is not there",
    )?;
    let outcome = trial.broker().consumer(stream, &no_consumer).await.map(drop);
    no_such(outcome, 10014, "a handle on a consumer that is not there")?;
    let outcome = trial.broker().consumer(&no_stream, &no_consumer).await.map(drop);
    no_such(outcome, 10059, "a handle on a consumer of a stream that is not there")?;
    Ok(())
}

async fn explicit_provisioning(trial: &Trial) -> CaseResult {
    let admin = trial.admin()?;
    let config = trial.stream_config("ensured", &["ensured"])?;
    let outcome = admin.ensure_stream(config.clone(), Provision::Never).await;
    refused_as(outcome, ErrorKind::NotFound, Some(10059), "a missing stream that nobody may make")?;
    admin.ensure_stream(config.clone(), Provision::CreateIfMissing).await?;
    admin.ensure_stream(config.clone(), Provision::Never).await?;
    let another = config.clone().with_description("another one");
    for provision in [Provision::Never, Provision::CreateIfMissing] {
        let outcome = admin.ensure_stream(another.clone(), provision).await;
        refused_as(
            outcome,
            ErrorKind::AlreadyExists,
            Some(10058),
            "a stream that exists with another configuration",
        )?;
    }
    ensured_consumer(trial, admin.as_ref(), &config.name).await
}

async fn ensured_consumer(trial: &Trial, admin: &dyn StreamAdmin, stream: &StreamName) -> CaseResult {
    let config = trial.consumer_config("ensured")?;
    let outcome = admin.ensure_consumer(stream, config.clone(), Provision::Never).await;
    refused_as(outcome, ErrorKind::NotFound, Some(10014), "a missing consumer that nobody may make")?;
    admin.ensure_consumer(stream, config.clone(), Provision::CreateIfMissing).await?;
    admin.ensure_consumer(stream, config.clone(), Provision::Never).await?;
    let another = config.with_ack_wait(trial.ack_wait() * 3);
    let outcome = admin.ensure_consumer(stream, another, Provision::CreateIfMissing).await;
    refused_as(
        outcome,
        ErrorKind::AlreadyExists,
        Some(10148),
        "a consumer that exists with another configuration",
    )?;
    Ok(())
}
