//! The leader of the stream stands still for 10 s, in a cluster of three.

use tokio::time::sleep;

use crate::Result;
use crate::judge::Target::{DeliveryGap, EachStored, NothingWrong, SettledStays};
use crate::scenario::{Scenario, ms};
use crate::site::{Kind, stream};
use crate::stage::Stage;

pub(super) fn scenario() -> Scenario {
    Scenario::new("leader-pause", "the stream's leader stands still for 10 s, three nodes", 32, |stage| {
        Box::pin(inflict(stage))
    })
    .on(Kind::Cluster)
    .must([NothingWrong, EachStored, SettledStays { plain: 5 }, DeliveryGap(12.0)])
}

async fn inflict(stage: &mut Stage) -> Result<()> {
    while stage.has_time_for(ms(12_000)) {
        stage.calm().await;
        stage.breaks();
        stage.cluster()?.freeze_stream_leader(&stream()).await?;
        sleep(ms(10_000)).await;
        stage.cluster()?.restore().await?;
        stage.is_well();
    }
    Ok(())
}
