//! Where the streams are.

use std::path::PathBuf;

use clap::Args;

#[derive(Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct ConnectionArguments {
    /// The server: HOST, HOST:PORT, nats://HOST or tls://HOST, several with commas. By default NATS_URL, or 127.0.0.1:4222
    #[arg(short, long, value_name = "URL", global = true)]
    pub(crate) server: Option<String>,
    /// A TOML or JSON file with the keys of the NATS backend. The environment wins over it, and --server over both
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) config: Option<PathBuf>,
    /// In place of a server, a file in which the memory backend keeps its store. What is changed is written back; no
    /// process may use the file meanwhile
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) snapshot: Option<PathBuf>,
}
