//! What is seen, without how it is drawn: [`Model`].

use std::collections::HashMap;
use std::time::{Duration, Instant};

use pubsub::{ConsumerInfo, ConsumerName, StreamInfo, StreamName};

use crate::commands::consumers::{lag, state};

/// What the broker said at one moment.
#[derive(Debug, Clone)]
pub(super) struct Look {
    pub(super) at: Instant,
    pub(super) streams: Vec<StreamInfo>,
    pub(super) consumers: Vec<ConsumerInfo>,
}

/// By what the rows are sorted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Order {
    /// What is worst first.
    #[default]
    Load,
    Name,
}

/// One stream.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct StreamRow {
    pub(super) name: StreamName,
    pub(super) messages: u64,
    pub(super) bytes: u64,
    pub(super) consumers: u64,
    /// Messages stored in a second; unknown at the first look.
    pub(super) rate: Option<f64>,
}

/// One consumer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ConsumerRow {
    pub(super) stream: StreamName,
    pub(super) name: ConsumerName,
    pub(super) lag: u64,
    /// By how much the lag has changed in a second.
    pub(super) drift: Option<f64>,
    pub(super) ack_pending: u64,
    pub(super) redelivered: u64,
    /// Deliveries in a second.
    pub(super) rate: Option<f64>,
    pub(super) state: &'static str,
}

/// The last look, and what has changed since the one before.
#[derive(Debug, Default)]
pub(super) struct Model {
    before: Option<Look>,
    now: Option<Look>,
    pub(super) order: Order,
    pub(super) is_held: bool,
    /// Why the last look failed.
    pub(super) trouble: Option<String>,
}

impl Model {
    /// Takes what was seen. While the picture is held it is put aside.
    pub(super) fn see(&mut self, look: Result<Look, String>) {
        match look {
            Err(trouble) => self.trouble = Some(trouble),
            Ok(_) if self.is_held => self.trouble = None,
            Ok(look) => {
                self.trouble = None;
                self.before = self.now.replace(look);
            }
        }
    }

    pub(super) fn sort_otherwise(&mut self) {
        self.order = match self.order {
            Order::Load => Order::Name,
            Order::Name => Order::Load,
        };
    }

    pub(super) fn streams(&self) -> Vec<StreamRow> {
        let Some(now) = &self.now else { return Vec::new() };
        let before: HashMap<_, _> =
            self.former(|look| &look.streams, |info| (info.config.name.clone(), info));
        let mut rows: Vec<StreamRow> = now
            .streams
            .iter()
            .map(|info| {
                // One that was made anew begins from the start.
                let former = before.get(&info.config.name).filter(|former| former.created == info.created);
                StreamRow {
                    name: info.config.name.clone(),
                    messages: info.messages,
                    bytes: info.bytes,
                    consumers: info.consumers,
                    rate: former
                        .and_then(|former| self.in_a_second(former.last_sequence, info.last_sequence)),
                }
            })
            .collect();
        rows.sort_by(|one, other| match self.order {
            Order::Load => descending(one.rate, other.rate).then_with(|| one.name.cmp(&other.name)),
            Order::Name => one.name.cmp(&other.name),
        });
        rows
    }

    pub(super) fn consumers(&self) -> Vec<ConsumerRow> {
        let Some(now) = &self.now else { return Vec::new() };
        let key = |info: &ConsumerInfo| (info.stream.clone(), info.name.clone());
        let before: HashMap<_, _> = self.former(|look| &look.consumers, |info| (key(info), info));
        let mut rows: Vec<ConsumerRow> = now
            .consumers
            .iter()
            .map(|info| {
                let former = before.get(&key(info)).filter(|former| former.created == info.created);
                ConsumerRow {
                    stream: info.stream.clone(),
                    name: info.name.clone(),
                    lag: lag(info),
                    drift: former.and_then(|former| self.in_a_second(lag(former), lag(info))),
                    ack_pending: info.ack_pending,
                    redelivered: info.redelivered,
                    rate: former.and_then(|former| {
                        self.in_a_second(former.delivered.consumer, info.delivered.consumer)
                    }),
                    state: state(info),
                }
            })
            .collect();
        rows.sort_by(|one, other| {
            let by_name = (&one.stream, &one.name).cmp(&(&other.stream, &other.name));
            match self.order {
                Order::Load => other.lag.cmp(&one.lag).then(by_name),
                Order::Name => by_name,
            }
        });
        rows
    }

