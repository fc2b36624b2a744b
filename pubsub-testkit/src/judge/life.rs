//! Streams and consumers from their creation to their deletion. One that is made again is another life.

use std::collections::HashMap;

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
}

/// Which lives there are, and which of them a name means now.
#[derive(Debug, Default)]
pub(super) struct Lives<'a> {
    pub(super) streams: Vec<StreamFacts<'a>>,
    pub(super) consumers: Vec<ConsumerFacts<'a>>,
    streams_now: HashMap<StreamName, StreamLife>,
    consumers_now: HashMap<ConsumerKey, ConsumerLife>,
}

impl<'a> Lives<'a> {
    pub(super) fn stream(&mut self, name: &StreamName) -> StreamLife {
        if let Some(life) = self.streams_now.get(name) {
            return *life;
        }
        let life = self.streams.len();
        self.streams.push(StreamFacts { config: None, thinned: false });
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
        });
        self.consumers_now.insert(key.clone(), life);
        life
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
            What::Purged { stream } | What::MessageDeleted { stream, .. } => {
                let life = self.stream(stream);
                if let Some(facts) = self.streams.get_mut(life) {
                    facts.thinned = true;
                }
            }
            What::ConsumerCreated { key, config } => {
                let life = self.consumer(key, event.order);
                if let Some(facts) = self.consumers.get_mut(life) {
                    facts.changed |= facts.config.is_some_and(|known| known != config.as_ref());
                    facts.config = Some(config);
                }
            }
            What::ConsumerDeleted { key } => {
                self.consumers_now.remove(key);
            }
            What::Drained { key } => {
                let life = self.consumer(key, event.order);
                if let Some(facts) = self.consumers.get_mut(life) {
                    facts.drained = Some(event.order);
                }
            }
            _ => {}
        }
    }
}
