//! Payloads that mean something.

use std::collections::BTreeMap;

use pubsub_core::{ErrorKind, OutboundMessage, PublisherExt as _};
use serde::{Deserialize, Serialize};

use crate::check::{CaseResult, Failure, check, check_eq};
use crate::trial::Trial;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Ride {
    id: String,
    fare: f64,
    riders: Vec<u64>,
    notes: BTreeMap<String, Option<i64>>,
}

fn ride() -> Ride {
    Ride {
        id: "r-17 \u{1f695} \"quoted\"\n".to_owned(),
        fare: 12.25,
        riders: vec![0, u64::MAX],
        notes: BTreeMap::from([("least".to_owned(), Some(i64::MIN)), ("none".to_owned(), None)]),
    }
}

/// A6: what is published as JSON arrives as the same value; a payload that is not what is expected is an error of the
/// reading, with where it is and without what it says, and no loss: the delivery can still be settled either way.
pub(crate) async fn json_round_trip(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    trial.publisher().publish_json(trial.subject("a")?, &ride()).await?;
    trial.publisher().publish_message(OutboundMessage::json(trial.subject("a")?, &ride())?).await?;
    for _ in 0..2 {
        let delivery = consumer.next().await?;
        check_eq!(delivery.json::<Ride>()?, ride(), "the value that arrived");
        delivery.ack().await?;
    }

    for payload in ["{\"id\": \"of-no-use", r#"{"id":"of-no-use"}"#, "of-no-use"] {
        trial.publish("a", payload).await?;
        let delivery = consumer.next().await?;
        let sequence = delivery.info().stream_sequence.to_string();
        let Err(error) = delivery.json::<Ride>() else {
            return Err(Failure::new(format!("{payload} was read as a ride")));
        };
        check_eq!(error.kind(), ErrorKind::Codec, "the kind of the error ({error})");
        check_eq!(error.context("sequence"), Some(sequence.as_str()), "the sequence that the error names");
        check!(
            !format!("{error} {error:?}").contains("of-no-use"),
            "the error repeats the payload: {error:?}"
        );
        delivery.nak().await?;
        let again = consumer.next().await?;
        check_eq!(again.info().attempt, 2, "the attempt after a payload that could not be read was nakked");
        again.ack().await?;
    }
    consumer.stays_silent("a").await?;
    consumer.drained();
    Ok(())
}
