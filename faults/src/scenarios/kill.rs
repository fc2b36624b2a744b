//! The server is killed, and is back 3 s later on the same port and store.

use tokio::task::block_in_place;
use tokio::time::sleep;

use crate::Result;
use crate::judge::Target::{DeliveryResume, EachStored, NothingWrong, PublishResume, SettledStays};
use crate::scenario::{Scenario, ms};
use crate::stage::Stage;

pub(super) fn scenario() -> Scenario {
    Scenario::new("kill", "kill -9 of the server, back after 3 s", 22, |stage| Box::pin(inflict(stage)))
        .quick(7)
        .must([NothingWrong, EachStored, SettledStays { plain: 5 }])
        .must([PublishResume(0.6), DeliveryResume(0.6)])
}

async fn inflict(stage: &mut Stage) -> Result<()> {
    let down = stage.lasting(ms(3_000));
    while stage.has_time_for(down + ms(2_000)) {
        stage.calm().await;
        stage.breaks();
        block_in_place(|| -> Result<()> { Ok(stage.server()?.kill()?) })?;
        sleep(down).await;
        block_in_place(|| -> Result<()> { Ok(stage.server()?.restart()?) })?;
        stage.is_well();
    }
    Ok(())
}
