//! Each direction takes 100 ms longer.

use pubsub_testkit::fault_proxy::Direction;

use crate::Result;
use crate::judge::Target::{Duplicates, EachStored, EndToEnd, NothingWrong, SettledStays};
use crate::scenario::{Scenario, ms};
use crate::site::Kind;
use crate::stage::Stage;

pub(super) fn scenario() -> Scenario {
    Scenario::new("slow-link", "100 ms more in each direction", 12, |stage| Box::pin(inflict(stage)))
        .on(Kind::Wire)
        .must([NothingWrong, EachStored, SettledStays { plain: 0 }, Duplicates(0), EndToEnd(1.0)])
}

async fn inflict(stage: &mut Stage) -> Result<()> {
    stage.calm().await;
    stage.breaks();
    stage.wire()?.delay(Direction::Both, ms(100));
    stage.rest().await;
    stage.wire()?.resume();
    stage.is_well();
    Ok(())
}
