//! Two of three nodes are killed, and come back 8 s later.

use tokio::time::sleep;

use crate::Result;
use crate::judge::Target::{DeliveryResume, EachStored, NothingWrong, PublishResume, SettledStays};
use crate::scenario::{Scenario, ms};
use crate::site::Kind;
use crate::stage::Stage;

pub(super) fn scenario() -> Scenario {
    Scenario::new("majority", "kill -9 of two of three nodes, back after 8 s", 24, |stage| {
        Box::pin(inflict(stage))
    })
    .on(Kind::Cluster)
    .must([NothingWrong, EachStored, SettledStays { plain: 5 }])
    .must([PublishResume(2.0), DeliveryResume(2.0)])
}

async fn inflict(stage: &mut Stage) -> Result<()> {
    stage.calm().await;
    stage.breaks();
    stage.cluster()?.lose_majority().await?;
    sleep(ms(8_000)).await;
    stage.cluster()?.restore().await?;
    stage.is_well();
    Ok(())
}
