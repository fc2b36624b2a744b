//! `pubsub topology`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Agreement;

#[derive(Subcommand)]
pub(crate) enum TopologyCommand {
    /// Find mistakes in a file, without a server; exit code 3 if there are any
    Check(CheckTopology),
    /// Compare a file with what exists, and change nothing; exit code 3 if there is something to change
    Plan(PlanTopology),
    /// Make and change what a plan says; nothing at all if a step of it cannot be
    Apply(ApplyTopology),
}

#[derive(Args)]
pub(crate) struct CheckTopology {
    /// The file: TOML, JSON or YAML, by its name. Variables PUBSUB_TOPOLOGY__... are laid over it
    pub(crate) file: PathBuf,
    /// Count warnings as findings, too
    #[arg(long)]
    pub(crate) strict: bool,
}

#[derive(Args)]
pub(crate) struct PlanTopology {
    /// The file: TOML, JSON or YAML, by its name. Variables PUBSUB_TOPOLOGY__... are laid over it
    pub(crate) file: PathBuf,
    /// Only what this service needs
    #[arg(long, value_name = "NAME")]
    pub(crate) service: Option<String>,
}

#[derive(Args)]
pub(crate) struct ApplyTopology {
    #[command(flatten)]
    pub(crate) plan: PlanTopology,
    /// Make what is missing, and refuse to change what differs
    #[arg(long)]
    pub(crate) create_only: bool,
    /// Do also what loses messages; asks before
    #[arg(long, conflicts_with = "create_only")]
    pub(crate) allow_losses: bool,
    #[command(flatten)]
    pub(crate) agreement: Agreement,
}
