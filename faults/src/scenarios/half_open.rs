//! The server's end of the connection is gone, and the client is not told.

use crate::Result;
use crate::judge::Target::{DeliveryGap, EachStored, NothingWrong, PublishGap, SettledStays};
use crate::scenario::{Scenario, ms};
use crate::site::Kind;
use crate::stage::Stage;
use pubsub_testkit::fault_proxy::Side;

pub(super) fn scenario() -> Scenario {
    Scenario::new("half-open", "the server's end is gone, and the client is not told", 20, |stage| {
        Box::pin(inflict(stage))
    })
    .on(Kind::Wire)
    .must([NothingWrong, EachStored, SettledStays { plain: 5 }])
    // Three questions, 3 s apart, without an answer.
    .must([PublishGap(12.0), DeliveryGap(12.0)])
}

async fn inflict(stage: &mut Stage) -> Result<()> {
    stage.calm().await;
    if stage.has_time_for(ms(12_000)) {
        stage.breaks();
        // Connections that are made anew are whole.
        stage.wire()?.half_open(Side::Server);
    }
    Ok(())
}
