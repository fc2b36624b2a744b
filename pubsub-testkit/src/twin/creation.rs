use std::time::Duration;

use pubsub_core::{
    AckPolicy, ConsumerConfig, DeliverPolicy, Discard, ErrorKind, PriorityGroup, ReplayPolicy, Republish,
    Retention, StreamConfig, StreamName, SubjectTransform,
};

use super::Probe;
use crate::check::CaseResult;
use crate::trial::Trial;

async fn stream(trial: &Trial, config: StreamConfig) -> CaseResult<Probe> {
    let admin = trial.admin()?;
    let name = config.name.clone();
    let outcome = admin.create_stream(config).await.map(drop);
    let exists = !admin.stream_info(&name).await.is_err_and(|error| error.kind() == ErrorKind::NotFound);
    Ok(Probe { outcome, side_effect: exists.then(|| "the stream exists".to_owned()) })
}

pub(super) async fn interest(trial: &Trial) -> CaseResult<Probe> {
    stream(
        trial,
        trial.stream_config("probe-interest", &["probe-interest"])?.with_retention(Retention::Interest),
    )
    .await
}

pub(super) async fn work_queue(trial: &Trial) -> CaseResult<Probe> {
    stream(trial, trial.stream_config("probe-work", &["probe-work"])?.with_retention(Retention::WorkQueue))
        .await
}

pub(super) async fn stream_limit(trial: &Trial) -> CaseResult<Probe> {
    stream(trial, trial.stream_config("probe-limit", &["probe-limit"])?.with_max_messages(10)).await
}

pub(super) async fn discard_new(trial: &Trial) -> CaseResult<Probe> {
    let config = trial.stream_config("probe-discard", &["probe-discard"])?;
    stream(trial, config.with_max_messages(10).with_discard(Discard::New)).await
}

pub(super) async fn discard_new_per_subject(trial: &Trial) -> CaseResult<Probe> {
    let config = trial.stream_config("probe-per-subject", &["probe-per-subject"])?;
    let config = config.with_max_messages_per_subject(1).with_discard(Discard::New);
    stream(trial, config.with_discard_new_per_subject()).await
}

pub(super) async fn fast_batches(trial: &Trial) -> CaseResult<Probe> {
    let config = trial.stream_config("probe-fast", &["probe-fast"])?;
    stream(trial, config.with_allow_fast_batches()).await
}

pub(super) async fn delete_markers(trial: &Trial) -> CaseResult<Probe> {
    let config = trial.stream_config("probe-marker", &["probe-marker"])?.with_allow_message_ttl();
    stream(trial, config.with_subject_delete_marker_ttl(Duration::from_secs(60))).await
}

pub(super) async fn subject_transform(trial: &Trial) -> CaseResult<Probe> {
    let to = trial.subject("probe-transformed")?.to_string();
    let transform = SubjectTransform::new(trial.filter("probe-transform")?, to)?;
    let config = trial.stream_config("probe-transform", &["probe-transform"])?;
    stream(trial, config.with_subject_transform(transform)).await
}

pub(super) async fn republish(trial: &Trial) -> CaseResult<Probe> {
    let to = trial.subject("probe-republished")?.to_string();
    let republish = Republish::new(trial.filter("probe-republish")?, to)?;
    let config = trial.stream_config("probe-republish", &["probe-republish"])?;
    stream(trial, config.with_republish(republish)).await
}

pub(super) async fn metadata(trial: &Trial) -> CaseResult<Probe> {
    let config = trial.stream_config("probe-notes", &["probe-notes"])?;
    stream(trial, config.with_metadata("team", "rides")).await
}

async fn a_stream(trial: &Trial, label: &str) -> CaseResult<StreamName> {
    trial.create_stream(trial.stream_config(label, &[label])?).await
}

async fn consumer(trial: &Trial, stream: &StreamName, config: ConsumerConfig) -> CaseResult<Probe> {
    let admin = trial.admin()?;
    let outcome = admin.create_consumer(stream, config).await.map(drop);
    let exists = admin.stream_info(stream).await?.consumers > 0;
    Ok(Probe { outcome, side_effect: exists.then(|| "the consumer exists".to_owned()) })
}

pub(super) async fn ephemeral_consumer(trial: &Trial) -> CaseResult<Probe> {
    let stream = a_stream(trial, "probe-ephemeral").await?;
    let durable = trial.consumer_config("unused")?;
    let config = ConsumerConfig::ephemeral()
        .with_max_ack_pending(durable.max_ack_pending)
        .with_max_deliver(durable.max_deliver);
    consumer(trial, &stream, config).await
}

pub(super) async fn start_position(trial: &Trial) -> CaseResult<Probe> {
    let stream = a_stream(trial, "probe-start").await?;
    consumer(trial, &stream, trial.consumer_config("probe")?.with_deliver(DeliverPolicy::New)).await
}

pub(super) async fn ack_policy(trial: &Trial) -> CaseResult<Probe> {
    let stream = a_stream(trial, "probe-policy").await?;
    consumer(trial, &stream, trial.consumer_config("probe")?.with_ack(AckPolicy::All)).await
}

pub(super) async fn max_ack_pending(trial: &Trial) -> CaseResult<Probe> {
    let stream = a_stream(trial, "probe-pending").await?;
    consumer(trial, &stream, trial.consumer_config("probe")?.with_max_ack_pending(1)).await
}

pub(super) async fn backoff(trial: &Trial) -> CaseResult<Probe> {
    let stream = a_stream(trial, "probe-backoff").await?;
    consumer(trial, &stream, trial.consumer_config("probe")?.with_backoff([trial.ack_wait()])).await
}

pub(super) async fn original_replay(trial: &Trial) -> CaseResult<Probe> {
    let stream = a_stream(trial, "probe-replay").await?;
    consumer(trial, &stream, trial.consumer_config("probe")?.with_replay(ReplayPolicy::Original)).await
}

pub(super) async fn headers_only(trial: &Trial) -> CaseResult<Probe> {
    let stream = a_stream(trial, "probe-headers").await?;
    consumer(trial, &stream, trial.consumer_config("probe")?.with_headers_only()).await
}

pub(super) async fn priority_group(trial: &Trial) -> CaseResult<Probe> {
    let stream = a_stream(trial, "probe-group").await?;
    let group = PriorityGroup::overflow("probe")?;
    consumer(trial, &stream, trial.consumer_config("probe")?.with_priority(group)).await
}

pub(super) async fn prioritized_group(trial: &Trial) -> CaseResult<Probe> {
    let stream = a_stream(trial, "probe-ranks").await?;
    let group = PriorityGroup::prioritized("probe")?;
    consumer(trial, &stream, trial.consumer_config("probe")?.with_priority(group)).await
}
