//! Events as people read them.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::time::Duration;

use super::event::{Event, Number, Published, What};

/// The events of these orders, one a line, with logical and real time.
pub(crate) fn render(events: &[Event], orders: &BTreeSet<usize>) -> String {
    let names = Names::of(events);
    let mut text = String::new();
    for event in orders.iter().filter_map(|order| events.get(*order)) {
        let seconds = event.at.as_secs_f64();
        // Writing to a string cannot fail.
        let _ = writeln!(text, "    #{:<6} {seconds:>10.3} s  {}", event.order, names.describe(&event.what));
    }
    text
}

/// The whole history.
pub(crate) fn all(events: &[Event]) -> String {
    render(events, &(0..events.len()).collect())
}

/// How many events a failure shows that no rule explains.
const LAST: usize = 12;

/// The end of the history.
pub(crate) fn last(events: &[Event]) -> String {
    render(events, &(events.len().saturating_sub(LAST)..events.len()).collect())
}

/// What later events only have a number of.
struct Names<'a> {
    publishes: HashMap<Number, &'a What>,
    asks: HashMap<Number, String>,
    deliveries: HashMap<Number, String>,
}

impl<'a> Names<'a> {
    fn of(events: &'a [Event]) -> Self {
        let mut names = Self { publishes: HashMap::new(), asks: HashMap::new(), deliveries: HashMap::new() };
        for event in events {
            match &event.what {
                What::PublishCalled { publish, .. } => {
                    names.publishes.insert(*publish, &event.what);
                }
                What::Asked { ask, key, .. } => {
                    names.asks.insert(*ask, format!("{}/{}", key.stream, key.consumer));
                }
                What::Delivered { delivery, ask, message } => {
                    let consumer = names.asks.get(ask).map_or("?", String::as_str);
                    let name = format!(
                        "{consumer} sequence {} attempt {}",
                        message.stream_sequence, message.attempt
                    );
                    names.deliveries.insert(*delivery, name);
                }
                _ => {}
            }
        }
        names
    }

    fn publish(&self, publish: Number) -> String {
        match self.publishes.get(&publish) {
            Some(What::PublishCalled { message, .. }) => {
                let id = message.id.as_ref().map_or_else(String::new, |id| format!(" id `{id}`"));
                let lines = message.instruction_headers();
                let told = lines.iter().map(|(name, value)| format!(" {name}: {value}"));
                let told: String = told.collect();
                format!("`{}` ({} bytes){id}{told}", message.subject, message.payload.len())
            }
            _ => format!("publish {publish}"),
        }
    }

    fn ask(&self, ask: Number) -> &str {
        self.asks.get(&ask).map_or("?", String::as_str)
    }

    fn delivery(&self, delivery: Number) -> &str {
        self.deliveries.get(&delivery).map_or("?", String::as_str)
    }

