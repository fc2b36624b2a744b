//! `pubsub consumers`.

use std::time::SystemTime;

use pubsub::config::timestamp;
use pubsub::{ConsumerInfo, Error, ErrorKind, StreamName};
use serde::Serialize;
use serde_json::json;

use super::{facts, streams};
use crate::arguments::{ConsumerArguments, ConsumersCommand, DeleteConsumer, PauseConsumer, ResetConsumer};
use crate::confirm;
use crate::connect::Connection;
use crate::failure::{Ending, Failure, Outcome};
use crate::output::{Align, Output, Table, words};

pub(super) async fn run(connection: &Connection, command: &ConsumersCommand, output: &mut Output) -> Outcome {
    match command {
        ConsumersCommand::List { stream } => list(connection, stream.as_ref(), output).await,
        ConsumersCommand::Info(which) => info(connection, which, output).await,
        ConsumersCommand::Pause(arguments) => pause(connection, arguments, output).await,
        ConsumersCommand::Resume(which) => resume(connection, which, output).await,
        ConsumersCommand::Reset(arguments) => reset(connection, arguments, output).await,
        ConsumersCommand::Delete(arguments) => delete(connection, arguments, output).await,
    }
}

/// A consumer, for machines.
#[derive(Serialize)]
struct Shown<'a> {
    lag: u64,
    state: &'static str,
    #[serde(flatten)]
    info: &'a ConsumerInfo,
}

impl<'a> Shown<'a> {
    fn of(info: &'a ConsumerInfo) -> Self {
        Self { lag: lag(info), state: state(info), info }
    }
}

/// What it has still to settle: never delivered, or delivered and not settled.
pub(super) fn lag(info: &ConsumerInfo) -> u64 {
    info.pending.saturating_add(info.ack_pending)
}

/// How it does, the most telling first.
pub(super) fn state(info: &ConsumerInfo) -> &'static str {
    if info.paused_until.is_some() {
        "paused"
    } else if info.config.max_ack_pending.at().is_some_and(|most| info.ack_pending >= u64::from(most)) {
        "full"
    } else if info.waiting > 0 {
        "asking"
    } else if info.ack_pending > 0 {
        "unsettled"
    } else if info.pending > 0 {
        "unread"
    } else {
        "done"
    }
}

