//! The server stands still for 8 s: connections stay open, and nothing answers.

use tokio::time::sleep;

use crate::Result;
use crate::judge::Target::{DeliveryResume, EachStored, NothingWrong, PublishResume, SettledStays};
use crate::scenario::{Scenario, ms};
use crate::stage::Stage;

pub(super) fn scenario() -> Scenario {
    Scenario::new("pause", "the server stands still (SIGSTOP) for 8 s", 24, |stage| Box::pin(inflict(stage)))
        .must([NothingWrong, EachStored, SettledStays { plain: 5 }])
        .must([PublishResume(0.6), DeliveryResume(0.6)])
}

async fn inflict(stage: &mut Stage) -> Result<()> {
    let still = stage.lasting(ms(8_000));
    while stage.has_time_for(still + ms(2_000)) {
        stage.calm().await;
        stage.breaks();
        stage.server()?.freeze();
        sleep(still).await;
        stage.server()?.thaw();
        stage.is_well();
    }
    Ok(())
}
