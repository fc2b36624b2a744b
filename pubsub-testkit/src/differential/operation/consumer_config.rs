//! Configurations of consumers: every start, every ack policy, short waits, small limits.

use pubsub_core::{AckPolicy, ConsumerConfig, DeliverPolicy, Limit};

use super::super::dice::{Dice, valid};
use super::super::grid::{NEVER, span};
use super::super::show;
use super::super::sketch::Sketch;
use super::super::world::{ConsumerRef, World};

/// What a consumer is asked to be. Where it starts is kept apart: a time is one of the side's own clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    config: ConsumerConfig,
    /// Starts in the quiet after this point of the grid.
    from_point: Option<u32>,
}

/// What a consumer may see; the last one matches nothing. None only overlaps with what a purge may name: what a server then
/// still counts as unsettled, it finds out when the ack wait is over.
const FILTERS: [&[&str]; 8] =
    [&[], &[], &["a.x"], &["a.*"], &["a.>"], &["a.x", "b.x"], &["a.y", "b.>"], &["d.>"]];

type Field = fn(&mut Wanted, &Wanted);

const FIELDS: [Field; 10] = [
    |wanted, other| wanted.config.filters.clone_from(&other.config.filters),
    |wanted, other| {
        wanted.config.deliver = other.config.deliver;
        wanted.from_point = other.from_point;
    },
    |wanted, other| wanted.config.ack = other.config.ack,
    |wanted, other| wanted.config.ack_wait = other.config.ack_wait,
    |wanted, other| wanted.config.max_deliver = other.config.max_deliver,
    |wanted, other| wanted.config.max_ack_pending = other.config.max_ack_pending,
    |wanted, other| wanted.config.description.clone_from(&other.config.description),
    |wanted, other| wanted.config.backoff.clone_from(&other.config.backoff),
    |wanted, other| wanted.config.headers_only = other.config.headers_only,
    |wanted, other| wanted.config.metadata.clone_from(&other.config.metadata),
];

/// Without any limit.
pub(super) fn plain(consumer: ConsumerRef) -> Wanted {
    let config = match consumer {
        ConsumerRef::Named(name) => valid(ConsumerConfig::durable(name)),
        // When an unused one is deleted is within a second on a server, which is no part of the grid.
        ConsumerRef::Unnamed(_) => ConsumerConfig::ephemeral().with_inactive_threshold(NEVER),
    };
    Wanted { config: config.with_ack_wait(NEVER).with_max_deliver(Limit::Unlimited), from_point: None }
}

pub(super) fn generate(dice: &mut Dice, sketch: &Sketch, stream: &str, consumer: ConsumerRef) -> Wanted {
    let plain = plain(consumer);
    let is_work_queue = sketch
        .streams
        .get(stream)
        .is_some_and(|config| config.retention == pubsub_core::Retention::WorkQueue);
    // Most other choices are refused there.
    let picky = is_work_queue && dice.percent(85);
    let mut from_point = None;
    let deliver = match dice.below(if picky { 1 } else { 12 }) {
        0..=5 => DeliverPolicy::All,
        6 => DeliverPolicy::New,
        7 => DeliverPolicy::Last,
        8 => DeliverPolicy::LastPerSubject,
        9 | 10 if dice.percent(3) => DeliverPolicy::FromSequence(1_000),
        9 | 10 => DeliverPolicy::FromSequence(1 + dice.below(8)),
        _ => {
            let latest = sketch.ticks + 1;
            from_point = Some(u32::try_from(dice.below(u64::from(latest) + 1)).unwrap_or(latest));
            DeliverPolicy::All
        }
    };
    let ack = if picky || dice.percent(75) {
        AckPolicy::Explicit
    } else {
        dice.pick([AckPolicy::All, AckPolicy::None])
    };
    let filters = dice.pick(FILTERS);
    let mut config = valid(plain.config.with_filters(filters.iter().copied()))
        .with_deliver(deliver)
        .with_ack(ack)
        .with_ack_wait(dice.pick([span(0), span(0), span(1), NEVER, NEVER]))
        .with_max_deliver(dice.pick([
            Limit::Unlimited,
            Limit::Unlimited,
            Limit::At(1),
            Limit::At(2),
            Limit::At(3),
        ]))
        .with_max_ack_pending(dice.pick([Limit::Unlimited, Limit::At(1000), Limit::At(1), Limit::At(3)]));
    if dice.percent(12) {
        config = config.with_backoff(
            dice.pick([&[0, 1][..], &[1], &[0, 0, 1], &[1, 0]]).iter().map(|ticks| span(*ticks)),
        );
    }
    if dice.percent(12) {
        config = config.with_headers_only();
    }
    if dice.percent(3) {
        config = config.with_description("a consumer");
    }
    if dice.percent(5) {
        config.metadata = [("team".to_owned(), dice.pick(["red", "blue"]).to_owned())].into();
    }
    Wanted { config, from_point }
}

impl Wanted {
    /// What it is on this side.
    pub(super) fn on(&self, world: &World) -> ConsumerConfig {
        match self.from_point {
            Some(point) => self.config.clone().with_deliver(DeliverPolicy::FromTime(world.quiet_time(point))),
            None => self.config.clone(),
        }
    }

    /// Where it starts does not show in it if that is a time.
    pub(super) fn config(&self) -> &ConsumerConfig {
        &self.config
    }

    pub(super) fn show(&self) -> String {
        let deliver = match self.from_point {
            Some(point) => format!("from_time after point {point}"),
            None => self.config.deliver.to_string(),
        };
        show::consumer_config(&self.config, &deliver)
    }

    pub(super) fn of(config: ConsumerConfig) -> Self {
        Self { config, from_point: None }
    }

    /// The same with one field of another one, for an update.
    pub(super) fn change_one(&self, dice: &mut Dice, other: &Self) -> Self {
        let mut changed = self.clone();
        dice.pick(FIELDS)(&mut changed, other);
        changed
    }

    /// The same with one field less that is not plain: one for each.
    pub(super) fn simpler(&self, consumer: ConsumerRef) -> Vec<Self> {
        let plain = plain(consumer);
        let simplified = FIELDS.into_iter().map(|field| {
            let mut simplified = self.clone();
            field(&mut simplified, &plain);
            simplified
        });
        simplified.filter(|simplified| simplified != self).collect()
    }
}
