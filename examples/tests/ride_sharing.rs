//! The ride-sharing job on the memory backend, in virtual time: what holds, and what must be noticed.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use clap::Parser as _;
use pubsub_examples::event_generator::generate;
use pubsub_examples::ride_sharing::{Console, Input, Invariant, Options, Report, Sabotage, run};

/// Keeps what is written to it.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Written {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

fn options(args: &[&str]) -> Options {
    Options::parse_from([&["ride_sharing"], args].concat())
}

fn events(rides: u32) -> String {
    generate(rides, 3).iter().map(|event| event.to_line() + "\n").collect()
}

async fn job(input: String, args: &[&str]) -> (pubsub::Result<Report>, String) {
    let written = Written::default();
    let client = pubsub::connect("memory://").await.unwrap();
    let report = run(&client, &options(args), Input::from_text(input), &Console::to(written.clone())).await;
    client.close().await.unwrap();
    (report, written.text())
}

fn broken(report: &Report) -> Vec<Invariant> {
    report.broken.iter().map(|violation| violation.invariant).collect()
}

#[tokio::test(start_paused = true)]
async fn a_run_without_faults_delivers_each_message_once() {
    let (report, _) = job(events(40), &["--faults", "0"]).await;
    let report = report.unwrap();
    assert!(report.broken.is_empty(), "{report}");
    for row in &report.consumers {
        assert_eq!((row.acked, row.redelivered, row.pending), (row.delivered, 0, 0), "{report}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_sample_survives_the_default_faults() {
    let (report, _) = job(include_str!("../data/ride_events.jsonl").to_owned(), &[]).await;
    let report = report.unwrap();
    assert_eq!(report.exit_code(), 0, "{report}");
    assert!(report.faults.failed > 0 && report.faults.hung > 0 && report.faults.crashed > 0, "{report}");
    assert!(report.consumers.iter().any(|row| row.redelivered > 0), "{report}");
    assert!(report.streams.iter().all(|row| row.published > 0), "{report}");
    assert!(report.streams.iter().map(|row| row.duplicates).sum::<u64>() >= 20, "{report}");
}

#[tokio::test(start_paused = true)]
async fn faults_in_every_run_but_the_last_lose_nothing() {
    for faults in ["30", "100"] {
        let (report, _) = job(events(20), &["--faults", faults]).await;
        let report = report.unwrap();
        assert!(report.broken.is_empty(), "{faults} %:\n{report}");
    }
}

#[tokio::test(start_paused = true)]
async fn only_the_audit_trail_keeps_its_messages() {
    let (report, _) = job(events(20), &[]).await;
    let report = report.unwrap();
    for row in &report.streams {
        assert_eq!(row.held > 0, row.stream == "RIDE_STREAM", "{report}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_message_is_noticed() {
    let (report, _) = job(events(20), &["--sabotage", "lose"]).await;
    let report = report.unwrap();
    assert_eq!(report.exit_code(), 1);
    let broken = broken(&report);
    assert!(broken.contains(&Invariant::NothingLost), "{report}");
    assert!(broken.contains(&Invariant::RidesCreatedOnce), "{report}");
}

#[tokio::test(start_paused = true)]
async fn a_message_repeated_under_another_id_is_noticed() {
    let (report, _) = job(events(20), &["--sabotage", "duplicate"]).await;
    let report = report.unwrap();
    assert_eq!(report.exit_code(), 1);
    let broken = broken(&report);
    assert!(broken.contains(&Invariant::RidesCreatedOnce), "{report}");
    assert!(broken.contains(&Invariant::StoredOnce), "{report}");
}

#[tokio::test(start_paused = true)]
async fn sabotage_without_a_victim_is_an_error() {
    assert_eq!(options(&["--sabotage", "lose"]).sabotage, Some(Sabotage::Lose));
    let beacon = r#"{"subject":"user.beacon","id":"b-1","payload":{}}"#;
    let (report, _) = job(beacon.to_owned(), &["--sabotage", "lose"]).await;
    assert_eq!(report.unwrap_err().context("field"), Some("sabotage"));
}

#[tokio::test(start_paused = true)]
async fn broken_lines_are_reported_with_their_numbers_and_the_rest_is_published() {
    let input = [
        r#"{"subject":"user.beacon","id":"b-1","payload":{}}"#,
        "not JSON",
        r#"{"subject":"weather.report","id":"w-1","payload":{}}"#,
        r#"{"subject":"match.accepted","id":"a-1","payload":"any JSON is a payload"}"#,
    ];
    let (report, written) = job(input.join("\n"), &["--faults", "0"]).await;
    let report = report.unwrap();
    assert_eq!((report.input.lines, report.input.published, report.input.broken), (4, 2, 2));
    assert!(report.broken.is_empty(), "{report}");
    assert!(written.contains("line 2: ") && written.contains("line 3: "), "{written}");
    assert!(written.contains("`weather.report`"), "{written}");
}

#[tokio::test(start_paused = true)]
async fn streams_that_were_used_are_refused_until_they_are_reset() {
    let client = pubsub::connect("memory://").await.unwrap();
    let console = Console::to(io::sink());
    let once = |args| {
        let (client, console) = (client.clone(), &console);
        async move { run(&client, &options(args), Input::from_text(events(2)), console).await }
    };
    once(&[]).await.unwrap();
    let refused = once(&[]).await.unwrap_err();
    assert_eq!(refused.kind(), pubsub::ErrorKind::Conflict);
    assert!(refused.remedy().unwrap().contains("--reset"));
    assert!(once(&["--reset"]).await.unwrap().broken.is_empty());
    client.close().await.unwrap();
}
