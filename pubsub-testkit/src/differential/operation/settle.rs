use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use pubsub_core::{Settlement, SettlementKind};

use super::super::dice::Dice;
use super::super::grid::span;
use super::super::observation::Observation;
use super::super::show;
use super::super::sketch::Sketch;
use super::super::world::World;
use super::{Kind, Operation, Pace};

pub(super) const KIND: Kind = Kind::new("settle", 14, generate);
pub(super) const KIND_UNCONFIRMED: Kind = Kind::new("settle unconfirmed", 3, generate_unconfirmed);

#[derive(Debug)]
struct Settle {
    /// How many deliveries before the last one.
    back: usize,
    settlement: Settlement,
}

fn generate(dice: &mut Dice, _: &mut Sketch) -> Arc<dyn Operation> {
    let settlement = settlement(dice).confirmed();
    Arc::new(Settle { back: back(dice), settlement })
}

fn generate_unconfirmed(dice: &mut Dice, sketch: &mut Sketch) -> Arc<dyn Operation> {
    sketch.ticks += 1;
    let settlement = settlement(dice);
    Arc::new(Settle { back: back(dice), settlement })
}

/// Mostly one of the last few.
pub(super) fn back(dice: &mut Dice) -> usize {
    let furthest = dice.pick([0, 2, 5, 15]);
    dice.between(0, furthest)
}

pub(super) fn settlement(dice: &mut Dice) -> Settlement {
    match dice.below(10) {
        0..=4 => Settlement::ack(),
        5 | 6 => Settlement::nak(),
        7 | 8 => Settlement::nak_after(span(dice.pick([0, 0, 1]))),
        _ => dice.pick([Settlement::term(), Settlement::term_because("cannot be done")]),
    }
}

#[async_trait]
impl Operation for Settle {
    fn kind(&self) -> &'static str {
        if self.settlement.is_confirmed() { KIND.name } else { KIND_UNCONFIRMED.name }
    }

    async fn apply(&self, world: &mut World) -> Observation {
        let Some(delivery) = world.take_held(self.back) else {
            return Observation::nothing("nothing to settle");
        };
        let which = show::delivery(world, &delivery);
        let mut observation =
            Observation::of(delivery.settle(self.settlement.clone()).await, |()| "settled".to_owned());
        observation.detail(which);
        observation
    }

    fn pace(&self) -> Pace {
        match self.settlement.kind() {
            // No answer says when the server has done it.
            _ if !self.settlement.is_confirmed() => Pace::EndsBurst,
            SettlementKind::Nak { delay: Some(_) } => Pace::Starts,
            _ => Pace::Free,
        }
    }
}

pub(super) fn show_settlement(settlement: &Settlement) -> String {
    let confirmed = if settlement.is_confirmed() { "" } else { ", unconfirmed" };
    let what = match settlement.kind() {
        SettlementKind::Ack => "ack".to_owned(),
        SettlementKind::Nak { delay: None } => "nak".to_owned(),
        SettlementKind::Nak { delay: Some(delay) } => format!("nak after {delay:?}"),
        SettlementKind::Term { reason: None } => "term".to_owned(),
        other => format!("{other:?}"),
    };
    what + confirmed
}

impl fmt::Display for Settle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of the delivery {} before the last", show_settlement(&self.settlement), self.back)
    }
}
