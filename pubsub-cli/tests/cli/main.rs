//! The command as it is run: its output, its exit codes, and what it does on a real server and on a snapshot.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod consumers;
mod dead_letters;
mod publishing;
mod replaying;
mod shell;
mod snapshots;
mod streams;
mod support;
mod tailing;
mod topologies;
