use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use pubsub_core::{Error, ErrorKind, OutboundMessage, PublishOptions, Result};
use pubsub_layers::{Audit, AuditRecord, AuditSink, FileSink, StreamSink, redacted_json};
use serde_json::{Value, json};

use crate::bench::{Bench, messages};

#[derive(Debug, Default)]
struct Kept {
    records: Mutex<Vec<AuditRecord>>,
    is_full: AtomicBool,
}

#[async_trait]
impl AuditSink for Kept {
    async fn record(&self, record: &AuditRecord) -> Result<()> {
        if self.is_full.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Unavailable, "the sink is full"));
        }
        self.records.lock().unwrap_or_else(PoisonError::into_inner).push(record.clone());
        Ok(())
    }
}

impl Kept {
    /// Without what differs from run to run.
    fn taken(&self) -> Vec<Value> {
        let records = std::mem::take(&mut *self.records.lock().unwrap_or_else(PoisonError::into_inner));
        records.iter().map(|record| facts(serde_json::to_value(record).expect("a record is JSON"))).collect()
    }
}

fn facts(mut record: Value) -> Value {
    assert!(record["at"].as_str().is_some_and(|at| at.ends_with('Z')), "{record}");
    if let Value::Object(fields) = &mut record {
        fields.remove("at");
    }
    record
}

async fn audited(audit: impl FnOnce(Audit) -> Audit) -> Result<(Bench, Arc<Kept>, Audit)> {
    let kept = Arc::new(Kept::default());
    let audit = audit(Audit::new("billing", Arc::clone(&kept) as Arc<dyn AuditSink>));
    let bench = Bench::new(|client| client.with_layer(audit.clone())).await?;
    Ok((bench, kept, audit))
}

