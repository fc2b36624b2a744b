//! Makes the streams and the consumers, once, before anything is published.

use std::sync::Arc;

use pubsub::{Client, ConsumerName, Error, ErrorKind, Provision, Result, StreamInfo, StreamName};

use super::report::RouteTally;
use super::topology::{DEAD_LETTERS, ROUTES, Route, STREAMS, stream_of};

/// A route whose consumer exists.
#[derive(Debug, Clone)]
pub(super) struct OpenRoute {
    pub(super) route: Route,
    pub(super) stream: StreamName,
    pub(super) consumer: ConsumerName,
    pub(super) tally: Arc<RouteTally>,
}

/// Makes what is missing. Streams that an earlier run has used are refused: their duplicate windows and what they
/// store would make this run's counts wrong. With `reset` they are deleted first.
pub(super) async fn provision(client: &Client, reset: bool) -> Result<Vec<OpenRoute>> {
    let admin = client.admin()?;
    if reset {
        for name in STREAMS.iter().map(|plan| plan.name).chain([DEAD_LETTERS]) {
            delete(client, name).await?;
        }
    }
    for plan in &STREAMS {
        let info = client.ensure_stream(plan.config()?, Provision::CreateIfMissing).await?;
        refuse_used(&info)?;
    }
    let mut routes = Vec::with_capacity(ROUTES.len());
    for route in &ROUTES {
        let Some(plan) = stream_of(route.subject) else {
            continue;
        };
        let stream = StreamName::new(plan.name)?;
        let info = admin.ensure_consumer(&stream, route.config()?, Provision::CreateIfMissing).await?;
        let tally = Arc::new(RouteTally::new(info.name.to_string()));
        routes.push(OpenRoute { route: *route, stream, consumer: info.name, tally });
    }
    Ok(routes)
}

async fn delete(client: &Client, stream: &str) -> Result<()> {
    match client.admin()?.delete_stream(&StreamName::new(stream)?).await {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}

fn refuse_used(info: &StreamInfo) -> Result<()> {
    if info.last_sequence == 0 {
        return Ok(());
    }
    let (messages, ever) = (info.messages, info.last_sequence);
    Err(Error::new(
        ErrorKind::Conflict,
        format!("the stream was used before: it holds {messages} messages of {ever} ever stored"),
    )
    .with_operation("provision")
    .with_context("stream", &info.config.name)
    .with_remedy("run again with `--reset`, which deletes the four streams first"))
}
