//! Keeping a store in a file: what comes back, and which files are refused.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use common::{SECOND, Setup, attempts, durable, sequences, stream, take, wait};
use pubsub_core::{
    Broker as _, ConnectUrl, Connector as _, Consumer, ConsumerConfig, ConsumerName, ErrorKind, Limit,
    OutboundMessage, PublisherExt as _, Purge, Retention, Schedule, StreamName, TimeToLive,
};
use pubsub_memory::{MemoryConfig, MemoryConnector, MemoryServer};
use tempfile::TempDir;
use tokio::time::{Instant, advance};

/// The store's clock is ahead of the real one, so that a restart takes no time.
async fn setup() -> (Setup, TempDir) {
    let setup = Setup::new(stream().with_allow_message_ttl().with_allow_schedules()).await;
    advance(3600 * SECOND).await;
    (setup, tempfile::tempdir().unwrap())
}

fn file(folder: &TempDir) -> PathBuf {
    folder.path().join("rides.snapshot")
}

/// The same server after a restart.
fn restart(setup: &Setup, folder: &TempDir) -> Setup {
    setup.server.save(file(folder)).unwrap();
    let server = MemoryServer::restore(file(folder), MemoryConfig::default()).unwrap();
    Setup { broker: server.connect(), server, stream: setup.stream.clone() }
}

async fn read(setup: &Setup, name: &str) -> Arc<dyn Consumer> {
    setup.open(name).await.unwrap()
}

fn names(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path()).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn messages_come_back_with_their_sequence_time_and_headers() {
    let (setup, folder) = setup().await;
    setup.fill(1).await;
    let message = OutboundMessage::new("s.b", "payload").unwrap().with_header("k", "v").unwrap();
    setup.broker.publisher().publish_message(message).await.unwrap();
    setup.admin().delete_message(&setup.stream, 1).await.unwrap();
    let again = restart(&setup, &folder);
    assert_eq!(again.info().await, setup.info().await);
    let selector = pubsub_core::MessageSelector::Sequence(2);
    let (before, after) = (
        setup.admin().get_message(&setup.stream, selector.clone()).await.unwrap(),
        again.admin().get_message(&again.stream, selector).await.unwrap(),
    );
    assert_eq!(format!("{after:?}"), format!("{before:?}"));
    assert_eq!(after.headers.get("k"), Some("v"));
    assert_eq!(again.publish("s.a").await.sequence, Some(3));
}

#[tokio::test(start_paused = true)]
async fn the_sequence_goes_on_after_a_purge_of_everything() {
    let (setup, folder) = setup().await;
    setup.fill(7).await;
    setup.admin().purge_stream(&setup.stream, Purge::all()).await.unwrap();
    let again = restart(&setup, &folder);
    assert_eq!(again.info().await, setup.info().await);
    assert_eq!(again.publish("s.a").await.sequence, Some(8));
}

