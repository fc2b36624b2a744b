//! How a connection does, and what it can do.

use pubsub_core::{Capability, Client, ErrorKind, HealthState, PublisherExt as _};
use std::sync::Arc;

use crate::check::{CaseResult, Failure, check, check_eq, refused_as};
use crate::trial::Trial;

/// J4: a connection is healthy from the start, and while it works; to ask changes nothing, however often; one that is
/// closed is unhealthy and says why, and the others are as they were.
pub(crate) async fn tells_and_changes_nothing(trial: &Trial) -> CaseResult {
    let other = trial.another_connection().await?;
    let health = trial.in_time("health at the start", other.health()).await?;
    check_eq!(health.state, HealthState::Healthy, "the health at the start ({:?})", health.reasons);
    check!(health.is_usable() && health.reasons.is_empty(), "a healthy connection gives reasons: {health:?}");

    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "worker").await?;
    trial.publish_many("a", 3).await?;
    let held = consumer.take(2).await?;
    let admin = trial.admin()?;
    let before = (admin.stream_info(&stream).await?, consumer.info().await?);
    for _ in 0..20 {
        let health = trial.in_time("health at work", trial.broker().health()).await?;
        check_eq!(health.state, HealthState::Healthy, "the health at work ({:?})", health.reasons);
    }
    let after = (admin.stream_info(&stream).await?, consumer.info().await?);
    check_eq!(after, before, "stream and consumer after their connection was asked for its health");

    other.close().await?;
    let health = trial.in_time("health after the close", other.health()).await?;
    check_eq!(health.state, HealthState::Unhealthy, "the health after the close");
    check!(!health.reasons.is_empty(), "the health after the close gives no reason");
    let health = trial.broker().health().await;
    check_eq!(
        health.state,
        HealthState::Healthy,
        "the health of the other connection ({:?})",
        health.reasons
    );
    for delivery in held {
        delivery.ack().await?;
    }
    consumer.take_and_ack(1).await?;
    consumer.drained();
    Ok(())
}

/// J8: what a backend can do is known as soon as it is connected, is the same on each connection and does not change;
/// what is declared is granted, and what is not is refused when a service asks for it at its start.
pub(crate) async fn features_are_known_at_once(trial: &Trial) -> CaseResult {
    let declared = trial.capabilities();
    let other = trial.another_connection().await?;
    check_eq!(other.capabilities(), declared, "what another connection declares");
    let client = Client::new(Arc::clone(trial.broker()));
    let has: Vec<_> = declared.iter().collect();
    client.require(&has)?;
    for missing in Capability::ALL.iter().copied().filter(|capability| !declared.has(*capability)) {
        let outcome = client.require(&[missing]);
        let error = refused_as(outcome, ErrorKind::Unsupported, None, "to require what is not declared")?;
        check_eq!(
            error.context("feature"),
            Some(missing.name()),
            "the feature that the error names ({error})"
        );
    }

    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "worker").await?;
    trial.publish("a", "x").await?;
    consumer.take_and_ack(1).await?;
    other.close().await?;
    check_eq!(other.capabilities(), declared, "what a closed connection declares");
    check_eq!(trial.capabilities(), declared, "what the connection declares after work");
    consumer.drained();
    Ok(())
}

const PAYLOAD: &str = "payload-of-nobodys-business";
const HEADER: &str = "header-of-nobodys-business";

/// J7: neither the payload nor a header's value shows in what is printed of a message, a delivery, an error, a connection
/// or its parts; nor do credentials in what is printed of a URL, whatever is wrong with it.
pub(crate) async fn secrets_do_not_show(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "worker").await?;
    let message =
        || -> CaseResult<_> { Ok(trial.message("a", PAYLOAD)?.with_header("authorization", HEADER)?) };
    let mut printed = vec![format!("{:?}", message()?)];
    let receipt = trial.publisher().publish_message(message()?).await?;
    let delivery = consumer.next().await?;
    printed.push(format!("{receipt:?} {delivery:?} {:?}", delivery.info()));
    let Err(unreadable) = delivery.json::<Vec<u8>>() else {
        return Err(Failure::new("a text was read as a list of numbers"));
    };
    printed.push(format!("{unreadable} {unreadable:?}"));
    delivery.ack().await?;

    if let Some(limit) = trial.capabilities().max_payload() {
        let mut large = message()?;
        large.payload = PAYLOAD.repeat(limit / PAYLOAD.len() + 1).into();
        let outcome = trial.publisher().publish_message(large).await;
        let error = refused_as(outcome, ErrorKind::PayloadTooLarge, None, "a payload over the limit")?;
        printed.push(format!("{error} {error:?}"));
    }
    if trial.has(Capability::GetMessage) {
        let selector = pubsub_core::MessageSelector::Sequence(1);
        printed.push(format!("{:?}", trial.admin()?.get_message(&stream, selector).await?));
    }
    let (broker, admin) = (trial.broker(), trial.admin()?);
    printed.push(format!("{broker:?} {:?} {:?} {admin:?}", trial.publisher(), consumer.handle()));
    printed.push(format!("{:?}", broker.health().await));
    for text in printed {
        check!(!text.contains(PAYLOAD), "a payload shows: {text}");
        check!(!text.contains(HEADER), "a header's value shows: {text}");
    }
    urls()?;
    consumer.stays_silent("a").await?;
    consumer.drained();
    Ok(())
}

fn urls() -> CaseResult {
    for text in [
        "nats://user:hunter2@host:4222",
        "nats://hunter2@host:4222,other:4222?request_timeout=1s",
        "nats://host?token=hunter2",
        "nats://user:hunter2@host:no-port",
        "nats://user:hunter2@",
        "nats:/user:hunter2@host",
        "nats://host/hunter2@other",
    ] {
        let printed = match pubsub_core::ConnectUrl::parse(text) {
            Ok(url) => format!("{url} {url:?}"),
            Err(error) => format!("{error} {error:?}"),
        };
        check!(!printed.contains("hunter2"), "credentials show: {printed}");
    }
    Ok(())
}
