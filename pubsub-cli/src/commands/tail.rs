//! `pubsub tail`.

use std::time::Duration;

use futures::StreamExt as _;
use pubsub::{DeliverPolicy, ReadOptions, StoredMessage, StreamName, StreamReader};
use tokio::time::timeout;

use super::storing;
use crate::arguments::TailArguments;
use crate::connect::Connection;
use crate::failure::{Ending, Failure, Outcome};
use crate::output::Output;
use crate::output::message::{self, ShownMessage};

/// How long nothing may come before it is asked whether anything is to come: the rest may have been removed.
const LOOK: Duration = Duration::from_secs(1);

pub(super) async fn run(connection: &Connection, arguments: &TailArguments, output: &mut Output) -> Outcome {
    let admin = connection.admin()?;
    let stream = match &arguments.stream {
        Some(stream) => stream.clone(),
        None => storing::stream(admin.as_ref(), &arguments.filters).await?,
    };
    let stop = pubsub::stop_signal()?;
    let ends = arguments.no_follow || connection.is_snapshot();
    let end = if ends { Some(admin.stream_info(&stream).await?.last_sequence) } else { None };
    // What ends with the newest that is there shows what there is.
    let default = if ends { DeliverPolicy::All } else { DeliverPolicy::New };
    let mut options = ReadOptions::default().with_from(arguments.from.unwrap_or(default));
    options.filters.clone_from(&arguments.filters);
    options.headers_only = arguments.headers_only;
    let reader = connection.client().read(stream.clone(), options).await?;
    let mut tailing = Tailing { reader, stream, end, left: arguments.count };
    tokio::select! {
        outcome = tailing.run(output) => outcome,
        () = stop => Ok(Ending::Done),
    }
}

struct Tailing {
    reader: StreamReader,
    stream: StreamName,
    /// The last sequence to print.
    end: Option<u64>,
    /// How many messages more.
    left: Option<u64>,
}

impl Tailing {
    async fn run(&mut self, output: &mut Output) -> Outcome {
        while self.left != Some(0) {
            let Some(message) = self.next().await? else { break };
            self.left = self.left.map(|left| left - 1);
            if output.is_json() {
                output.json_line(&ShownMessage::new(&self.stream, &message))?;
            } else {
                output.text(&message::stored(&message))?;
            }
        }
        Ok(Ending::Done)
    }

    /// The next message; `None` at the end.
    async fn next(&mut self) -> Result<Option<StoredMessage>, Failure> {
        loop {
            if self.end.is_some() && self.reader.pending() == 0 {
                return Ok(None);
            }
            match timeout(LOOK, self.reader.next()).await {
                Err(_) => {}
                Ok(None) => return Ok(None),
                Ok(Some(Err(error))) => return Err(error.into()),
                Ok(Some(Ok(message))) if self.end.is_some_and(|end| message.sequence > end) => {
                    return Ok(None);
                }
                Ok(Some(Ok(message))) => return Ok(Some(message)),
            }
        }
    }
}