async fn list(connection: &Connection, stream: Option<&StreamName>, output: &mut Output) -> Outcome {
    let admin = connection.admin()?;
    let streams: Vec<StreamName> = match stream {
        Some(stream) => vec![stream.clone()],
        None => admin.list_streams().await?.into_iter().map(|info| info.config.name).collect(),
    };
    let mut consumers = Vec::new();
    for one in streams {
        match admin.list_consumers(&one).await {
            Ok(found) => consumers.extend(found),
            // Gone since the streams were listed.
            Err(error) if stream.is_none() && error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
    }
    consumers.sort_by(|one, other| (&one.stream, &one.name).cmp(&(&other.stream, &other.name)));
    if output.is_json() {
        output.json(&consumers.iter().map(Shown::of).collect::<Vec<_>>())?;
        return Ok(Ending::Done);
    }
    let (left, right) = (Align::Left, Align::Right);
    let mut table = Table::new(&[
        ("STREAM", left),
        ("CONSUMER", left),
        ("LAG", right),
        ("PENDING", right),
        ("ACK PENDING", right),
        ("REDELIVERED", right),
        ("DELIVERED", right),
        ("SETTLED TO", right),
        ("STATE", left),
        ("FILTERS", left),
    ]);
    for info in &consumers {
        table.row([
            info.stream.to_string(),
            info.name.to_string(),
            lag(info).to_string(),
            info.pending.to_string(),
            info.ack_pending.to_string(),
            info.redelivered.to_string(),
            info.delivered.stream.to_string(),
            info.ack_floor.stream.to_string(),
            told_state(info),
            if info.config.filters.is_empty() {
                "all".to_owned()
            } else {
                streams::listed(&info.config.filters)
            },
        ]);
    }
    output.table(&table)?;
    Ok(Ending::Done)
}

fn told_state(info: &ConsumerInfo) -> String {
    match info.paused_until {
        Some(until) => format!("paused until {}", words::time(until)),
        None => state(info).to_owned(),
    }
}

async fn info(connection: &Connection, which: &ConsumerArguments, output: &mut Output) -> Outcome {
    let info = connection.admin()?.consumer_info(&which.stream, &which.consumer).await?;
    show(&info, output)
}

fn show(info: &ConsumerInfo, output: &mut Output) -> Outcome {
    if output.is_json() {
        output.json(&Shown::of(info))?;
        return Ok(Ending::Done);
    }
    let state = [
        ("consumer", format!("{}/{}", info.stream, info.name)),
        ("created", words::time(info.created)),
        ("state", told_state(info)),
        ("lag", lag(info).to_string()),
        ("never delivered", info.pending.to_string()),
        ("delivered, not settled", info.ack_pending.to_string()),
        ("of those redelivered", info.redelivered.to_string()),
        (
            "last delivery",
            format!("sequence {}, delivery {}", info.delivered.stream, info.delivered.consumer),
        ),
        ("settled up to", format!("sequence {}", info.ack_floor.stream)),
        ("waiting requests", info.waiting.to_string()),
    ];
    output.table(&Table::of_facts(state.map(|(name, value)| (name.to_owned(), value))))?;
    output.line("")?;
    output.table(&Table::of_facts(facts::of(&info.config)))?;
    Ok(Ending::Done)
}

async fn pause(connection: &Connection, arguments: &PauseConsumer, output: &mut Output) -> Outcome {
    let ConsumerArguments { stream, consumer } = &arguments.which;
    let lasting = arguments.lasting.unwrap_or_default();
    let until = arguments.until.or_else(|| SystemTime::now().checked_add(lasting)).ok_or_else(|| {
        Error::invalid_input("for", "it is too long").with_remedy("give at most some hundred years")
    })?;
    if until <= SystemTime::now() {
        return Err(Failure::usage("that time is over; name one to come, or say `consumers resume`"));
    }
    connection.will_change();
    connection.admin()?.pause_consumer(stream, consumer, until).await?;
    let line = format!("{stream}/{consumer} is paused until {}", words::time(until));
    let told = json!({
        "stream": stream.as_str(), "consumer": consumer.as_str(), "paused_until": timestamp::format(until),
    });
    output.tell(&told, &line)?;
    Ok(Ending::Done)
}

async fn resume(connection: &Connection, which: &ConsumerArguments, output: &mut Output) -> Outcome {
    let ConsumerArguments { stream, consumer } = which;
    connection.will_change();
    connection.admin()?.resume_consumer(stream, consumer).await?;
    let told = json!({ "stream": stream.as_str(), "consumer": consumer.as_str(), "paused_until": null });
    output.tell(&told, &format!("{stream}/{consumer} delivers again"))?;
    Ok(Ending::Done)
}

async fn reset(connection: &Connection, arguments: &ResetConsumer, output: &mut Output) -> Outcome {
    let ConsumerArguments { stream, consumer } = &arguments.which;
    let admin = connection.admin()?;
    let info = admin.consumer_info(stream, consumer).await?;
    let to =
        arguments.to.map_or_else(|| "its first unsettled message".to_owned(), |to| format!("sequence {to}"));
    let what = format!(
        "set {stream}/{consumer} to {to}, forget its position (sequence {}) and its {} unsettled deliveries",
        info.delivered.stream, info.ack_pending
    );
    confirm::ask(&what, arguments.agreement.yes).await?;
    connection.will_change();
    let info = admin.reset_consumer(stream, consumer, arguments.to).await?;
    let line =
        format!("{stream}/{consumer} is set to {to}; {} to come", words::count(info.pending, "message"));
    output.tell(&Shown::of(&info), &line)?;
    Ok(Ending::Done)
}

async fn delete(connection: &Connection, arguments: &DeleteConsumer, output: &mut Output) -> Outcome {
    let ConsumerArguments { stream, consumer } = &arguments.which;
    let admin = connection.admin()?;
    let lag = lag(&admin.consumer_info(stream, consumer).await?);
    let had = words::count(lag, "message");
    confirm::ask(&format!("delete {stream}/{consumer}, which has {had} to settle"), arguments.agreement.yes)
        .await?;
    connection.will_change();
    admin.delete_consumer(stream, consumer).await?;
    let told = json!({ "stream": stream.as_str(), "consumer": consumer.as_str(), "lag": lag });
    output.tell(&told, &format!("{stream}/{consumer} is deleted; it had {had} to settle"))?;
    Ok(Ending::Done)
}

#[cfg(test)]
mod tests {
    use pubsub::{ConsumerConfig, ConsumerName};

    use super::*;

    fn info() -> ConsumerInfo {
        let config = ConsumerConfig::durable("users").unwrap().with_max_ack_pending(3);
        let (stream, name) = (StreamName::new("RIDE").unwrap(), ConsumerName::new("users").unwrap());
        ConsumerInfo::new(stream, name, config, SystemTime::UNIX_EPOCH)
    }

    #[test]
    fn the_most_telling_state_is_told() {
        let mut info = info();
        assert_eq!(state(&info), "done");
        info.pending = 9;
        assert_eq!(state(&info), "unread");
        info.ack_pending = 2;
        assert_eq!((state(&info), lag(&info)), ("unsettled", 11));
        info.waiting = 1;
        assert_eq!(state(&info), "asking");
        info.ack_pending = 3;
        assert_eq!(state(&info), "full");
        info.paused_until = Some(SystemTime::UNIX_EPOCH);
        assert_eq!(state(&info), "paused");
    }
}
