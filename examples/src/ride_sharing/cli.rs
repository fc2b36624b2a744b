//! The command line: options, and from the outcome to an exit code.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use pubsub::{ConnectUrl, Error, ErrorKind, Result};
use tracing_subscriber::EnvFilter;

use super::{Console, Input, Report, Sabotage};

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/ride_events.jsonl");

/// A ride-sharing system on four streams, with faults on purpose and a proof at the end that nothing was lost.
#[derive(Clone, Parser)]
#[command(name = "ride_sharing")]
pub struct Options {
    /// The broker: `memory://`, or `nats://HOST:4222` with the cargo feature `nats`.
    #[arg(long, default_value = "memory://", value_name = "URL")]
    pub url: String,
    /// JSON lines `{"subject", "id", "payload"}`: a file, or `-` for standard input. Default: the sample in the
    /// repository.
    #[arg(long, default_value = SAMPLE, hide_default_value = true, value_name = "FILE")]
    pub input: PathBuf,
    /// How many of a hundred handler runs fail, hang or crash. Never a message's last attempt.
    #[arg(long, default_value_t = 5, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub faults: u8,
    /// The same seed gives the same faults.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Loses or repeats one accepted match on purpose. The run must then fail.
    #[arg(long, value_enum)]
    pub sabotage: Option<Sabotage>,
    /// How many instances of each service share its durable consumers.
    #[arg(long, default_value_t = 2, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=16))]
    pub instances: u8,
    /// Deletes the four streams and the dead letters first. Without it, streams that an earlier run has used are refused.
    #[arg(long)]
    pub reset: bool,
    /// No stages and no progress bar; broken lines and the report stay.
    #[arg(long)]
    pub quiet: bool,
}

/// Leaves the URL out: it may hold a password.
impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("input", &self.input)
            .field("faults", &self.faults)
            .field("seed", &self.seed)
            .field("sabotage", &self.sabotage)
            .field("instances", &self.instances)
            .field("reset", &self.reset)
            .field("quiet", &self.quiet)
            .finish_non_exhaustive()
    }
}

/// The whole program: options from the command line, the report on standard output. The exit code is 0 if every
/// invariant held, 1 if one was broken or the job could not be done, 2 for options that cannot be read.
#[must_use]
pub fn main() -> ExitCode {
    let options = Options::parse();
    let console = Console::terminal(options.quiet);
    match execute(&options, &console) {
        Ok(report) => ExitCode::from(report.exit_code()),
        Err(error) => {
            console.error(&error);
            ExitCode::FAILURE
        }
    }
}

fn execute(options: &Options, console: &Console) -> Result<Report> {
    log_to_stderr();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|source| {
        Error::new(ErrorKind::Unavailable, "the runtime cannot be started").with_source(source)
    })?;
    let outcome = runtime.block_on(async {
        let report = job(options, console).await?;
        let mut out = io::stdout().lock();
        // A reader that went away must not turn a good run into a failure.
        let _ = writeln!(out, "{report}");
        Ok(report)
    });
    // A read that waits on standard input must not keep the program alive.
    runtime.shutdown_background();
    outcome
}

async fn job(options: &Options, console: &Console) -> Result<Report> {
    let input = Input::open(&options.input)?;
    let client = pubsub::connect(&options.url).await?;
    console.stage(&format!("connected to {}", ConnectUrl::parse(&options.url)?));
    let outcome = super::run(&client, options, input, console).await;
    let closed = client.close().await;
    let report = outcome?;
    closed?;
    Ok(report)
}

/// The worker is silent unless `RUST_LOG` asks for it: each fault on purpose leaves a line, a panic an error.
fn log_to_stderr() {
    let silent = "error,pubsub_core::worker=off";
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(silent));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).init();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_options_of_the_help_are_read() {
        let args = "ride_sharing --url nats://a --input - --faults 30 --seed 9 --sabotage lose --instances 3 --reset --quiet";
        let options = Options::try_parse_from(args.split(' ')).unwrap();
        assert_eq!(options.faults, 30);
        assert_eq!(options.sabotage, Some(Sabotage::Lose));
        assert!(options.reset && options.quiet);
    }

    #[test]
    fn a_share_above_a_hundred_is_refused() {
        assert!(Options::try_parse_from(["ride_sharing", "--faults", "101"]).is_err());
        assert!(Options::try_parse_from(["ride_sharing", "--instances", "0"]).is_err());
    }

    #[test]
    fn debug_does_not_show_the_password() {
        let options = Options::try_parse_from(["ride_sharing", "--url", "nats://u:hunter2@a"]).unwrap();
        assert!(!format!("{options:?}").contains("hunter2"));
    }
}
