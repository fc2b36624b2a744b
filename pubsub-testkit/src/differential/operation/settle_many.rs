use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use pubsub_core::{Settlement, SettlementKind};

use super::super::dice::Dice;
use super::super::observation::Observation;
use super::super::show;
use super::super::sketch::Sketch;
use super::super::world::World;
use super::settle::{back, settlement, show_settlement};
use super::{Kind, Operation, Pace};

pub(super) const KIND: Kind = Kind::new("settle many", 3, generate);

/// Settles through a handle of one delivery's consumer; the others may be of any consumer.
#[derive(Debug)]
struct SettleMany {
    count: usize,
    back: usize,
    settlement: Settlement,
}

fn generate(dice: &mut Dice, _: &mut Sketch) -> Arc<dyn Operation> {
    let settlement = settlement(dice).confirmed();
    Arc::new(SettleMany { count: dice.between(2, 4), back: back(dice), settlement })
}

#[async_trait]
impl Operation for SettleMany {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    async fn apply(&self, world: &mut World) -> Observation {
        let mut deliveries = Vec::new();
        for _ in 0..self.count {
            deliveries.extend(world.take_held(self.back));
        }
        let Some(first) = deliveries.first() else {
            return Observation::nothing("nothing to settle");
        };
        let consumer = world.broker.consumer(&first.info().stream, &first.info().consumer).await;
        let shown: Vec<String> = deliveries.iter().map(|delivery| show::delivery(world, delivery)).collect();
        let consumer = match consumer {
            Ok(consumer) => consumer,
            Err(error) => return Observation::refused(&error),
        };
        let mut observation = Observation::default();
        let results = consumer.settle_many(deliveries, self.settlement.clone()).await;
        for (result, which) in results.into_iter().zip(shown) {
            match result {
                Ok(()) => observation.add("ok", "settled"),
                Err(error) => observation.add_refusal(&error),
            }
            observation.detail(which);
        }
        observation
    }

    fn pace(&self) -> Pace {
        // They are settled side by side, so that their order is nobody's promise.
        match self.settlement.kind() {
            SettlementKind::Nak { .. } => Pace::Starts,
            _ => Pace::Free,
        }
    }
}

impl fmt::Display for SettleMany {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = show_settlement(&self.settlement);
        write!(f, "{what} of {} deliveries, from {} before the last", self.count, self.back)
    }
}
