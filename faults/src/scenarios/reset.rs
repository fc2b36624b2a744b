//! The connection is reset (RST) every 2 s.

use crate::Result;
use crate::judge::Target::{DeliveryGap, EachStored, NothingWrong, PublishGap, SettledStays};
use crate::scenario::{Scenario, ms};
use crate::site::Kind;
use crate::stage::Stage;

pub(super) fn scenario() -> Scenario {
    Scenario::new("reset", "the connection is reset every 2 s", 14, |stage| Box::pin(inflict(stage)))
        .on(Kind::Wire)
        .quick(5)
        .worst_of(5)
        .must([NothingWrong, EachStored, SettledStays { plain: 5 }])
        .must([PublishGap(0.5), DeliveryGap(0.5)])
}

async fn inflict(stage: &mut Stage) -> Result<()> {
    while stage.has_time_for(ms(2_000)) {
        stage.calm().await;
        stage.breaks();
        stage.wire()?.reset();
        stage.is_well();
    }
    Ok(())
}