    fn describe(&self, what: &What) -> String {
        match what {
            What::PublishCalled { publish, publisher, .. } => {
                format!("publish        {} by publisher {publisher}", self.publish(*publish))
            }
            What::PublishAccepted { publish } => format!("accepted       {}", self.publish(*publish)),
            What::PublishEnded { publish, outcome } => {
                format!("{} {}", ended(outcome), self.publish(*publish))
            }
            What::ConsumerCreated { key, .. } => format!("consumer made  {}/{}", key.stream, key.consumer),
            What::ConsumerDeleted { key } => format!("consumer gone  {}/{}", key.stream, key.consumer),
            What::ConsumerReset { key, sequence, .. } => {
                let to = sequence.map_or_else(|| "its floor".to_owned(), |to| format!("sequence {to}"));
                format!("consumer reset {}/{} to {to}", key.stream, key.consumer)
            }
            What::ConsumerPaused { key, pause } => {
                format!("paused         {}/{} for {pause:?}", key.stream, key.consumer)
            }
            What::ResumeCalled { key } => format!("resume         {}/{}", key.stream, key.consumer),
            What::StreamCreated { config } => format!("stream made    {}", config.name),
            What::StreamDeleted { stream } => format!("stream gone    {stream}"),
            What::RemovalCalled { .. } => "remove         messages".to_owned(),
            What::RemovalFailed { .. } => "remove failed".to_owned(),
            What::Purged { stream, purged, .. } => format!("purged         {stream}: {purged} messages"),
            What::MessageDeleted { stream, sequence, .. } => {
                format!("deleted        {stream} sequence {sequence}")
            }
            What::Modelled { .. } => "followed       by the model".to_owned(),
            What::Asked { ask, options, .. } => match options {
                Some(options) => {
                    format!(
                        "fetch          {} up to {} within {:?}",
                        self.ask(*ask),
                        options.max_messages,
                        options.expires
                    )
                }
                None => format!("subscribe      {}", self.ask(*ask)),
            },
            What::Answered { ask, outcome } => match outcome {
                Ok(count) => format!("fetched        {}: {count} messages", self.ask(*ask)),
                Err(kind) => format!("fetch failed   {}: {kind}", self.ask(*ask)),
            },
            What::AskDropped { ask } => format!("dropped        fetch or subscription of {}", self.ask(*ask)),
            What::Delivered { delivery, message, .. } => {
                let id =
                    message.headers.get("Nats-Msg-Id").map_or_else(String::new, |id| format!(" id `{id}`"));
                let bytes = message.payload.len();
                format!(
                    "delivered      {} `{}` ({bytes} bytes){id}",
                    self.delivery(*delivery),
                    message.subject
                )
            }
            What::SettleCalled { delivery, kind, confirmed } => {
                let confirmed = if *confirmed { ", to be confirmed" } else { "" };
                format!("settle         {} {}{confirmed}", self.delivery(*delivery), settlement(kind))
            }
            What::SettleEnded { delivery, outcome } => match outcome {
                Ok(()) => format!("settled        {}", self.delivery(*delivery)),
                Err(kind) => format!("settle failed  {}: {kind}", self.delivery(*delivery)),
            },
            What::ExtendCalled { delivery } => format!("extend         {}", self.delivery(*delivery)),
            What::ExtendEnded { delivery, outcome } => match outcome {
                Ok(()) => format!("extended       {}", self.delivery(*delivery)),
                Err(kind) => format!("extend failed  {}: {kind}", self.delivery(*delivery)),
            },
            What::Abandoned { delivery } => format!("abandoned      {}", self.delivery(*delivery)),
            What::HandedBack { delivery } => format!("handed back    {}", self.delivery(*delivery)),
            What::Listening { listener, group } => {
                let group = group.as_ref().map_or_else(String::new, |group| format!(" in group {group}"));
                format!("listen         {listener}{group}")
            }
            What::Heard { listener, subject, payload, .. } => {
                format!("heard          {listener} `{subject}` ({} bytes)", payload.len())
            }
            What::Faulted { fault } => format!("fault          the store {fault}"),
            What::Healed => "healed         the store".to_owned(),
            What::Connected { connection } => format!("connected      {connection}"),
            What::CloseCalled { connection } => format!("close          {connection}"),
            What::CloseEnded { connection } => format!("closed         {connection}"),
            What::Drained { key } => format!("drained        {}/{}", key.stream, key.consumer),
            What::LookCalled { .. } => "look           at the counters".to_owned(),
            What::ConsumerSeen { key, counts, .. } => format!(
                "seen           {}/{}: {} deliveries, the last of sequence {}; {} unsettled, {} pending",
                key.stream,
                key.consumer,
                counts.deliveries,
                counts.last_delivered,
                counts.ack_pending,
                counts.pending
            ),
            What::StreamSeen { stream, counts, .. } => {
                let (messages, last) = (counts.messages, counts.last_sequence);
                format!("seen           {stream}: {messages} messages, the last with sequence {last}")
            }
        }
    }
}

fn ended(outcome: &Published) -> String {
    let at =
        |sequence: &Option<u64>| sequence.map_or_else(|| "?".to_owned(), |sequence| sequence.to_string());
    match outcome {
        Published::Stored { stream, sequence } => {
            format!("stored         {stream} sequence {}:", at(sequence))
        }
        Published::Duplicate { stream, sequence } => {
            format!("duplicate      {stream} sequence {}:", at(sequence))
        }
        Published::Rejected { kind } => format!("rejected       {kind}:"),
        Published::Unknown { kind } => format!("unknown        {kind}:"),
        Published::Unconfirmed => "said          ".to_owned(),
    }
}

/// A settlement in words.
pub(crate) fn settlement(kind: &pubsub_core::SettlementKind) -> String {
    use pubsub_core::SettlementKind;
    match kind {
        SettlementKind::Ack => "ack".to_owned(),
        SettlementKind::Nak { delay: None } => "nak".to_owned(),
        SettlementKind::Nak { delay: Some(delay) } => format!("nak after {}", in_words(*delay)),
        SettlementKind::Term { .. } => "term".to_owned(),
        _ => "settlement".to_owned(),
    }
}

fn in_words(duration: Duration) -> String {
    format!("{duration:?}")
}