    /// Messages stored in a second, over all streams.
    pub(super) fn rate(&self) -> f64 {
        self.streams().iter().filter_map(|row| row.rate).sum()
    }

    pub(super) fn has_seen(&self) -> bool {
        self.now.is_some()
    }

    fn former<'a, T: 'a, K: std::hash::Hash + Eq>(
        &'a self,
        of: impl Fn(&'a Look) -> &'a Vec<T>,
        entry: impl Fn(&'a T) -> (K, &'a T),
    ) -> HashMap<K, &'a T> {
        self.before.as_ref().map(|look| of(look).iter().map(entry).collect()).unwrap_or_default()
    }

    #[expect(clippy::cast_precision_loss, reason = "it is shown with three digits")]
    fn in_a_second(&self, before: u64, now: u64) -> Option<f64> {
        let elapsed = self.now.as_ref()?.at.checked_duration_since(self.before.as_ref()?.at)?;
        if elapsed < Duration::from_millis(1) {
            return None;
        }
        Some((now as f64 - before as f64) / elapsed.as_secs_f64())
    }
}

fn descending(one: Option<f64>, other: Option<f64>) -> std::cmp::Ordering {
    other.unwrap_or(0.0).total_cmp(&one.unwrap_or(0.0))
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::SystemTime;

    use pubsub::{ConsumerConfig, SequencePair, StreamConfig};

    use super::*;

    fn stream(name: &str, last: u64) -> StreamInfo {
        let config = StreamConfig::new(name, [format!("{}.>", name.to_lowercase())]).unwrap();
        let mut info = StreamInfo::new(config, SystemTime::UNIX_EPOCH);
        (info.messages, info.last_sequence, info.bytes) = (last, last, last * 100);
        info
    }

    fn consumer(stream: &str, name: &str, delivered: u64, pending: u64) -> ConsumerInfo {
        let (stream, config) = (StreamName::new(stream).unwrap(), ConsumerConfig::durable(name).unwrap());
        let name = config.name.clone().unwrap();
        let mut info = ConsumerInfo::new(stream, name, config, SystemTime::UNIX_EPOCH);
        (info.delivered, info.pending) = (SequencePair::new(delivered, delivered), pending);
        info
    }

    /// Two looks, two seconds apart.
    pub(crate) fn model() -> Model {
        let mut model = Model::default();
        let began = Instant::now();
        let look = |secs, ride, matched| Look {
            at: began + Duration::from_secs(secs),
            streams: vec![stream("MATCH", matched), stream("RIDE", ride)],
            consumers: vec![
                consumer("MATCH", "riders", matched, 0),
                consumer("RIDE", "billing", 40, ride - 40),
            ],
        };
        model.see(Ok(look(0, 100, 50)));
        model.see(Ok(look(2, 300, 60)));
        model
    }

    #[test]
    fn rates_are_what_changed_between_two_looks() {
        let model = model();
        let rates: Vec<_> = model.streams().into_iter().map(|row| (row.name.to_string(), row.rate)).collect();
        assert_eq!(rates, [("RIDE".to_owned(), Some(100.0)), ("MATCH".to_owned(), Some(5.0))]);
        assert_eq!(model.rate().to_string(), "105");
        let worst = &model.consumers()[0];
        assert_eq!((worst.name.as_str(), worst.lag, worst.drift), ("billing", 260, Some(100.0)));
        assert_eq!((worst.rate, worst.state), (Some(0.0), "unread"));
    }

    #[test]
    fn the_order_is_by_load_or_by_name() {
        let mut model = model();
        model.sort_otherwise();
        assert_eq!(model.streams()[0].name, "MATCH");
        assert_eq!(model.consumers()[0].name, "riders");
    }

    #[test]
    fn a_held_picture_stays_and_trouble_is_told() {
        let mut model = model();
        model.is_held = true;
        model.see(Ok(Look { at: Instant::now(), streams: Vec::new(), consumers: Vec::new() }));
        assert_eq!(model.streams().len(), 2);
        model.see(Err("no answer".to_owned()));
        assert_eq!(model.trouble.as_deref(), Some("no answer"));
    }

    #[test]
    fn a_stream_that_was_made_anew_has_no_rate_yet() {
        let mut model = model();
        let mut anew = stream("RIDE", 3);
        anew.created = SystemTime::now();
        model.see(Ok(Look {
            at: Instant::now() + Duration::from_secs(9),
            streams: vec![anew],
            consumers: Vec::new(),
        }));
        assert_eq!(model.streams()[0].rate, None);
    }
}
