//! What is done: a file a command, each over the core's traits.

mod completions;
mod consumers;
mod dead_letters;
mod facts;
mod publish;
mod replay;
mod storing;
mod streams;
mod tail;
mod top;
mod topology;

use std::process::ExitCode;

use tokio::runtime::Builder;

use crate::arguments::{Arguments, Command, TopologyCommand};
use crate::connect::Connection;
use crate::failure::{Failure, Outcome};
use crate::output::Output;

/// Runs a command to its end, and says how it ended.
pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let outcome = match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => {
            let outcome = runtime.block_on(command(arguments));
            // Nobody waits for a thread that reads the terminal.
            runtime.shutdown_background();
            outcome
        }
        Err(error) => {
            Err(Failure::partly(format!("the operating system refuses what a runtime needs: {error}")))
        }
    };
    match outcome {
        Ok(ending) => ExitCode::from(ending.code()),
        Err(failure) => {
            failure.tell();
            ExitCode::from(failure.code())
        }
    }
}

async fn command(arguments: &Arguments) -> Outcome {
    let mut output = Output::new(arguments.json);
    match &arguments.command {
        Command::Completions(arguments) => completions::run(arguments, &mut output),
        Command::Topology(TopologyCommand::Check(arguments)) => topology::check(arguments, &mut output),
        command => {
            let connection = Connection::open(&arguments.connection).await?;
            let outcome = connected(&connection, command, &mut output).await;
            match (outcome, connection.close().await) {
                (outcome, Ok(())) => outcome,
                (Ok(_), Err(error)) => Err(error.into()),
                (Err(failure), Err(error)) => {
                    failure.tell();
                    Err(error.into())
                }
            }
        }
    }
}

async fn connected(connection: &Connection, command: &Command, output: &mut Output) -> Outcome {
    match command {
        Command::Streams(command) => streams::run(connection, command, output).await,
        Command::Consumers(command) => consumers::run(connection, command, output).await,
        Command::Publish(arguments) => publish::run(connection, arguments, output).await,
        Command::Tail(arguments) => tail::run(connection, arguments, output).await,
        Command::Topology(TopologyCommand::Check(arguments)) => topology::check(arguments, output),
        Command::Topology(TopologyCommand::Plan(arguments)) => {
            topology::plan(connection, arguments, output).await
        }
        Command::Topology(TopologyCommand::Apply(arguments)) => {
            topology::apply(connection, arguments, output).await
        }
        Command::DeadLetters(arguments) => dead_letters::run(connection, arguments, output).await,
        Command::Top(arguments) => top::run(connection, arguments, output.is_json()).await,
        Command::Replay(arguments) => replay::run(connection, arguments, output).await,
        Command::Completions(arguments) => completions::run(arguments, output),
    }
}
