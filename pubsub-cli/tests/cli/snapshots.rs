//! The commands on a file of the memory backend.

use std::path::PathBuf;

use pubsub::memory::{MemoryConfig, MemoryServer};
use pubsub::{Client, ConsumerConfig, Provision, StreamConfig};
use tempfile::TempDir;

use crate::support::{Ran, command, run};

/// A file with a stream of two messages and a consumer.
fn snapshot() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rides.snapshot");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let saved = runtime.block_on(async {
        let server = MemoryServer::new(MemoryConfig::default())?;
        let client = Client::new(std::sync::Arc::new(server.connect()));
        client.ensure_stream(StreamConfig::new("RIDE", ["ride.>"])?, Provision::CreateIfMissing).await?;
        client.ensure_consumer("RIDE", ConsumerConfig::durable("users")?, Provision::CreateIfMissing).await?;
        client.publish("ride.pickup", "1").await?;
        client.publish("ride.completed", "2").await?;
        server.save(&file)
    });
    saved.unwrap();
    (folder, file)
}

fn on(file: &PathBuf, arguments: &[&str]) -> Ran {
    run(command(arguments).arg("--snapshot").arg(file))
}

#[test]
fn what_only_reads_leaves_the_file_as_it_is() {
    let (_folder, file) = snapshot();
    let before = std::fs::read(&file).unwrap();
    assert_eq!(on(&file, &["streams", "info", "RIDE", "--json"]).json()["messages"], 2);
    assert_eq!(on(&file, &["consumers", "list", "--json"]).json()[0]["lag"], 2);
    let tailed = on(&file, &["tail", "ride.>", "--json"]).json_lines();
    assert_eq!(tailed.iter().map(|one| one["payload"].as_str().unwrap()).collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[test]
fn what_changes_something_writes_it_back() {
    let (_folder, file) = snapshot();
    assert_eq!(on(&file, &["publish", "ride.pickup", "3"]).done(), "RIDE 3\n");
    on(&file, &["streams", "purge", "RIDE", "--below", "2", "--yes"]).done();
    on(&file, &["consumers", "pause", "RIDE", "users", "--for", "1h"]).done();
    assert_eq!(on(&file, &["streams", "info", "RIDE", "--json"]).json()["messages"], 2);
    assert_eq!(on(&file, &["consumers", "list", "--json"]).json()[0]["state"], "paused");
}

#[test]
fn a_file_that_is_none_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("other");
    on(&file, &["streams", "list"]).ended(1);
    assert!(!file.exists(), "none is made");
    std::fs::write(&file, "somebody's notes").unwrap();
    on(&file, &["publish", "ride.pickup", "3"]).ended(1);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "somebody's notes");
    let (_folder, file) = snapshot();
    on(&file, &["-s", "127.0.0.1", "streams", "list"]).ended(2);
}
