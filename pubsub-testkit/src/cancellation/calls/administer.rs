use std::time::Duration;

use pubsub_core::{MessageSelector, Provision, Purge};

use crate::cancellation::cut::Cut;
use crate::cancellation::scene::{MESSAGES, Scene};
use crate::check::{CaseResult, check};

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
    cut.short(scene.trial.admin()?.stream_info(&scene.stream)).await.transpose()?;
    Ok(())
}

pub(super) async fn update_stream(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    let admin = scene.trial.admin()?;
    let config = admin.stream_info(&scene.stream).await?.config.with_description("changed");
    cut.short(admin.update_stream(config)).await.transpose()?;
    let description = admin.stream_info(&scene.stream).await?.config.description;
    check!(description.is_none_or(|description| description == "changed"), "the description is half changed");
    Ok(())
}

pub(super) async fn delete_stream(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    cut.short(scene.trial.admin()?.delete_stream(&scene.stream)).await.transpose()?;
    Ok(())
}

pub(super) async fn list_streams(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    cut.short(scene.trial.admin()?.list_streams()).await.transpose()?;
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
    cut.short(admin.consumer_info(&scene.stream, scene.consumer.name())).await.transpose()?;
    Ok(())
}

pub(super) async fn update_consumer(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    let config = scene.consumer.info().await?.config.with_description("changed");
    cut.short(scene.trial.admin()?.update_consumer(&scene.stream, config)).await.transpose()?;
    Ok(())
}

pub(super) async fn delete_consumer(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    let admin = scene.trial.admin()?;
    cut.short(admin.delete_consumer(&scene.stream, scene.consumer.name())).await.transpose()?;
    Ok(())
}

pub(super) async fn list_consumers(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    cut.short(scene.trial.admin()?.list_consumers(&scene.stream)).await.transpose()?;
    Ok(())
}

pub(super) async fn purge(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    cut.short(scene.trial.admin()?.purge_stream(&scene.stream, Purge::all())).await.transpose()?;
    scene.holds_one_of(&[0, BEFORE]).await
}

pub(super) async fn get_message(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    let selector = MessageSelector::Sequence(1);
    cut.short(scene.trial.admin()?.get_message(&scene.stream, selector)).await.transpose()?;
    Ok(())
}

pub(super) async fn delete_message(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    cut.short(scene.trial.admin()?.delete_message(&scene.stream, 2)).await.transpose()?;
    scene.holds_one_of(&[BEFORE - 1, BEFORE]).await
}

pub(super) async fn pause(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    let admin = scene.trial.admin()?;
    let until = scene.trial.wall_clock() + Duration::from_secs(3600);
    cut.short(admin.pause_consumer(&scene.stream, scene.consumer.name(), until)).await.transpose()?;
    Ok(())
}

pub(super) async fn resume(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    let admin = scene.trial.admin()?;
    let until = scene.trial.wall_clock() + Duration::from_secs(3600);
    admin.pause_consumer(&scene.stream, scene.consumer.name(), until).await?;
    cut.short(admin.resume_consumer(&scene.stream, scene.consumer.name())).await.transpose()?;
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
    cut.short(admin.stream_subjects(&scene.stream, scene.trial.filter(">")?)).await.transpose()?;
    Ok(())
}

pub(super) async fn deleted_sequences(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    cut.short(scene.trial.admin()?.deleted_sequences(&scene.stream)).await.transpose()?;
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
