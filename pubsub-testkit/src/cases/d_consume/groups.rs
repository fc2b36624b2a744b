//! Groups that were declared before, and readers that come and go.

use std::time::Duration;

use pubsub_core::{
    Capability, ConsumerConfig, DeliverPolicy, ErrorKind, Limit, Retention, StreamConfig, StreamName,
};

use crate::check::{CaseResult, check, check_eq};
use crate::harness::Clock;
use crate::trial::{SettleSurely as _, TestConsumer, Trial};

/// D7: a group that was declared before any of its members is there gets what was published meanwhile, every group all of
/// it, under each retention that lets a stream keep it.
pub(crate) async fn get_earlier_messages(trial: &Trial) -> CaseResult {
    declared_before(trial, "plain", |config| config).await?;
    if trial.has(Capability::InterestRetention) {
        declared_before(trial, "interest", |config| config.with_retention(Retention::Interest)).await?;
    }
    Ok(())
}

async fn declared_before(
    trial: &Trial,
    label: &str,
    change: impl FnOnce(StreamConfig) -> StreamConfig,
) -> CaseResult {
    const COUNT: usize = 20;
    let stream = trial.create_stream(change(trial.stream_config(label, &[label])?)).await?;
    let mut groups = Vec::new();
    {
        let provisioning = trial.another_connection().await?;
        for group in ["users", "rides"] {
            let config = trial.consumer_config(group)?;
            groups.push(trial.create_consumer_over(&provisioning, &stream, config).await?);
        }
        provisioning.close().await?;
    }
    trial.publish_many(label, COUNT).await?;
    trial.pass(trial.ack_wait() * 2).await;
    for group in &groups {
        let member = trial.another_connection().await?;
        let member = trial.open(&member, group).await?;
        check_eq!(member.info().await?.pending, COUNT as u64, "what waits for a group in `{label}`");
        let came = member.take_and_ack(COUNT).await?;
        let first_attempts = came.iter().filter(|info| info.attempt == 1).count();
        check_eq!(first_attempts, COUNT, "the first attempts of a group in `{label}`");
        member.eventually("everything is settled", |info| info.ack_pending == 0).await?;
        member.drained();
    }
    Ok(())
}

/// D8: readers without a durable name each get everything that is published while they are there, and nothing of what was
/// published before they came or after they went; one that nobody uses disappears.
pub(crate) async fn come_and_go(trial: &Trial) -> CaseResult {
    const COUNT: usize = 5;
    let stream = trial.stream().await?;
    trial.publish_many("a", COUNT).await?;
    let (one, two) = (reader(trial, &stream).await?, reader(trial, &stream).await?);
    check!(one.name() != two.name(), "two readers without a name share the name {}", one.name());
    trial.publish_many("a", COUNT).await?;
    for reader in [&one, &two] {
        expect(reader, COUNT as u64 + 1..=2 * COUNT as u64).await?;
    }

    let admin = trial.admin()?;
    admin.delete_consumer(&stream, one.name()).await?;
    trial.publish_many("a", COUNT).await?;
    let back = reader(trial, &stream).await?;
    trial.publish_many("a", COUNT).await?;
    expect(&back, 3 * COUNT as u64 + 1..=4 * COUNT as u64).await?;
    expect(&two, 2 * COUNT as u64 + 1..=4 * COUNT as u64).await?;
    for reader in [&two, &back] {
        reader.drained();
    }

    // From now on nobody asks for anything.
    let is_gone = |name| {
        let admin = &admin;
        let stream = &stream;
        move || async move {
            let info = admin.consumer_info(stream, name).await;
            Ok(info.is_err_and(|error| error.kind() == ErrorKind::NotFound))
        }
    };
    trial.eventually("an unused reader disappears", is_gone(two.name())).await?;
    trial.eventually("the other one disappears", is_gone(back.name())).await
}

async fn reader<'t>(trial: &'t Trial, stream: &StreamName) -> CaseResult<TestConsumer<'t>> {
    let threshold = match trial.clock() {
        Clock::Virtual => Duration::from_secs(300),
        // It must not pass while the reader is in use.
        Clock::Real => Duration::from_secs(1),
    };
    let config = ConsumerConfig::ephemeral()
        .with_deliver(DeliverPolicy::New)
        .with_inactive_threshold(threshold)
        .with_ack_wait(trial.ack_wait())
        .with_max_deliver(Limit::Unlimited)
        .with_max_ack_pending(Limit::Unlimited);
    trial.create_consumer(stream, config).await
}

async fn expect(reader: &TestConsumer<'_>, sequences: std::ops::RangeInclusive<u64>) -> CaseResult {
    let sequences: Vec<u64> = sequences.collect();
    let mut came = Vec::new();
    for delivery in reader.take(sequences.len()).await? {
        came.push(delivery.info().stream_sequence);
        delivery.ack_confirmed_if_possible(reader.trial()).await?;
    }
    check_eq!(came, sequences, "what a reader got");
    check_eq!(reader.info().await?.pending, 0, "what a reader still has to get");
    Ok(())
}
