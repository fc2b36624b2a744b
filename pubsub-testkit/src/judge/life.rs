//! Streams and consumers from their creation to their deletion. One that is made again is another life.

use std::collections::HashMap;
use std::time::Duration;

use pubsub_core::{ConsumerConfig, StreamConfig, StreamName};

use crate::history::event::{ConsumerKey, Event, What};

pub(super) type StreamLife = usize;
pub(super) type ConsumerLife = usize;

#[derive(Debug)]
pub(super) struct StreamFacts<'a> {
    /// `None` if the case did not make it.
    pub(super) config: Option<&'a StreamConfig>,
    /// Messages have left by a purge or a deletion.
    pub(super) thinned: bool,
    /// It has had messages that leave or come by themselves: with a time to live, rollups, schedules.
    pub(super) instructed: bool,
}

impl StreamFacts<'_> {
    /// Whether every message that it has had is there still, unless its consumers have let it go.
    pub(super) fn keeps_all(&self) -> bool {
        !self.thinned
            && !self.instructed
            && self.config.is_some_and(|config| {
                config.max_age.is_unlimited()
                    && config.max_bytes.is_unlimited()
                    && config.max_messages.is_unlimited()
                    && config.max_messages_per_subject.is_unlimited()
            })
    }
}

/// A time in which a consumer delivers nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pause {
    /// From when on it is known to be paused.
    pub(super) since: usize,
    pub(super) until: Duration,
    /// A resumption was asked for.
    pub(super) resumed: Option<usize>,
}

#[derive(Debug)]
pub(super) struct ConsumerFacts<'a> {
    pub(super) stream: StreamLife,
    pub(super) key: ConsumerKey,
    pub(super) config: Option<&'a ConsumerConfig>,
    /// The configuration was changed on the way, so that no one configuration holds for the whole life.
    pub(super) changed: bool,
    /// The event that made it, or the first that names it.
    pub(super) born: usize,
    /// A fetch or a subscription was dropped: deliveries may have been lost on their way to it.
    pub(super) interrupted: bool,
    /// Where the case said that nothing more is to come.
    pub(super) drained: Option<usize>,
    pub(super) drained_at: Duration,
    /// It was set by a reset: `Some(None)` to its ack floor.
    pub(super) reset_to: Option<Option<u64>>,
    pub(super) pauses: Vec<Pause>,
}

/// Which lives there are, and which of them a name means now.
#[derive(Debug, Default)]
pub(super) struct Lives<'a> {
    pub(super) streams: Vec<StreamFacts<'a>>,
    pub(super) consumers: Vec<ConsumerFacts<'a>>,
    streams_now: HashMap<StreamName, StreamLife>,
    consumers_now: HashMap<ConsumerKey, ConsumerLife>,
    /// The life that follows one which a reset has ended.
    after_reset: HashMap<ConsumerLife, ConsumerLife>,
}

impl<'a> Lives<'a> {
    pub(super) fn stream(&mut self, name: &StreamName) -> StreamLife {
        if let Some(life) = self.streams_now.get(name) {
            return *life;
        }
        let life = self.streams.len();
        self.streams.push(StreamFacts { config: None, thinned: false, instructed: false });
        self.streams_now.insert(name.clone(), life);
        life
    }

    pub(super) fn consumer(&mut self, key: &ConsumerKey, order: usize) -> ConsumerLife {
        if let Some(life) = self.consumers_now.get(key) {
            return *life;
        }
        let (stream, life) = (self.stream(&key.stream), self.consumers.len());
        self.consumers.push(ConsumerFacts {
            stream,
            key: key.clone(),
            config: None,
            changed: false,
            born: order,
            interrupted: false,
            drained: None,
            drained_at: Duration::ZERO,
            reset_to: None,
            pauses: Vec::new(),
        });
        self.consumers_now.insert(key.clone(), life);
        life
    }

    /// The life that goes on where this one was reset.
    pub(super) fn since_reset(&self, mut life: ConsumerLife) -> ConsumerLife {
        while let Some(next) = self.after_reset.get(&life) {
            life = *next;
        }
        life
    }

    fn consumer_facts(&mut self, key: &ConsumerKey, order: usize) -> Option<&mut ConsumerFacts<'a>> {
        let life = self.consumer(key, order);
        self.consumers.get_mut(life)
    }

    /// Takes in what an event says about lives.
    pub(super) fn follow(&mut self, event: &'a Event) {
        match &event.what {
            What::StreamCreated { config } => {
                let life = self.stream(&config.name);
                if let Some(facts) = self.streams.get_mut(life) {
                    facts.config = Some(config);
                }
            }
            What::StreamDeleted { stream } => {
                self.streams_now.remove(stream);
                self.consumers_now.retain(|key, _| key.stream != *stream);
            }
            What::Purged { stream, .. } | What::MessageDeleted { stream, .. } => {
                let life = self.stream(stream);
                if let Some(facts) = self.streams.get_mut(life) {
                    facts.thinned = true;
                }
            }
            What::ConsumerCreated { key, config } => {
                if let Some(facts) = self.consumer_facts(key, event.order) {
                    facts.changed |= facts.config.is_some_and(|known| known != config.as_ref());
                    facts.config = Some(config);
                }
            }
            What::ConsumerDeleted { key } => {
                self.consumers_now.remove(key);
            }
            What::ConsumerReset { key, config, sequence } => {
                let ended = self.consumer(key, event.order);
                self.consumers_now.remove(key);
                let begun = self.consumer(key, event.order);
                self.after_reset.insert(ended, begun);
                if let Some(facts) = self.consumers.get_mut(begun) {
                    facts.config = Some(config);
                    facts.reset_to = Some(*sequence);
                }
            }
            What::ConsumerPaused { key, pause } => {
                if let Some(facts) = self.consumer_facts(key, event.order) {
                    let until = event.at + *pause;
                    facts.pauses.push(Pause { since: event.order, until, resumed: None });
                }
            }
            What::ResumeCalled { key } => {
                if let Some(facts) = self.consumer_facts(key, event.order) {
                    facts.pauses.iter_mut().for_each(|pause| {
                        pause.resumed.get_or_insert(event.order);
                    });
                }
            }
            What::Drained { key } => {
                if let Some(facts) = self.consumer_facts(key, event.order) {
                    facts.drained = Some(event.order);
                    facts.drained_at = event.at;
                }
            }
            _ => {}
        }
    }
}
