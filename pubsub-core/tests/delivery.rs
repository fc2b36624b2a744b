//! A delivery dropped unsettled is abandoned, once and in the open; a settled one is not.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use pubsub_core::{
    ConsumerName, Delivery, DeliveryInfo, ErrorKind, Headers, Message, Result, Settlement, StreamName,
    counters,
};

type Log = Arc<Mutex<Vec<String>>>;

#[derive(Debug)]
struct Logged {
    log: Log,
    payload: Bytes,
    headers: Headers,
    info: DeliveryInfo,
}

fn delivery(payload: &'static str) -> Result<(Delivery, Log)> {
    let log = Log::default();
    let (stream, consumer) = (StreamName::new("RIDE")?, ConsumerName::new("users")?);
    let message = Logged {
        log: Arc::clone(&log),
        payload: Bytes::from_static(payload.as_bytes()),
        headers: Headers::new(),
        info: DeliveryInfo::new(stream, consumer, 7, 9, 2, 0, SystemTime::UNIX_EPOCH),
    };
    Ok((Delivery::new(Box::new(message)), log))
}

impl Logged {
    fn note(&self, what: impl Into<String>) {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).push(what.into());
    }
}

#[async_trait]
impl Message for Logged {
    fn subject(&self) -> &'static str {
        "ride.pickup"
    }

    fn payload(&self) -> &Bytes {
        &self.payload
    }

    fn headers(&self) -> &Headers {
        &self.headers
    }

    fn info(&self) -> &DeliveryInfo {
        &self.info
    }

    async fn settle(self: Box<Self>, settlement: Settlement) -> Result<()> {
        self.note(format!("{:?}", settlement.kind()));
        Ok(())
    }

    async fn extend(&self) -> Result<()> {
        self.note("extend");
        Ok(())
    }

    fn abandon(self: Box<Self>) {
        self.note("abandon");
    }
}

#[tokio::test]
async fn a_settled_delivery_is_not_abandoned() -> Result<()> {
    let (delivery, log) = delivery("")?;
    delivery.extend().await?;
    delivery.nak_after(Duration::from_secs(3)).await?;
    assert_eq!(*log.lock().unwrap(), ["extend", "Nak { delay: Some(3s) }"]);
    Ok(())
}

#[tokio::test]
async fn a_settlement_that_was_never_polled_abandons_the_delivery() -> Result<()> {
    let (delivery, log) = delivery("")?;
    drop(delivery.ack());
    assert_eq!(*log.lock().unwrap(), ["abandon"]);
    Ok(())
}

#[test]
fn a_dropped_delivery_is_abandoned_once_and_counted() -> Result<()> {
    let before = counters::abandoned_deliveries();
    let (delivery, log) = delivery("")?;
    drop(delivery);
    assert_eq!(*log.lock().unwrap(), ["abandon"]);
    assert!(counters::abandoned_deliveries() > before);
    Ok(())
}

#[test]
fn a_delivery_that_nobody_saw_is_handed_back_and_not_counted_as_lost() -> Result<()> {
    let (delivery, log) = delivery("")?;
    delivery.hand_back();
    assert_eq!(*log.lock().unwrap(), ["abandon"], "the default of `hand_back` is to abandon");
    Ok(())
}

#[test]
fn a_payload_that_is_not_json_is_a_codec_error_that_names_the_message_and_hides_the_payload() -> Result<()> {
    let (delivery, _log) = delivery(r#"{"card": 4711"#)?;
    let error = delivery.json::<serde_json::Value>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Codec);
    assert_eq!(error.context("subject"), Some("ride.pickup"));
    assert_eq!(error.context("sequence"), Some("7"));
    assert!(!format!("{error} {error:?}").contains("4711"));
    Ok(())
}

#[test]
fn debug_shows_sizes_and_not_payloads() -> Result<()> {
    let (delivery, _log) = delivery("secret words")?;
    let debug = format!("{delivery:?}");
    assert!(debug.contains("payload_bytes: 12") && !debug.contains("secret"), "{debug}");
    Ok(())
}
