//! What the server says does not arrive for 8 s, and then the connection is reset: all of it is lost.

use pubsub_testkit::fault_proxy::Direction;
use tokio::time::sleep;

use crate::Result;
use crate::judge::Target::{DeliveryResume, EachStored, NothingWrong, PublishResume, SettledStays};
use crate::scenario::{Scenario, ms};
use crate::site::Kind;
use crate::stage::Stage;

pub(super) fn scenario() -> Scenario {
    Scenario::new("acks-lost", "what the server says is lost for 8 s, then a reset", 24, |stage| {
        Box::pin(inflict(stage))
    })
    .on(Kind::Wire)
    .quick(7)
    .must([NothingWrong, EachStored, SettledStays { plain: 5 }])
    .must([PublishResume(0.5), DeliveryResume(0.5)])
}

async fn inflict(stage: &mut Stage) -> Result<()> {
    let lost = stage.lasting(ms(8_000));
    while stage.has_time_for(lost + ms(2_000)) {
        stage.calm().await;
        stage.breaks();
        stage.wire()?.black_hole(Direction::ToClient);
        sleep(lost).await;
        let resets = stage.wire()?.counts().resets;
        stage.wire()?.reset();
        // What is held must not arrive after all.
        while stage.wire()?.counts().open > 0 && stage.wire()?.counts().resets == resets {
            sleep(ms(5)).await;
        }
        stage.wire()?.resume();
        stage.is_well();
    }
    Ok(())
}
