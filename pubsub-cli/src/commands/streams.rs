//! `pubsub streams`.

use pubsub::{Purge, StreamInfo, StreamName, SubjectFilter};
use serde_json::json;

use super::facts;
use crate::arguments::{DeleteStream, PurgeStream, StreamsCommand};
use crate::confirm;
use crate::connect::Connection;
use crate::failure::{Ending, Outcome};
use crate::output::{Align, Output, Table, words};

pub(super) async fn run(connection: &Connection, command: &StreamsCommand, output: &mut Output) -> Outcome {
    match command {
        StreamsCommand::List => list(connection, output).await,
        StreamsCommand::Info { stream } => info(connection, stream, output).await,
        StreamsCommand::Purge(arguments) => purge(connection, arguments, output).await,
        StreamsCommand::Delete(arguments) => delete(connection, arguments, output).await,
    }
}

async fn list(connection: &Connection, output: &mut Output) -> Outcome {
    let mut streams = connection.admin()?.list_streams().await?;
    streams.sort_by(|one, other| one.config.name.cmp(&other.config.name));
    if output.is_json() {
        output.json(&streams)?;
        return Ok(Ending::Done);
    }
    let (left, right) = (Align::Left, Align::Right);
    let mut table = Table::new(&[
        ("STREAM", left),
        ("SUBJECTS", left),
        ("RETENTION", left),
        ("MESSAGES", right),
        ("SIZE", right),
        ("FIRST", right),
        ("LAST", right),
        ("CONSUMERS", right),
    ]);
    for info in &streams {
        table.row([
            info.config.name.to_string(),
            listed(&info.config.subjects),
            info.config.retention.to_string(),
            info.messages.to_string(),
            words::bytes(info.bytes),
            info.first_sequence.to_string(),
            info.last_sequence.to_string(),
            info.consumers.to_string(),
        ]);
    }
    output.table(&table)?;
    Ok(Ending::Done)
}

async fn info(connection: &Connection, stream: &StreamName, output: &mut Output) -> Outcome {
    let info = connection.admin()?.stream_info(stream).await?;
    if output.is_json() {
        output.json(&info)?;
        return Ok(Ending::Done);
    }
    let state = [
        ("stream", info.config.name.to_string()),
        ("created", words::time(info.created)),
        ("messages", info.messages.to_string()),
        ("size", words::bytes(info.bytes)),
        ("sequences", format!("{} to {}", info.first_sequence, info.last_sequence)),
        ("gone in between", info.deleted.to_string()),
        ("subjects in use", info.subjects.to_string()),
        ("consumers", info.consumers.to_string()),
    ];
    output.table(&Table::of_facts(state.map(|(name, value)| (name.to_owned(), value))))?;
    output.line("")?;
    output.table(&Table::of_facts(facts::of(&info.config)))?;
    Ok(Ending::Done)
}

async fn purge(connection: &Connection, arguments: &PurgeStream, output: &mut Output) -> Outcome {
    let (admin, stream) = (connection.admin()?, &arguments.stream);
    let info = admin.stream_info(stream).await?;
    let mut purge = match (arguments.below, arguments.keep) {
        (Some(sequence), _) => Purge::up_to(sequence),
        (None, Some(messages)) => Purge::keep(messages),
        (None, None) => Purge::all(),
    };
    purge.filter.clone_from(&arguments.filter);
    confirm::ask(&what_is_purged(arguments, &info), arguments.agreement.yes).await?;
    connection.will_change();
    let removed = admin.purge_stream(stream, purge).await?;
    let line = format!("{} removed from {stream}", words::count(removed, "message"));
    output.tell(&json!({ "stream": stream.as_str(), "removed": removed }), &line)?;
    Ok(Ending::Done)
}

fn what_is_purged(arguments: &PurgeStream, info: &StreamInfo) -> String {
    let on = arguments.filter.as_ref().map(|filter| format!(" on {filter}")).unwrap_or_default();
    let which = match (arguments.below, arguments.keep) {
        (Some(sequence), _) => format!("the messages{on} below sequence {sequence}"),
        (None, Some(kept)) => format!("all but the newest {}{on}", words::count(kept, "message")),
        (None, None) => format!("all messages{on}"),
    };
    format!("remove {which} from {} (it holds {})", info.config.name, words::count(info.messages, "message"))
}

async fn delete(connection: &Connection, arguments: &DeleteStream, output: &mut Output) -> Outcome {
    let (admin, stream) = (connection.admin()?, &arguments.stream);
    let info = admin.stream_info(stream).await?;
    let (messages, consumers) = (info.messages, info.consumers);
    let holds = format!("{} and {}", words::count(messages, "message"), words::count(consumers, "consumer"));
    confirm::ask(&format!("delete {stream} with {holds}"), arguments.agreement.yes).await?;
    connection.will_change();
    admin.delete_stream(stream).await?;
    let deleted = json!({ "stream": stream.as_str(), "messages": messages, "consumers": consumers });
    output.tell(&deleted, &format!("{stream} is deleted, with {holds}"))?;
    Ok(Ending::Done)
}

pub(super) fn listed(filters: &[SubjectFilter]) -> String {
    filters.iter().map(SubjectFilter::as_str).collect::<Vec<_>>().join(", ")
}
