use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pubsub_core::{Capability, OutboundMessage, Schedule};

use super::super::dice::{Dice, valid};
use super::super::observation::Observation;
use super::super::sketch::{SUBJECTS, Sketch};
use super::super::world::World;
use super::publish::{message_to, publish, show};
use super::{Kind, Operation, Pace};

pub(super) const KIND: Kind = Kind::new("publish a schedule", 4, generate).taking(Capability::Schedules);

#[derive(Debug)]
struct PublishSchedule {
    message: OutboundMessage,
    when: When,
    target: &'static str,
    source: Option<&'static str>,
    ttl: Option<Duration>,
    rollup: bool,
}

#[derive(Debug, Clone, Copy)]
enum When {
    /// 400 ms after this point, which may have passed.
    At(u32),
    Every(Duration),
    Cron(&'static str),
}

fn generate(dice: &mut Dice, sketch: &mut Sketch) -> Arc<dyn Operation> {
    let subject = sketch.subject_where(dice, |config| config.allow_schedules);
    let target = match sketch.streams.values().find(|config| config.takes(subject)) {
        Some(config) if dice.percent(90) => {
            dice.pick(SUBJECTS.into_iter().filter(|other| config.takes(other)))
        }
        _ => dice.pick(SUBJECTS),
    };
    let when = match dice.below(10) {
        0..=4 => When::At(sketch.ticks + dice.pick([0, 1, 2, 4])),
        5..=7 => When::Every(Duration::from_secs(dice.pick([1, 2, 3]))),
        _ => When::Cron(dice.pick(["* * * * * *", "*/2 * * * * *", "0 0 0 1 1 *", "@daily", "every day"])),
    };
    let rare = |dice: &mut Dice| dice.percent(12);
    Arc::new(PublishSchedule {
        message: message_to(dice, sketch, subject),
        when,
        target,
        source: rare(dice).then(|| dice.pick(SUBJECTS)),
        ttl: rare(dice).then_some(Duration::from_secs(2)),
        rollup: rare(dice),
    })
}

impl PublishSchedule {
    fn schedule(&self, world: &World) -> Schedule {
        let mut schedule = valid(match self.when {
            When::At(point) => Schedule::at(world.due_time(point), self.target),
            When::Every(interval) => Schedule::every(interval, self.target),
            When::Cron(expression) => Schedule::cron(expression, self.target),
        });
        if let Some(source) = self.source {
            schedule = valid(schedule.with_source(source));
        }
        if let Some(ttl) = self.ttl {
            schedule = schedule.with_ttl(ttl);
        }
        if self.rollup { schedule.with_rollup() } else { schedule }
    }
}

#[async_trait]
impl Operation for PublishSchedule {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    async fn apply(&self, world: &mut World) -> Observation {
        publish(world, self.message.clone().with_schedule(self.schedule(world))).await
    }

    fn pace(&self) -> Pace {
        Pace::Starts
    }

    fn simpler(&self) -> Vec<Arc<dyn Operation>> {
        let (mut simpler, mut all) = (self.clone_plain(), Vec::<Arc<dyn Operation>>::new());
        if self.source.is_some() || self.ttl.is_some() || self.rollup {
            all.push(Arc::new(self.clone_plain()));
        }
        if simpler.message.id.take().is_some() {
            all.push(Arc::new(simpler));
        }
        all
    }
}

impl PublishSchedule {
    fn clone_plain(&self) -> Self {
        Self { message: self.message.clone(), source: None, ttl: None, rollup: false, ..*self }
    }
}

impl fmt::Display for PublishSchedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {:?} to `{}`", KIND.name, show(&self.message), self.when, self.target)?;
        if let Some(source) = self.source {
            write!(f, ", from `{source}`")?;
        }
        if let Some(ttl) = self.ttl {
            write!(f, ", which lives {ttl:?}")?;
        }
        f.write_str(if self.rollup { ", rolling up" } else { "" })
    }
}
