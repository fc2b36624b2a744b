//! One thing that was done to a message: [`Seen`].

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use pubsub_core::{Headers, SettlementKind, StreamName};

use crate::history::event::{Event, Number, Published, What};

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    Published,
    Delivered,
    Settled,
}

impl Deed {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Delivered => "delivered",
            Self::Settled => "settled",
        }
    }
}

/// A publish, a delivery or a settlement that a [`Recorder`](super::Recorder) has seen.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Seen {
    /// The time since the recorder was made.
    pub at: Duration,
    /// The message's subject.
    pub subject: String,
    /// Its payload.
    pub payload: Bytes,
    /// Its headers; of a delivery, those of the broker (`Nats-...`) included.
    pub headers: Headers,
    /// The id that it was published with.
    pub id: Option<String>,
    /// The stream that stores it, once that is known.
    pub stream: Option<StreamName>,
    /// Its place there, once that is known.
    pub stream_sequence: Option<u64>,
    /// Which attempt it was; `None` for a publish.
    pub attempt: Option<u64>,
    /// How it was settled; `None` but for a settlement.
    pub settlement: Option<SettlementKind>,
    pub(super) order: usize,
}

/// What was done, in the order of the history.
pub(super) fn all(deed: Deed, events: &[Event]) -> Vec<Seen> {
    match deed {
        Deed::Published => publishes(events),
        Deed::Delivered => deliveries(events).into_iter().map(|(_, seen)| seen).collect(),
        Deed::Settled => settlements(events),
    }
}

fn publishes(events: &[Event]) -> Vec<Seen> {
    let mut seen: Vec<Option<Seen>> = Vec::new();
    let mut places: HashMap<Number, usize> = HashMap::new();
    for event in events {
        match &event.what {
            What::PublishCalled { publish, message, .. } => {
                places.insert(*publish, seen.len());
                seen.push(Some(Seen {
                    at: event.at,
                    subject: message.subject.to_string(),
                    payload: message.payload.clone(),
                    headers: message.headers.clone(),
                    id: message.id.as_ref().map(ToString::to_string),
                    stream: None,
                    stream_sequence: None,
                    attempt: None,
                    settlement: None,
                    order: event.order,
                }));
            }
            What::PublishEnded { publish, outcome } => {
                let Some(place) = places.get(publish).and_then(|place| seen.get_mut(*place)) else {
                    continue;
                };
                match outcome {
                    Published::Stored { stream, sequence } => {
                        if let Some(seen) = place {
                            seen.stream = Some(stream.clone());
                            seen.stream_sequence = *sequence;
                        }
                    }
                    // A plain message: it is out, and no stream says that it has it.
                    Published::Unconfirmed => {}
                    Published::Duplicate { .. } | Published::Rejected { .. } | Published::Unknown { .. } => {
                        *place = None;
                    }
                }
            }
            _ => {}
        }
    }
    seen.into_iter().flatten().collect()
}

fn deliveries(events: &[Event]) -> Vec<(Number, Seen)> {
    let mut streams: HashMap<Number, &StreamName> = HashMap::new();
    let mut seen = Vec::new();
    for event in events {
        match &event.what {
            What::Asked { ask, key, .. } => {
                streams.insert(*ask, &key.stream);
            }
            What::Delivered { delivery, ask, message } => {
                let id = message.headers.get("Nats-Msg-Id").map(str::to_owned);
                seen.push((
                    *delivery,
                    Seen {
                        at: event.at,
                        subject: message.subject.clone(),
                        payload: message.payload.clone(),
                        headers: message.headers.clone(),
                        id,
                        stream: streams.get(ask).map(|stream| (*stream).clone()),
                        stream_sequence: Some(message.stream_sequence),
                        attempt: Some(message.attempt),
                        settlement: None,
                        order: event.order,
                    },
                ));
            }
            _ => {}
        }
    }
    seen
}

fn settlements(events: &[Event]) -> Vec<Seen> {
    let delivered: HashMap<Number, Seen> = deliveries(events).into_iter().collect();
    let mut called: HashMap<Number, &SettlementKind> = HashMap::new();
    let mut seen = Vec::new();
    for event in events {
        match &event.what {
            What::SettleCalled { delivery, kind, .. } => {
                called.insert(*delivery, kind);
            }
            What::SettleEnded { delivery, outcome: Ok(()) } => {
                if let Some(message) = delivered.get(delivery) {
                    let settlement = called.get(delivery).map(|kind| (*kind).clone());
                    seen.push(Seen { at: event.at, order: event.order, settlement, ..message.clone() });
                }
            }
            _ => {}
        }
    }
    seen
}
