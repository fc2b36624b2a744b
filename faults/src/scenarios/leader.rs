//! The leader of the stream is killed, in a cluster of three, and comes back.

use tokio::time::sleep;

use crate::Result;
use crate::judge::Target::{DeliveryGap, EachStored, NothingWrong, PublishGap, SettledStays};
use crate::scenario::{Scenario, ms};
use crate::site::{Kind, stream};
use crate::stage::Stage;

pub(super) fn scenario() -> Scenario {
    Scenario::new("leader", "kill -9 of the stream's leader, three nodes", 32, |stage| {
        Box::pin(inflict(stage))
    })
    .on(Kind::Cluster)
    .must([NothingWrong, EachStored, SettledStays { plain: 5 }])
    // A new leader took 1 to 7 s (measured on nats-server 2.15.1).
    .must([PublishGap(12.0), DeliveryGap(12.0)])
}

async fn inflict(stage: &mut Stage) -> Result<()> {
    while stage.has_time_for(ms(12_000)) {
        stage.calm().await;
        stage.breaks();
        stage.cluster()?.kill_stream_leader(&stream()).await?;
        sleep(ms(8_000)).await;
        stage.cluster()?.restore().await?;
        stage.is_well();
    }
    Ok(())
}
