use pubsub_core::{MessageSelector, Purge, StreamName};

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
