//! Messages that tell the broker more than where they go. Where the backend has the capability, the stream allows it, so
//! that only the message itself is refused or taken.

use std::time::{Duration, SystemTime};

use pubsub_core::{
    Capability, Expectations, OutboundMessage, PublishOptions, Rollup, Schedule, StreamConfig,
};

use super::{Probe, publishing};
use crate::check::CaseResult;
use crate::trial::Trial;

async fn publish(
    trial: &Trial,
    label: &str,
    allow: impl FnOnce(&mut StreamConfig),
    instruct: impl FnOnce(OutboundMessage) -> OutboundMessage,
) -> CaseResult<Probe> {
    let mut config = trial.stream_config(label, &[label, &format!("{label}-target")])?;
    allow(&mut config);
    let message = instruct(trial.message(label, "x")?);
    publishing::publish(trial, config, message, PublishOptions::default()).await
}

pub(super) async fn expectation(trial: &Trial) -> CaseResult<Probe> {
    let empty = Expectations::none().with_last_subject_sequence(0);
    publish(trial, "probe-expects", |_| {}, |message| message.with_expectations(empty)).await
}

pub(super) async fn expected_filter(trial: &Trial) -> CaseResult<Probe> {
    let empty = Expectations::none().with_last_subject_sequence(0);
    let empty = empty.with_last_subject_filter(trial.filter("probe-expects-filter")?)?;
    publish(trial, "probe-expects-filter", |_| {}, |message| message.with_expectations(empty)).await
}

pub(super) async fn time_to_live(trial: &Trial) -> CaseResult<Probe> {
    let allowed = trial.has(Capability::MessageTtl);
    let allow = |config: &mut StreamConfig| config.allow_message_ttl = allowed;
    publish(trial, "probe-ttl", allow, |message| message.with_ttl(Duration::from_secs(3600))).await
}

pub(super) async fn rollup(trial: &Trial) -> CaseResult<Probe> {
    let allowed = trial.has(Capability::Rollup);
    let allow = |config: &mut StreamConfig| config.allow_rollup = allowed;
    publish(trial, "probe-rollup", allow, |message| message.with_rollup(Rollup::Subject)).await
}

/// An hour ahead: it is deleted before.
fn later() -> SystemTime {
    SystemTime::now() + Duration::from_secs(3600)
}

async fn scheduled(trial: &Trial, label: &str, schedule: Schedule) -> CaseResult<Probe> {
    let allowed = trial.has(Capability::Schedules);
    let allow = |config: &mut StreamConfig| config.allow_schedules = allowed;
    publish(trial, label, allow, |message| message.with_schedule(schedule)).await
}

pub(super) async fn schedule(trial: &Trial) -> CaseResult<Probe> {
    let target = trial.subject("probe-schedule-target")?;
    scheduled(trial, "probe-schedule", Schedule::at(later(), target)?).await
}

pub(super) async fn recurring_schedule(trial: &Trial) -> CaseResult<Probe> {
    let target = trial.subject("probe-recurring-target")?;
    let hourly = Schedule::every(Duration::from_secs(3600), target)?;
    scheduled(trial, "probe-recurring", hourly).await
}
