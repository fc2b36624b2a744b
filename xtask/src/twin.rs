//! `cargo xtask twin`: the memory backend and a real nats-server, asked the same questions.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use pubsub_nats::NatsConnector;
use pubsub_testkit::nats_server::NatsServer;
use pubsub_testkit::twin_report::TwinReport;
use pubsub_testkit::{MemoryHarness, NatsHarness};

use crate::{Result, nats_server};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Also writes the report there, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Prints the answers that differ, and not the others
    #[arg(long)]
    differences: bool,
}

/// Prints all answers side by side; fails if one differs.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let binary = nats_server::obtain(None)?;
    let server = || {
        let server = NatsServer::builder().binary(binary.clone()).start()?;
        Ok::<_, pubsub_core::Error>(NatsHarness::new(server, NatsConnector))
    };
    let report = TwinReport::of(server, MemoryHarness::new)?;
    println!("{}", if arguments.differences { report.differences() } else { report.table() });
    if let Some(path) = &arguments.json {
        let written = fs::write(path, report.to_json() + "\n");
        written.map_err(|cause| format!("cannot write {}: {cause}", path.display()))?;
    }
    if report.differs() { Err("memory does not answer as the server does".into()) } else { Ok(()) }
}
