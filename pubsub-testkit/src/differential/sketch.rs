//! What the generator believes to exist: [`Sketch`].

use std::collections::BTreeMap;

use pubsub_core::{
    AckPolicy, Capability, ConsumerConfig, DeliverPolicy, Difference, Retention, StreamConfig,
};

use super::dice::Dice;
use super::world::ConsumerRef;

/// The streams of a sequence. The second and third choose among subjects that overlap those of the first.
pub(super) const STREAMS: [&str; 3] = ["S", "T", "U"];
/// The durable consumers of each stream.
pub(super) const DURABLES: [&str; 3] = ["p", "q", "r"];
/// What is published to. Nobody takes the last one.
pub(super) const SUBJECTS: [&str; 7] = ["a.x", "a.y", "a.z.w", "b.x", "b.y", "c.x", "nowhere.x"];

/// What probably exists by the operations so far, so that most operations have something to act on. Nothing depends on
/// its being right.
#[derive(Debug, Default)]
pub(super) struct Sketch {
    pub(super) streams: BTreeMap<&'static str, StreamConfig>,
    pub(super) consumers: BTreeMap<(&'static str, ConsumerRef), ConsumerConfig>,
    /// How many consumers were created without a name.
    pub(super) unnamed: usize,
    /// How many messages were published.
    pub(super) published: u64,
    /// How many ticks have passed at least.
    pub(super) ticks: u32,
    /// Whether a fetch has waited for what becomes due.
    pub(super) has_waited: bool,
    /// What one of the two sides can do, and the other cannot.
    pub(super) one_sided: Vec<Capability>,
}

impl Sketch {
    /// Whether both sides have it, or neither: then they answer alike.
    pub(super) fn is_common(&self, capability: Capability) -> bool {
        !self.one_sided.contains(&capability)
    }

    /// Takes note of a stream that is asked for, if a broker would make it.
    pub(super) fn create_stream(&mut self, name: &'static str, config: &StreamConfig) {
        let taken = self.streams.values().any(|other| config.must_be_disjoint(other).is_err());
        if !taken && config.validate().is_ok() {
            self.streams.entry(name).or_insert_with(|| config.clone());
        }
    }

    /// Takes note of a change of a stream, if a broker would allow it.
    pub(super) fn update_stream(&mut self, name: &'static str, config: &StreamConfig) {
        let taken = self.streams.values().any(|other| config.must_be_disjoint(other).is_err());
        if let Some(existing) = self.streams.get_mut(name)
            && !taken
            && config.validate().is_ok()
            && config.differences(existing).iter().all(Difference::can_be_updated)
        {
            existing.clone_from(config);
        }
    }

    /// Takes note of a consumer that is asked for, if a broker would make it.
    pub(super) fn create_consumer(
        &mut self,
        stream: &'static str,
        consumer: ConsumerRef,
        config: &ConsumerConfig,
    ) {
        let Some(of) = self.streams.get(stream) else {
            return;
        };
        let others = self.consumers.iter().filter(|((of, _), _)| *of == stream);
        let others: Vec<&ConsumerConfig> = others.map(|(_, config)| config).collect();
        let is_full = of.max_consumers.at().is_some_and(|max| others.len() >= max as usize);
        let shares = |other: &&ConsumerConfig| {
            let (all, mine) = (config.filters.is_empty() || other.filters.is_empty(), &config.filters);
            all || mine.iter().any(|one| other.filters.iter().any(|other| one.overlaps(other)))
        };
        let fits = of.retention != Retention::WorkQueue
            || (config.deliver == DeliverPolicy::All
                && config.ack == AckPolicy::Explicit
                && !others.iter().any(shares));
        if fits && !is_full && config.validate().is_ok() {
            self.consumers.entry((stream, consumer)).or_insert_with(|| config.clone());
        }
    }

    /// Mostly a stream that exists.
    pub(super) fn stream(&self, dice: &mut Dice) -> &'static str {
        if dice.percent(8) {
            return dice.pick(STREAMS);
        }
        dice.pick_any(self.streams.keys().copied()).unwrap_or("S")
    }

    /// Mostly a consumer that exists.
    pub(super) fn consumer(&self, dice: &mut Dice) -> (&'static str, ConsumerRef) {
        let known = if dice.percent(6) { None } else { dice.pick_any(self.consumers.keys().copied()) };
        known.unwrap_or_else(|| (self.stream(dice), ConsumerRef::Named(dice.pick(DURABLES))))
    }

    /// Mostly a subject that a stream takes.
    pub(super) fn subject(&self, dice: &mut Dice) -> &'static str {
        let taken = |subject: &&str| {
            let mut filters = self.streams.values().flat_map(|config| &config.subjects);
            filters.any(|filter| filter.matches(subject))
        };
        let known = if dice.percent(6) { None } else { dice.pick_any(SUBJECTS.into_iter().filter(taken)) };
        known.unwrap_or_else(|| dice.pick(SUBJECTS))
    }

    /// Mostly a subject of a stream that is so.
    pub(super) fn subject_where(
        &self,
        dice: &mut Dice,
        is_so: impl Fn(&StreamConfig) -> bool,
    ) -> &'static str {
        let fits =
            |subject: &&str| self.streams.values().any(|config| is_so(config) && config.takes(subject));
        let known = if dice.percent(8) { None } else { dice.pick_any(SUBJECTS.into_iter().filter(fits)) };
        known.unwrap_or_else(|| self.subject(dice))
    }

    pub(super) fn forget_stream(&mut self, stream: &str) {
        self.streams.remove(stream);
        self.consumers.retain(|(of, _), _| *of != stream);
    }
}
