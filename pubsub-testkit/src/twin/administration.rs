use std::time::{Duration, SystemTime};

use pubsub_core::{ConsumerName, MessageSelector, Purge, StreamName};

use super::Probe;
use crate::check::CaseResult;
use crate::trial::Trial;

/// A stream with one message.
async fn filled(trial: &Trial, label: &str) -> CaseResult<StreamName> {
    let stream = trial.create_stream(trial.stream_config(label, &[label])?).await?;
    trial.publish(label, "x").await?;
    Ok(stream)
}

async fn emptied(trial: &Trial, stream: &StreamName) -> CaseResult<Option<String>> {
    let stored = trial.admin()?.stream_info(stream).await?.messages;
    Ok((stored == 0).then(|| "the message is gone".to_owned()))
}

pub(super) async fn update(trial: &Trial) -> CaseResult<Probe> {
    let stream = filled(trial, "probe-update").await?;
    let admin = trial.admin()?;
    let before = admin.stream_info(&stream).await?.config;
    let outcome = admin.update_stream(before.clone().with_description("changed")).await.map(drop);
    let changed = admin.stream_info(&stream).await?.config.description != before.description;
    Ok(Probe { outcome, side_effect: changed.then(|| "the stream was changed".to_owned()) })
}

pub(super) async fn list(trial: &Trial) -> CaseResult<Probe> {
    let stream = filled(trial, "probe-list").await?;
    let admin = trial.admin()?;
    let outcome = match admin.list_streams().await {
        Ok(_) => admin.list_consumers(&stream).await.map(drop),
        Err(error) => Err(error),
    };
    Ok(Probe { outcome, side_effect: None })
}

pub(super) async fn purge(trial: &Trial) -> CaseResult<Probe> {
    let stream = filled(trial, "probe-purge").await?;
    let outcome = trial.admin()?.purge_stream(&stream, Purge::all()).await.map(drop);
    let side_effect = emptied(trial, &stream).await?;
    Ok(Probe { outcome, side_effect })
}

pub(super) async fn get_message(trial: &Trial) -> CaseResult<Probe> {
    let stream = filled(trial, "probe-get").await?;
    let outcome = trial.admin()?.get_message(&stream, MessageSelector::Sequence(1)).await.map(drop);
    Ok(Probe { outcome, side_effect: None })
}

pub(super) async fn delete_message(trial: &Trial) -> CaseResult<Probe> {
    let stream = filled(trial, "probe-delete").await?;
    let outcome = trial.admin()?.delete_message(&stream, 1).await.map(drop);
    let side_effect = emptied(trial, &stream).await?;
    Ok(Probe { outcome, side_effect })
}

async fn consumed(trial: &Trial, label: &str) -> CaseResult<(StreamName, ConsumerName)> {
    let stream = filled(trial, label).await?;
    let name = trial.consumer(&stream, label).await?.name().clone();
    Ok((stream, name))
}

pub(super) async fn pause(trial: &Trial) -> CaseResult<Probe> {
    let (stream, consumer) = consumed(trial, "probe-pause").await?;
    let admin = trial.admin()?;
    let until = SystemTime::now() + Duration::from_secs(3600);
    let outcome = admin.pause_consumer(&stream, &consumer, until).await;
    let paused = admin.consumer_info(&stream, &consumer).await?.paused_until.is_some();
    let side_effect = paused.then(|| "the consumer is paused".to_owned());
    let outcome = match outcome {
        Ok(()) => admin.resume_consumer(&stream, &consumer).await,
        refused => refused,
    };
    Ok(Probe { outcome, side_effect })
}

pub(super) async fn reset(trial: &Trial) -> CaseResult<Probe> {
    let (stream, consumer) = consumed(trial, "probe-reset").await?;
    let outcome = trial.admin()?.reset_consumer(&stream, &consumer, Some(1)).await.map(drop);
    Ok(Probe { outcome, side_effect: None })
}

pub(super) async fn stream_details(trial: &Trial) -> CaseResult<Probe> {
    let stream = filled(trial, "probe-details").await?;
    let admin = trial.admin()?;
    let outcome = match admin.stream_subjects(&stream, trial.filter(">")?).await {
        Ok(_) => admin.deleted_sequences(&stream).await.map(drop),
        Err(error) => Err(error),
    };
    Ok(Probe { outcome, side_effect: None })
}

pub(super) async fn account_info(trial: &Trial) -> CaseResult<Probe> {
    let outcome = trial.admin()?.account_info().await.map(drop);
    Ok(Probe { outcome, side_effect: None })
}
