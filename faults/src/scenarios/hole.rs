//! Nothing goes through the wire for 8 s, in either direction, and nobody is told.

use pubsub_testkit::fault_proxy::Direction;
use tokio::time::sleep;

use crate::Result;
use crate::judge::Target::{DeliveryResume, EachStored, NothingWrong, PublishResume, SettledStays};
use crate::scenario::{Scenario, ms};
use crate::site::Kind;
use crate::stage::Stage;

pub(super) fn scenario() -> Scenario {
    Scenario::new("hole", "a black hole between client and server for 8 s", 24, |stage| {
        Box::pin(inflict(stage))
    })
    .on(Kind::Wire)
    .must([NothingWrong, EachStored, SettledStays { plain: 5 }])
    .must([PublishResume(0.5), DeliveryResume(0.5)])
}

async fn inflict(stage: &mut Stage) -> Result<()> {
    while stage.has_time_for(ms(10_000)) {
        stage.calm().await;
        stage.breaks();
        stage.wire()?.black_hole(Direction::Both);
        sleep(ms(8_000)).await;
        stage.wire()?.resume();
        stage.is_well();
    }
    Ok(())
}
