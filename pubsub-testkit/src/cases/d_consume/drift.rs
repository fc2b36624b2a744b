//! A consumer that is asked for with another configuration than it has.

use pubsub_core::{
    AckPolicy, Capability, ConsumerConfig, DeliverPolicy, ErrorKind, Limit, Provision, StreamName,
};

use crate::check::{CaseResult, check, check_eq, refused_as};
use crate::trial::{SettleSurely as _, TestConsumer, Trial};

/// D12: to make an existing consumer with another configuration is an error that names the difference; to change it, where
/// that is asked for, changes it in place, and holds from then on. Neither brings back what was acked, nor moves its position;
/// what cannot be changed is refused.
pub(crate) async fn acked_stays_acked(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let config = trial.consumer_config("worker")?;
    let worker = trial.create_consumer(&stream, config.clone()).await?;
    trial.publish_many("a", 6).await?;
    for delivery in worker.take(4).await? {
        delivery.ack_confirmed_if_possible(trial).await?;
    }
    let admin = trial.admin()?;
    let drifted = config.clone().with_max_deliver(7);
    for outcome in [
        admin.create_consumer(&stream, drifted.clone()).await,
        admin.ensure_consumer(&stream, drifted.clone(), Provision::Never).await,
        admin.ensure_consumer(&stream, drifted.clone(), Provision::CreateIfMissing).await,
    ] {
        let what = "a consumer that exists with another max_deliver";
        let error = refused_as(outcome, ErrorKind::AlreadyExists, Some(10148), what)?;
        check!(error.to_string().contains("max_deliver"), "the error does not name the difference: {error}");
    }
    at(&worker, &config).await?;
    if trial.has(Capability::Update) {
        updated(trial, &worker, drifted).await?;
    }

    let came: Vec<_> =
        worker.take_and_ack(2).await?.iter().map(|info| (info.stream_sequence, info.attempt)).collect();
    check_eq!(came, [(5, 1), (6, 1)], "what comes after the drift");
    worker.stays_silent("a").await?;
    worker.drained();
    if trial.has(Capability::Update) {
        updates_are_applied(trial, &stream).await?;
    }
    Ok(())
}

/// Not shown alone: what was changed holds for what is delivered then.
async fn updates_are_applied(trial: &Trial, stream: &StreamName) -> CaseResult {
    let patient = trial.consumer_config("changed")?.with_filter(trial.filter("b")?)?;
    let patient = patient.with_ack_wait(trial.patience() * 4);
    let consumer = trial.create_consumer(stream, patient.clone()).await?;
    trial.admin()?.update_consumer(stream, patient.with_ack_wait(trial.ack_wait())).await?;
    trial.publish("b", "comes again by the ack wait that it has now").await?;
    let held = consumer.next().await?;
    let again = consumer.next().await?;
    check_eq!((held.info().attempt, again.info().attempt), (1, 2), "the attempts after the change");
    again.ack_confirmed_if_possible(trial).await?;
    consumer.eventually("everything is settled", |info| info.ack_pending == 0).await?;
    consumer.drained();
    Ok(())
}

/// Four are acked, and two wait.
async fn at(worker: &TestConsumer<'_>, config: &ConsumerConfig) -> CaseResult {
    let info = worker.info().await?;
    check_eq!(info.config.max_deliver, config.max_deliver, "max_deliver");
    let counts = (info.delivered.stream, info.ack_pending, info.pending);
    check_eq!(counts, (4, 0, 2), "the last delivery, ack pending and pending");
    Ok(())
}

async fn updated(trial: &Trial, worker: &TestConsumer<'_>, drifted: ConsumerConfig) -> CaseResult {
    let (admin, stream) = (trial.admin()?, worker.stream());
    admin.update_consumer(stream, drifted.clone()).await?;
    at(worker, &drifted).await?;
    let unlimited = drifted.clone().with_max_deliver(Limit::Unlimited);
    admin.ensure_consumer(stream, unlimited.clone(), Provision::Update).await?;
    at(worker, &unlimited).await?;
    if trial.has(Capability::StartPosition) {
        let outcome = admin.update_consumer(stream, unlimited.clone().with_deliver(DeliverPolicy::New)).await;
        refused_as(outcome, ErrorKind::Config, Some(10012), "to change where a consumer starts")?;
    }
    if trial.has(Capability::AckPolicies) {
        let outcome = admin.update_consumer(stream, unlimited.clone().with_ack(AckPolicy::None)).await;
        refused_as(outcome, ErrorKind::Config, Some(10012), "to change what must be acknowledged")?;
    }
    let mut missing = unlimited.clone();
    missing.name = Some(trial.consumer_name("missing")?);
    let outcome = admin.update_consumer(stream, missing).await;
    refused_as(outcome, ErrorKind::NotFound, Some(10149), "to change a consumer that is not there")?;
    at(worker, &unlimited).await
}
