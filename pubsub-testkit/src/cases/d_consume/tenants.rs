//! Several tenants on one store.

use std::sync::Arc;

use pubsub_core::{
    Client, Consumer, Delivery, ErrorKind, FetchOptions, Limit, StreamConfig, StreamName, Tenants,
};

use crate::check::{CaseResult, Failure, check_eq, refused_as, text};
use crate::trial::Trial;

const NAMES: [&str; 2] = ["acme", "globex"];

/// D22: tenants are kept apart, each with a stream, a connection and subjects of its own; subjects map there and back; who is
/// not known is refused, or served as the default where there is one; the end of one tenant's connection leaves the others.
pub(crate) async fn kept_apart(trial: &Trial) -> CaseResult {
    let root = trial.subject("tenants")?;
    let mut tenants = Tenants::below(root.clone())?;
    for name in NAMES {
        tenants = tenants.with(name, Client::new(trial.another_connection().await?))?;
    }
    let spare = || Client::new(Arc::clone(trial.broker()));
    refused_as(tenants.clone().with("acme", spare()), ErrorKind::AlreadyExists, None, "a tenant twice")?;
    for name in ["a.b", "*", ">", ""] {
        let outcome = tenants.clone().with(name, spare());
        refused_as(outcome, ErrorKind::InvalidInput, None, "a tenant's name that is no token")?;
    }

    let mut consumers = Vec::new();
    for name in NAMES {
        consumers.push(own_stream(trial, name, &tenants.client(name)?).await?);
    }
    for name in NAMES {
        tenants.client(name)?.publish("ride.done", name).await?;
    }
    for (name, (stream, consumer)) in NAMES.into_iter().zip(&consumers) {
        let came = next(trial, consumer).await?;
        check_eq!(came.subject(), "ride.done", "the subject as {name} has it");
        check_eq!(text(came.payload()), name, "what came to {name}");
        came.ack().await?;
        let below = trial.consumer(stream, name).await?;
        let stored = below.next().await?;
        check_eq!(tenants.of(stored.subject()), Some((name, "ride.done")), "whose `{}` is", stored.subject());
        stored.ack().await?;
        below.drained();
        let info = trial.admin()?.stream_info(stream).await?;
        check_eq!(info.messages, 1, "the messages in the stream of {name}");
    }
    check_eq!(tenants.of("elsewhere.acme.ride.done"), None, "whose a subject outside is");
    in_one_stream(trial, &tenants).await?;

    let refused = tenants.client("initech");
    let error = refused_as(refused, ErrorKind::NotFound, None, "a tenant that is not known")?;
    check_eq!(error.context("tenant"), Some("initech"), "the tenant that the error names ({error})");
    let unknown = tenants.clone().with_default("initech");
    refused_as(unknown, ErrorKind::NotFound, None, "a default that is not known")?;
    let tenants = tenants.with_default("globex")?;
    tenants.client("initech")?.publish("ride.done", "initech").await?;
    let [(_, of_acme), (_, of_globex)] = consumers.as_slice() else { return Ok(()) };
    let came = next(trial, of_globex).await?;
    check_eq!(text(came.payload()), "initech", "what came to the default");
    came.ack().await?;

    tenants.client("acme")?.close().await?;
    let closed = of_acme.fetch(FetchOptions::up_to(1)).await;
    refused_as(closed, ErrorKind::Closed, None, "a fetch of the tenant whose connection is closed")?;
    tenants.client("globex")?.publish("ride.done", "still here").await?;
    let came = next(trial, of_globex).await?;
    check_eq!(text(came.payload()), "still here", "what came to the other one");
    Ok(came.ack().await?)
}

/// A stream of the tenant's own, and a consumer of everything in it, both made over the tenant's client.
async fn own_stream(
    trial: &Trial,
    name: &str,
    client: &Client,
) -> CaseResult<(StreamName, Arc<dyn Consumer>)> {
    let config = StreamConfig::new(trial.stream_name(name)?, ["ride.>"])?
        .with_max_age(Limit::Unlimited)
        .with_max_bytes(Limit::Unlimited)
        .with_max_messages(Limit::Unlimited);
    let stream = client.admin()?.create_stream(config).await?.config.name;
    let info = client.admin()?.create_consumer(&stream, trial.consumer_config("own")?).await?;
    Ok((stream.clone(), client.consumer(&stream, &info.name).await?))
}

/// Where two share a stream, each sees its own messages only.
async fn in_one_stream(trial: &Trial, tenants: &Tenants) -> CaseResult {
    let shared = trial.create_stream(trial.stream_config("shared", &["tenants.*.log"])?).await?;
    let mut consumers = Vec::new();
    for name in NAMES {
        let client = tenants.client(name)?;
        let config = trial.consumer_config(&format!("log-{name}"))?;
        let info = client.admin()?.create_consumer(&shared, config).await?;
        consumers.push(client.consumer(&shared, &info.name).await?);
        client.publish("log", name).await?;
    }
    for (name, consumer) in NAMES.into_iter().zip(&consumers) {
        let came = next(trial, consumer).await?;
        check_eq!((came.subject(), &*text(came.payload())), ("log", name), "what comes first to {name}");
        check_eq!(came.info().pending, 0, "what is still to come to {name}");
        came.ack().await?;
    }
    Ok(())
}

async fn next(trial: &Trial, consumer: &Arc<dyn Consumer>) -> CaseResult<Delivery> {
    let came = consumer.fetch(FetchOptions::up_to(1).with_expires(trial.patience())).await?.pop();
    came.ok_or_else(|| Failure::new("nothing came to the tenant"))
}