#[tokio::test(start_paused = true)]
async fn unsettled_deliveries_come_again_when_they_would_have() {
    let (setup, folder) = setup().await;
    let consumer = setup.consumer(durable("c").with_ack_wait(30 * SECOND)).await;
    setup.fill(5).await;
    let mut held = take(&consumer, 4).await;
    held.pop().unwrap().ack_confirmed().await.unwrap();
    held.pop().unwrap().nak_after(10 * SECOND).await.unwrap();
    held.remove(0).nak().await.unwrap();
    advance(5 * SECOND).await;
    let again = restart(&setup, &folder);
    assert_eq!(again.consumer_info("c").await.unwrap(), setup.consumer_info("c").await.unwrap());
    let (consumer, start) = (read(&again, "c").await, Instant::now());
    let first = wait(&consumer, 9).await;
    assert_eq!((sequences(&first), attempts(&first)), (vec![1, 5], vec![2, 1]));
    let second = wait(&consumer, 9).await;
    assert_eq!((sequences(&second), start.elapsed()), (vec![3], 5 * SECOND));
    let third = wait(&consumer, 9).await;
    assert_eq!((sequences(&third), start.elapsed()), (vec![2], 25 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn the_queue_keeps_its_order() {
    let (setup, folder) = setup().await;
    let consumer = setup.consumer(durable("c")).await;
    setup.fill(4).await;
    let mut held = take(&consumer, 4).await;
    for place in [2, 0, 1, 0] {
        held.remove(place).nak().await.unwrap();
    }
    let again = restart(&setup, &folder);
    assert_eq!(sequences(&take(&read(&again, "c").await, 9).await), [3, 1, 4, 2]);
}

#[tokio::test(start_paused = true)]
async fn an_exhausted_message_stays_so() {
    let (setup, folder) = setup().await;
    let consumer = setup.consumer(durable("c").with_max_deliver(1).with_ack_wait(SECOND)).await;
    setup.fill(1).await;
    drop(take(&consumer, 1).await);
    advance(2 * SECOND).await;
    assert!(take(&consumer, 1).await.is_empty());
    let again = restart(&setup, &folder);
    assert!(take(&read(&again, "c").await, 1).await.is_empty());
    assert_eq!(again.consumer_info("c").await.unwrap(), setup.consumer_info("c").await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_known_id_is_a_duplicate_until_its_window_is_over() {
    let (setup, folder) = setup().await;
    setup.publish_id("s.a", "one").await.unwrap();
    advance(60 * SECOND).await;
    let again = restart(&setup, &folder);
    assert_eq!(again.publish_id("s.a", "one").await.unwrap().duplicate, Some(true));
    advance(60 * SECOND).await;
    assert_eq!(again.publish_id("s.a", "one").await.unwrap().duplicate, Some(false));
}

#[tokio::test(start_paused = true)]
async fn a_pause_goes_on() {
    let (setup, folder) = setup().await;
    setup.consumer(durable("c")).await;
    setup.fill(1).await;
    let name = ConsumerName::new("c").unwrap();
    let until = std::time::SystemTime::now() + 3600 * SECOND + 60 * SECOND;
    setup.admin().pause_consumer(&setup.stream, &name, until).await.unwrap();
    let again = restart(&setup, &folder);
    assert_eq!(again.consumer_info("c").await.unwrap().paused_until, Some(until));
    let start = Instant::now();
    assert_eq!(sequences(&wait(&read(&again, "c").await, 1).await), [1]);
    assert!(start.elapsed() > 50 * SECOND && start.elapsed() < 61 * SECOND, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_message_leaves_at_its_time() {
    let (setup, folder) = setup().await;
    for ttl in [TimeToLive::After(10 * SECOND), TimeToLive::Never] {
        let message = OutboundMessage::new("s.a", "1").unwrap().with_ttl(ttl);
        setup.broker.publisher().publish_message(message).await.unwrap();
    }
    advance(4 * SECOND).await;
    let again = restart(&setup, &folder);
    advance(5 * SECOND).await;
    assert_eq!(again.stored().await, [1, 2]);
    advance(SECOND).await;
    assert_eq!(again.stored().await, [2]);
}

#[tokio::test(start_paused = true)]
async fn a_schedule_fires_at_its_time() {
    let (setup, folder) = setup().await;
    let every = Schedule::every(60 * SECOND, "s.due").unwrap();
    let message = OutboundMessage::new("s.plan", "tick").unwrap().with_schedule(every);
    setup.broker.publisher().publish_message(message).await.unwrap();
    setup.consumer(durable("c").with_filter("s.due").unwrap()).await;
    advance(50 * SECOND).await;
    let again = restart(&setup, &folder);
    let (consumer, start) = (read(&again, "c").await, Instant::now());
    for round in 0..3_u32 {
        let came = wait(&consumer, 1).await;
        assert_eq!(came[0].payload(), "tick");
        common::ack_all(came).await;
        // On the second.
        let due = Duration::from_secs(9) + 60 * SECOND * round;
        assert!(start.elapsed() >= due && start.elapsed() < due + 2 * SECOND, "{:?}", start.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn an_interest_stream_knows_who_has_settled_what() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::new(stream().with_retention(Retention::Interest)).await;
    advance(3600 * SECOND).await;
    let (one, _) = (setup.consumer(durable("one")).await, setup.consumer(durable("two")).await);
    setup.fill(1).await;
    common::ack_all(take(&one, 1).await).await;
    let again = restart(&setup, &folder);
    assert_eq!(again.stored().await, [1]);
    common::ack_all(take(&read(&again, "two").await, 1).await).await;
    assert!(again.stored().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_ephemeral_consumer_has_its_time_anew_and_its_name_is_not_given_again() {
    let (setup, folder) = setup().await;
    let config = || ConsumerConfig::ephemeral().with_inactive_threshold(10 * SECOND);
    let first = setup.admin().create_consumer(&setup.stream, config()).await.unwrap().name;
    advance(9 * SECOND).await;
    let again = restart(&setup, &folder);
    advance(9 * SECOND).await;
    assert!(again.consumer_info(first.as_str()).await.is_ok());
    let second = again.admin().create_consumer(&again.stream, config()).await.unwrap().name;
    assert_ne!(first, second);
}

#[tokio::test(start_paused = true)]
async fn what_is_restored_counts_against_the_bounds_and_is_not_refused_by_them() {
    let (setup, folder) = setup().await;
    setup.fill(3).await;
    setup.server.save(file(&folder)).unwrap();
    let server = MemoryServer::restore(file(&folder), MemoryConfig::default().with_max_messages(2)).unwrap();
    let again = Setup { broker: server.connect(), server, stream: setup.stream.clone() };
    assert_eq!(again.info().await.messages, 3);
    assert_eq!(again.broker.publisher().publish("s.a", "1").await.unwrap_err().broker_code(), Some(10002));
    again.admin().purge_stream(&again.stream, Purge::all()).await.unwrap();
    again.publish("s.a").await;
}

#[tokio::test(start_paused = true)]
async fn a_file_is_replaced_as_a_whole_and_nothing_is_left_beside_it() {
    let (setup, folder) = setup().await;
    setup.server.save(file(&folder)).unwrap();
    setup.fill(2).await;
    assert_eq!(restart(&setup, &folder).info().await.messages, 2);
    assert_eq!(names(&folder), ["rides.snapshot"]);
}

#[cfg(unix)]
#[tokio::test(start_paused = true)]
async fn a_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let (setup, folder) = setup().await;
    setup.server.save(file(&folder)).unwrap();
    assert_eq!(fs::metadata(file(&folder)).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test(start_paused = true)]
async fn a_folder_that_is_not_there_is_an_error() {
    let (setup, folder) = setup().await;
    let error = setup.server.save(folder.path().join("missing").join("file")).unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::NotFound, Some("save snapshot")));
    let error = MemoryServer::restore(file(&folder), MemoryConfig::default()).err().unwrap();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::NotFound, Some("restore snapshot")));
}

/// A restore that is refused leaves the file as it is.
fn refused(path: &Path, content: &[u8]) -> pubsub_core::Error {
    fs::write(path, content).unwrap();
    let error = MemoryServer::restore(path, MemoryConfig::default()).err().unwrap();
    assert_eq!(fs::read(path).unwrap(), content);
    assert!(error.remedy().is_some(), "{error}");
    error
}

#[tokio::test(start_paused = true)]
async fn a_file_torn_anywhere_is_refused() {
    let (setup, folder) = setup().await;
    let consumer = setup.consumer(durable("c")).await;
    setup.fill(1).await;
    drop(take(&consumer, 1).await);
    setup.server.save(file(&folder)).unwrap();
    let whole = fs::read(file(&folder)).unwrap();
    for length in 0..whole.len() {
        let error = refused(&file(&folder), &whole[..length]);
        assert_eq!(error.kind(), ErrorKind::Codec, "{length} bytes: {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_with_a_flipped_bit_is_refused() {
    let (setup, folder) = setup().await;
    setup.fill(1).await;
    setup.server.save(file(&folder)).unwrap();
    let whole = fs::read(file(&folder)).unwrap();
    for place in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[place] ^= 1 << (place % 8);
        let error = refused(&file(&folder), &flipped);
        assert!(matches!(error.kind(), ErrorKind::Codec | ErrorKind::Unsupported), "byte {place}: {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_foreign_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for content in [&b""[..], b"[section]\nkey = 1\n", &[0; 4096]] {
        assert_eq!(refused(&file(&folder), content).kind(), ErrorKind::Codec);
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_of_a_newer_version_is_told_from_a_damaged_one() {
    let (setup, folder) = setup().await;
    setup.server.save(file(&folder)).unwrap();
    let mut newer = fs::read(file(&folder)).unwrap();
    newer[12] = 9;
    let error = refused(&file(&folder), &newer);
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.message().contains("version 9"), "{error}");
}

#[tokio::test]
async fn a_url_with_a_snapshot_keeps_the_store_over_a_close() {
    let folder = tempfile::tempdir().unwrap();
    let url = ConnectUrl::parse(&format!("memory://?snapshot={}", file(&folder).display())).unwrap();
    let broker = MemoryConnector::new().connect(&url).await.unwrap();
    broker.admin().unwrap().create_stream(stream()).await.unwrap();
    broker.publisher().publish("s.a", "1").await.unwrap();
    broker.close().await.unwrap();
    broker.close().await.unwrap();
    let again = MemoryConnector::new().connect(&url).await.unwrap();
    let name = StreamName::new("S").unwrap();
    assert_eq!(again.admin().unwrap().stream_info(&name).await.unwrap().messages, 1);
}

#[tokio::test]
async fn a_close_that_cannot_write_the_snapshot_says_so_and_the_next_one_tries_again() {
    let folder = tempfile::tempdir().unwrap();
    let (inner, path) = (folder.path().join("inner"), folder.path().join("inner").join("file"));
    fs::create_dir(&inner).unwrap();
    let broker = MemoryServer::new(MemoryConfig::default().with_snapshot(&path)).unwrap().connect();
    fs::remove_dir(&inner).unwrap();
    for _ in 0..2 {
        assert_eq!(broker.close().await.unwrap_err().kind(), ErrorKind::NotFound);
    }
    fs::create_dir(&inner).unwrap();
    broker.close().await.unwrap();
    assert!(path.exists());
}

#[test]
fn a_server_does_not_begin_anew_where_its_folder_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let config = MemoryConfig::default().with_snapshot(folder.path().join("not-mounted").join("file"));
    assert_eq!(MemoryServer::new(config).err().unwrap().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_server_does_not_begin_anew_over_a_file_that_it_cannot_read() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(file(&folder), "torn").unwrap();
    let config = MemoryConfig::default().with_snapshot(file(&folder));
    assert_eq!(MemoryServer::new(config).err().unwrap().kind(), ErrorKind::Codec);
    assert_eq!(fs::read(file(&folder)).unwrap(), b"torn");
}

#[tokio::test(start_paused = true)]
async fn what_age_has_ended_meanwhile_is_gone() {
    let (first, folder) = setup().await;
    let aged = stream().with_max_age(Limit::At(60 * SECOND)).with_duplicate_window(60 * SECOND);
    first.admin().update_stream(aged.with_allow_message_ttl().with_allow_schedules()).await.unwrap();
    first.fill(1).await;
    advance(50 * SECOND).await;
    let again = restart(&first, &folder);
    assert_eq!(again.info().await.messages, 1);
    advance(10 * SECOND).await;
    assert_eq!(again.info().await.messages, 0);
}
