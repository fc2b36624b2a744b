//! How a connection does, with the reasons.

use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, StreamExt as _};
use pubsub_core::config::duration;
use pubsub_core::{ConsumerName, Error, ErrorKind, Health, HealthState, StreamName};
use serde::de::IgnoredAny;
use tokio::time::timeout;

use super::known::Activity;
use crate::api::{self, Effect};
use crate::connection::Connection;

/// The most time for a check.
const LIMIT: Duration = Duration::from_secs(2);
/// How many questions are asked at a time.
const AT_ONCE: usize = 16;
/// Messages that wait this long for someone who asks for them wait too long: two heartbeats of a subscription.
const STALLED: Duration = Duration::from_secs(10);

/// A reason not to be healthy.
type Finding = (HealthState, String);

/// Looks at a connection and at all that it has to do with. Only asks, and changes nothing at the server.
pub(crate) async fn check(connection: &Connection) -> Health {
    let limit = LIMIT.min(connection.config.request_timeout);
    let health = Health::healthy();
    if connection.check_open().is_err() {
        return health.because(HealthState::Unhealthy, "the connection is closed");
    }
    if !connection.is_connected() {
        return match connection.outage_refusal() {
            Some(refusal) => health.because(HealthState::Unhealthy, refusal.message()),
            None => health.because(HealthState::Unhealthy, "the connection to the server is down"),
        };
    }
    match timeout(limit, findings(connection)).await {
        Ok(findings) => {
            findings.into_iter().fold(health, |health, (state, reason)| health.because(state, reason))
        }
        Err(_) => {
            let after = duration::format(limit);
            health
                .because(HealthState::Unhealthy, format!("JetStream does not answer: nothing after {after}"))
        }
    }
}

async fn findings(connection: &Connection) -> Vec<Finding> {
    let known = &connection.known;
    let mut forbidden: Vec<_> = known.consumers().iter().filter_map(forbidden_settlements).collect();
    match api::account_info(connection).await {
        Ok(_) => {}
        // Whoever may not ask may still be allowed to work.
        Err(error) if error.kind() == ErrorKind::PermissionDenied && connection.can_be_answered() => {
            forbidden.push((HealthState::Degraded, "this user may not ask how JetStream does".to_owned()));
            return forbidden;
        }
        Err(_) if !connection.config.jetstream => {
            return vec![(HealthState::Degraded, "the server has no JetStream for this account".to_owned())];
        }
        Err(error) => {
            return vec![(HealthState::Unhealthy, format!("JetStream does not answer: {}", error.message()))];
        }
    }
    let streams =
        stream::iter(known.streams()).map(|name| async move { missing_stream(connection, &name).await });
    let consumers = stream::iter(known.consumers()).map(|(stream, name, activity)| async move {
        ill_consumer(connection, &stream, &name, &activity).await
    });
    let (streams, consumers): (Vec<_>, Vec<_>) = futures::join!(
        streams.buffered(AT_ONCE).collect::<Vec<_>>(),
        consumers.buffered(AT_ONCE).collect::<Vec<_>>()
    );
    forbidden.into_iter().chain(streams.into_iter().chain(consumers).flatten()).collect()
}

fn forbidden_settlements(
    (stream, consumer, activity): &(StreamName, ConsumerName, Arc<Activity>),
) -> Option<Finding> {
    activity.settling.is_refused().then(|| {
        let reason = format!(
            "the consumer `{consumer}` of `{stream}`: this user may not settle what it delivers \
             (`$JS.ACK.{stream}.{consumer}.>`), so it comes again"
        );
        (HealthState::Unhealthy, reason)
    })
}

async fn missing_stream(connection: &Connection, stream: &StreamName) -> Option<Finding> {
    let subject = format!("STREAM.INFO.{stream}");
    let asked: Result<IgnoredAny, _> = api::call(connection, Effect::Reads, &subject, &()).await;
    failed(&format!("the stream `{stream}`"), &asked.err()?.error)
}

async fn ill_consumer(
    connection: &Connection,
    stream: &StreamName,
    consumer: &ConsumerName,
    activity: &Activity,
) -> Option<Finding> {
    let what = format!("the consumer `{consumer}` of `{stream}`");
    let info = match api::consumer_info(connection, stream, consumer).await {
        Ok(info) => info,
        Err(failure) => return failed(&what, &failure.error),
    };
    if info.paused {
        return Some((HealthState::Degraded, format!("{what} is paused")));
    }
    let full = info.config.max_ack_pending().and_then(|most| u64::try_from(most).ok());
    if let Some(most) = full.filter(|most| info.num_ack_pending >= *most) {
        return Some((
            HealthState::Degraded,
            format!(
                "{what}: ack pending is full ({} of {most}), so nothing more comes",
                info.num_ack_pending
            ),
        ));
    }
    if info.config.chooses() {
        // Who gets nothing may be meant to stand by.
        return None;
    }
    let idle = activity.idle().filter(|idle| info.num_pending > 0 && *idle >= STALLED)?;
    let waiting = info.num_pending;
    Some((
        HealthState::Degraded,
        format!("{what}: consuming stalled for {} s, with {waiting} messages waiting", idle.as_secs()),
    ))
}

fn failed(what: &str, error: &Error) -> Option<Finding> {
    match error.kind() {
        ErrorKind::NotFound => Some((HealthState::Unhealthy, format!("{what} is gone"))),
        // Who may not look may still use it.
        ErrorKind::PermissionDenied => None,
        _ => Some((HealthState::Degraded, format!("{what} cannot be looked at: {}", error.message()))),
    }
}
