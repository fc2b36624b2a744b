//! The server is stopped in good order, and started again.

use tokio::task::block_in_place;
use tokio::time::sleep;

use crate::Result;
use crate::judge::Target::{DeliveryResume, EachStored, NothingWrong, PublishResume, SettledStays};
use crate::scenario::{Scenario, ms};
use crate::stage::Stage;

pub(super) fn scenario() -> Scenario {
    Scenario::new("restart", "the server stops in good order, back after 1 s", 16, |stage| {
        Box::pin(inflict(stage))
    })
    .must([NothingWrong, EachStored, SettledStays { plain: 5 }])
    .must([PublishResume(0.6), DeliveryResume(0.6)])
}

async fn inflict(stage: &mut Stage) -> Result<()> {
    while stage.has_time_for(ms(3_500)) {
        stage.calm().await;
        stage.breaks();
        block_in_place(|| -> Result<()> { Ok(stage.server()?.stop()?) })?;
        sleep(ms(1_000)).await;
        block_in_place(|| -> Result<()> { Ok(stage.server()?.restart()?) })?;
        stage.is_well();
    }
    Ok(())
}
