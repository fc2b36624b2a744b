use std::time::Duration;

use pubsub_core::{ErrorKind, MessageSelector, Provision, Purge};

use crate::cancellation::cut::Cut;
use crate::cancellation::scene::{MESSAGES, Scene};
use crate::check::{CaseResult, check, check_eq, refused_as};

const BEFORE: u64 = MESSAGES as u64;

/// Made or not, it can be made again and deleted. In a namespace of its own, beside the scene's stream of everything.
pub(super) async fn create_stream(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    let admin = scene.trial.admin()?;
    let mut config = scene.trial.stream_config("other", &["unused"])?;
    config.subjects = vec![format!("{}.x", config.name).as_str().try_into()?];
    cut.short(admin.create_stream(config.clone())).await.transpose()?;
    admin.create_stream(config).await?;
    Ok(())
}

pub(super) async fn stream_info(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    if let Some(info) = cut.short(scene.trial.admin()?.stream_info(&scene.stream)).await {
        check_eq!(info?.config.name, scene.stream, "the stream that is told of");
    }
    Ok(())
}

pub(super) async fn update_stream(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    let admin = scene.trial.admin()?;
    let config = admin.stream_info(&scene.stream).await?.config.with_description("changed");
    let ended = cut.short(admin.update_stream(config)).await.transpose()?.is_some();
    let description = admin.stream_info(&scene.stream).await?.config.description;
    check!(!ended || description.is_some(), "the stream was changed, and is as it was");
    check!(description.is_none_or(|description| description == "changed"), "the description is half changed");
    Ok(())
}

pub(super) async fn delete_stream(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    let admin = scene.trial.admin()?;
    if let Some(outcome) = cut.short(admin.delete_stream(&scene.stream)).await {
        outcome?;
        refused_as(admin.stream_info(&scene.stream).await, ErrorKind::NotFound, None, "a deleted stream")?;
    }
    Ok(())
}

pub(super) async fn list_streams(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    if let Some(streams) = cut.short(scene.trial.admin()?.list_streams()).await {
        let there = streams?.into_iter().any(|info| info.config.name == scene.stream);
        check!(there, "the list lacks the stream");
    }
    Ok(())
}

pub(super) async fn create_consumer(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    let admin = scene.trial.admin()?;
    let config = scene.trial.consumer_config("other")?;
    cut.short(admin.create_consumer(&scene.stream, config.clone())).await.transpose()?;
    admin.create_consumer(&scene.stream, config).await?;
    Ok(())
}

pub(super) async fn consumer_info(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    let admin = scene.trial.admin()?;
    if let Some(info) = cut.short(admin.consumer_info(&scene.stream, scene.consumer.name())).await {
        check_eq!(&info?.name, scene.consumer.name(), "the consumer that is told of");
    }
    Ok(())
}

pub(super) async fn update_consumer(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    let config = scene.consumer.info().await?.config.with_description("changed");
    let updated = scene.trial.admin()?;
    if let Some(outcome) = cut.short(updated.update_consumer(&scene.stream, config)).await {
        outcome?;
        let description = scene.consumer.info().await?.config.description;
        check!(description.is_some(), "the consumer was changed, and is as it was");
    }
    Ok(())
}

pub(super) async fn delete_consumer(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    let admin = scene.trial.admin()?;
    let (stream, name) = (&scene.stream, scene.consumer.name());
    if let Some(outcome) = cut.short(admin.delete_consumer(stream, name)).await {
        outcome?;
        refused_as(admin.consumer_info(stream, name).await, ErrorKind::NotFound, None, "a deleted consumer")?;
    }
    Ok(())
}

pub(super) async fn list_consumers(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    if let Some(consumers) = cut.short(scene.trial.admin()?.list_consumers(&scene.stream)).await {
        let there = consumers?.into_iter().any(|info| &info.name == scene.consumer.name());
        check!(there, "the list lacks the consumer");
    }
    Ok(())
}

