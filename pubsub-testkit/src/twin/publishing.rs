use pubsub_core::{
    Advisory, Capability, Error, OutboundMessage, PublishOptions, StreamConfig, SubjectFilter,
};

use super::Probe;
use crate::check::CaseResult;
use crate::trial::Trial;

/// Publishes to a stream of this configuration; where that is refused, nothing may be stored.
pub(super) async fn publish(
    trial: &Trial,
    config: StreamConfig,
    message: OutboundMessage,
    options: PublishOptions,
) -> CaseResult<Probe> {
    let stream = trial.create_stream(config).await?;
    let outcome = match trial.publisher().publish_with(message, options).await {
        Ok(pending) => pending.await.map(drop),
        Err(error) => Err(error),
    };
    let stored = trial.admin()?.stream_info(&stream).await?.messages;
    Ok(Probe { outcome, side_effect: (stored > 0).then(|| "the message was stored".to_owned()) })
}

pub(super) async fn message_id(trial: &Trial) -> CaseResult<Probe> {
    let config = trial.stream_config("probe-id", &["probe-id"])?;
    let message = trial.message("probe-id", "x")?.with_id("probe")?;
    publish(trial, config, message, PublishOptions::default()).await
}

pub(super) async fn retry(trial: &Trial) -> CaseResult<Probe> {
    let config = trial.stream_config("probe-retry", &["probe-retry"])?;
    let message = trial.message("probe-retry", "x")?;
    publish(trial, config, message, PublishOptions::default().with_retry(true)).await
}

/// Over a stream that allows batches, where the backend lets it.
pub(super) async fn atomic_batch(trial: &Trial) -> CaseResult<Probe> {
    let mut config = trial.stream_config("probe-batch", &["probe-batch"])?;
    config.allow_atomic_batches = trial.has(Capability::AtomicBatch);
    let stream = trial.create_stream(config).await?;
    let messages = vec![trial.message("probe-batch", "one")?, trial.message("probe-batch", "two")?];
    let outcome = trial.publisher().publish_atomic(messages, PublishOptions::default()).await.map(drop);
    let stored = trial.admin()?.stream_info(&stream).await?.messages;
    Ok(Probe { outcome, side_effect: (stored > 0).then(|| "messages were stored".to_owned()) })
}

/// Nobody has to listen: the message is gone then.
pub(super) async fn without_a_stream(trial: &Trial) -> CaseResult<Probe> {
    let outcome = match trial.broker().core() {
        Some(core) => core.publish(trial.message("probe-core", "x")?).await,
        None => Err(Error::unsupported(Capability::CoreMessaging.name())),
    };
    Ok(Probe { outcome, side_effect: None })
}

/// Who listens for what is never told would take the silence for good news.
pub(super) async fn advisories(trial: &Trial) -> CaseResult<Probe> {
    let [given_up, _] = Advisory::FILTERS;
    let outcome = match trial.broker().core() {
        Some(core) => core.subscribe(SubjectFilter::new(given_up)?, Default::default()).await.map(drop),
        None => Err(Error::unsupported(Capability::Advisories.name())),
    };
    Ok(Probe { outcome, side_effect: None })
}