#[tokio::test(start_paused = true)]
async fn publishes_and_settlements_are_recorded() -> Result<()> {
    let (bench, kept, _) = audited(|audit| audit).await?;
    bench.client.publish_message(OutboundMessage::new("ride.n", "abc")?.with_id("one")?).await?;
    bench.client.publish_message(OutboundMessage::new("ride.n", "abc")?.with_id("one")?).await?;
    bench.client.publish("nowhere", "x").await.expect_err("no stream takes it");
    bench.fetch(1).await?.pop().expect("a delivery").nak().await?;
    bench.fetch(1).await?.pop().expect("it comes again").ack().await?;
    let published = json!({
        "who": "billing", "action": "publish", "phase": "outcome", "subject": "ride.n", "id": "one",
        "stream": "RIDE", "sequence": 1, "bytes": 3, "outcome": "stored",
    });
    let mut duplicate = published.clone();
    duplicate["outcome"] = json!("duplicate");
    let refused = json!({
        "who": "billing", "action": "publish", "phase": "outcome", "subject": "nowhere",
        "bytes": 1, "outcome": "failed", "error": "not found",
    });
    let nakked = json!({
        "who": "billing", "action": "nak", "phase": "outcome", "subject": "ride.n", "id": "one",
        "stream": "RIDE", "sequence": 1, "consumer": "users", "attempt": 1, "bytes": 3, "outcome": "settled",
    });
    let mut acked = nakked.clone();
    (acked["action"], acked["attempt"]) = (json!("ack"), json!(2));
    assert_eq!(kept.taken(), [published, duplicate, refused, nakked, acked]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn strictly_nothing_is_done_that_cannot_be_recorded() -> Result<()> {
    let (bench, kept, _) = audited(Audit::strict).await?;
    bench.client.publish("ride.n", "x").await?;
    let phases: Vec<_> = kept.taken().iter().map(|record| record["phase"].clone()).collect();
    assert_eq!(phases, ["attempt", "outcome"]);

    kept.is_full.store(true, Ordering::Relaxed);
    let refused = bench.client.publish("ride.n", "x").await.expect_err("it cannot be recorded");
    assert_eq!((refused.kind(), refused.is_effect_unknown()), (ErrorKind::Unavailable, false));
    assert_eq!((refused.operation(), refused.context("action")), (Some("audit"), Some("publish")));
    let publisher = bench.client.publisher();
    let outcomes = publisher.publish_batch(messages(2), PublishOptions::default()).await;
    assert!(outcomes.len() == 2 && outcomes.iter().all(std::result::Result::is_err));
    publisher
        .publish_atomic(messages(2), PublishOptions::default())
        .await
        .expect_err("it cannot be recorded");
    let delivery = bench.fetch(1).await?.pop().expect("a delivery");
    delivery.ack().await.expect_err("it cannot be recorded");

    kept.is_full.store(false, Ordering::Relaxed);
    assert_eq!(bench.stored().await?, 1);
    tokio::time::advance(std::time::Duration::from_secs(31)).await;
    assert_eq!(bench.fetch(1).await?.pop().expect("it comes again").info().attempt, 2);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn laxly_a_record_that_is_lost_is_counted() -> Result<()> {
    let (bench, kept, audit) = audited(|audit| audit).await?;
    kept.is_full.store(true, Ordering::Relaxed);
    bench.client.publish("ride.n", "x").await?;
    bench.fetch(1).await?.pop().expect("a delivery").ack().await?;
    assert_eq!((bench.stored().await?, audit.lost()), (1, 2));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn each_message_of_a_batch_has_its_sequence() -> Result<()> {
    let (bench, kept, _) = audited(|audit| audit).await?;
    let publisher = bench.client.publisher();
    publisher.publish_atomic(messages(3), PublishOptions::default()).await?;
    for outcome in publisher.publish_batch(messages(2), PublishOptions::default()).await {
        outcome?.await?;
    }
    let sequences: Vec<_> = kept.taken().iter().map(|record| record["sequence"].as_u64()).collect();
    assert_eq!(sequences, [Some(1), Some(2), Some(3), Some(4), Some(5)]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn payloads_are_recorded_on_request_and_redacted() -> Result<()> {
    let (bench, kept, _) = audited(|audit| audit.with_payload(redacted_json(["card"]))).await?;
    bench.client.publish("ride.n", r#"{"card":"4111 1111","fare":120}"#).await?;
    let records = kept.taken();
    let payload = records[0]["payload"].as_str().expect("it was asked for");
    assert_eq!(serde_json::from_str::<Value>(payload).expect("JSON"), json!({"card": "***", "fare": 120}));
    Ok(())
}

#[tokio::test]
async fn a_file_has_one_line_for_each_record() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("audit.jsonl");
    for run in ["first", "second"] {
        let sink = Arc::new(FileSink::open(&path)?);
        let bench = Bench::new(|client| client.with_layer(Audit::new(run, sink).strict())).await?;
        bench.client.publish("ride.n", "x").await?;
    }
    let text = std::fs::read_to_string(&path).expect("the file is there");
    let who: Vec<_> = text
        .lines()
        .map(|line| facts(serde_json::from_str(line).expect("a line is JSON"))["who"].clone())
        .collect();
    assert_eq!(who, ["first", "first", "second", "second"]);
    let missing = FileSink::open(folder.path().join("no/such/folder")).expect_err("there is no folder");
    assert_eq!((missing.kind(), missing.context("field")), (ErrorKind::Config, Some("audit")));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_stream_has_one_message_for_each_record() -> Result<()> {
    let trail = Bench::new(|client| client).await?;
    let sink = Arc::new(StreamSink::new(trail.truth.publisher(), "ride.audit")?);
    let bench = Bench::new(|client| client.with_layer(Audit::new("billing", sink))).await?;
    bench.client.publish("ride.n", "x").await?;
    let record = trail.raw().await?.pop().expect("a record");
    assert_eq!(facts(record.json()?)["subject"], "ride.n");
    record.ack().await
}