pub(super) async fn purge(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    match cut.short(scene.trial.admin()?.purge_stream(&scene.stream, Purge::all())).await {
        None => scene.holds_one_of(&[0, BEFORE]).await,
        Some(purged) => {
            check_eq!(purged?, BEFORE, "the messages that were purged");
            scene.holds_one_of(&[0]).await
        }
    }
}

pub(super) async fn get_message(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    let selector = MessageSelector::Sequence(1);
    if let Some(message) = cut.short(scene.trial.admin()?.get_message(&scene.stream, selector)).await {
        check_eq!(message?.sequence, 1, "the sequence of the message");
    }
    Ok(())
}

pub(super) async fn delete_message(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    match cut.short(scene.trial.admin()?.delete_message(&scene.stream, 2)).await {
        None => scene.holds_one_of(&[BEFORE - 1, BEFORE]).await,
        Some(outcome) => {
            outcome?;
            scene.holds_one_of(&[BEFORE - 1]).await
        }
    }
}

pub(super) async fn pause(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    let admin = scene.trial.admin()?;
    let until = scene.trial.wall_clock() + Duration::from_secs(3600);
    if let Some(outcome) = cut.short(admin.pause_consumer(&scene.stream, scene.consumer.name(), until)).await
    {
        outcome?;
        check!(scene.consumer.info().await?.paused_until.is_some(), "the consumer is not paused");
    }
    Ok(())
}

pub(super) async fn resume(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    let admin = scene.trial.admin()?;
    let until = scene.trial.wall_clock() + Duration::from_secs(3600);
    admin.pause_consumer(&scene.stream, scene.consumer.name(), until).await?;
    if let Some(outcome) = cut.short(admin.resume_consumer(&scene.stream, scene.consumer.name())).await {
        outcome?;
        check!(scene.consumer.info().await?.paused_until.is_none(), "the consumer is paused still");
    }
    Ok(())
}

pub(super) async fn reset(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    scene.consumer.take_and_ack(2).await?;
    let admin = scene.trial.admin()?;
    cut.short(admin.reset_consumer(&scene.stream, scene.consumer.name(), Some(1))).await.transpose()?;
    Ok(())
}

pub(super) async fn stream_subjects(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    let admin = scene.trial.admin()?;
    if let Some(subjects) = cut.short(admin.stream_subjects(&scene.stream, scene.trial.filter(">")?)).await {
        let messages: Vec<_> = subjects?.into_iter().map(|(_, messages)| messages).collect();
        check_eq!(messages, [BEFORE], "the messages by subject");
    }
    Ok(())
}

pub(super) async fn deleted_sequences(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    if let Some(deleted) = cut.short(scene.trial.admin()?.deleted_sequences(&scene.stream)).await {
        check!(deleted?.is_empty(), "a message was deleted");
    }
    Ok(())
}

pub(super) async fn account_info(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    cut.short(scene.trial.admin()?.account_info()).await.transpose()?;
    Ok(())
}

pub(super) async fn ensure_stream(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    let admin = scene.trial.admin()?;
    let mut config = scene.trial.stream_config("ensured", &["unused"])?;
    config.subjects = vec![format!("{}.x", config.name).as_str().try_into()?];
    cut.short(admin.ensure_stream(config.clone(), Provision::CreateIfMissing)).await.transpose()?;
    admin.ensure_stream(config, Provision::CreateIfMissing).await?;
    Ok(())
}

pub(super) async fn ensure_consumer(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    let admin = scene.trial.admin()?;
    let config = scene.trial.consumer_config("ensured")?;
    let ensured = admin.ensure_consumer(&scene.stream, config.clone(), Provision::CreateIfMissing);
    cut.short(ensured).await.transpose()?;
    admin.ensure_consumer(&scene.stream, config, Provision::CreateIfMissing).await?;
    Ok(())
}
