//! The server is killed, and started again at once.

use tokio::task::block_in_place;

use crate::Result;
use crate::judge::Target::{DeliveryResume, EachStored, NothingWrong, PublishResume, SettledStays};
use crate::scenario::{Scenario, ms};
use crate::stage::Stage;

pub(super) fn scenario() -> Scenario {
    Scenario::new("kill-quick", "kill -9 of the server, started again at once", 20, |stage| {
        Box::pin(inflict(stage))
    })
    .must([NothingWrong, EachStored, SettledStays { plain: 5 }])
    .must([PublishResume(0.6), DeliveryResume(0.6)])
}

async fn inflict(stage: &mut Stage) -> Result<()> {
    while stage.has_time_for(ms(2_500)) {
        stage.calm().await;
        stage.breaks();
        block_in_place(|| -> Result<()> {
            stage.server()?.kill()?;
            Ok(stage.server()?.restart()?)
        })?;
        stage.is_well();
    }
    Ok(())
}
