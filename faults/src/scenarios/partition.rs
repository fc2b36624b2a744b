//! The client is cut off from the node that it is connected to; the others can be reached.

use pubsub_testkit::fault_proxy::Direction;

use crate::Result;
use crate::judge::Target::{DeliveryGap, EachStored, NothingWrong, PublishGap, SettledStays};
use crate::scenario::Scenario;
use crate::site::Kind;
use crate::stage::Stage;

pub(super) fn scenario() -> Scenario {
    Scenario::new("partition", "the client cannot reach its node any more, but the other two", 26, |stage| {
        Box::pin(inflict(stage))
    })
    .on(Kind::ClusterWires)
    .must([NothingWrong, EachStored, SettledStays { plain: 5 }])
    // Three questions, 3 s apart, without an answer, and then perhaps an attempt at the wrong one.
    .must([PublishGap(14.0), DeliveryGap(14.0)])
}

async fn inflict(stage: &mut Stage) -> Result<()> {
    stage.calm().await;
    stage.breaks();
    for wire in stage.site.wires().iter().filter(|wire| wire.counts().open > 0) {
        wire.black_hole(Direction::Both);
    }
    stage.rest().await;
    Ok(())
}
