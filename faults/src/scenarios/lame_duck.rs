//! The client's node is about to stop (lame duck mode), in a cluster of three.

use pubsub_testkit::nats_cluster::Node;

use crate::Result;
use crate::judge::Target::{DeliveryGap, EachStored, NothingWrong, PublishGap, SettledStays};
use crate::scenario::Scenario;
use crate::site::Kind;
use crate::stage::Stage;

pub(super) fn scenario() -> Scenario {
    Scenario::new("lame-duck", "the client's node goes into lame duck mode, three nodes", 16, |stage| {
        Box::pin(inflict(stage))
    })
    .on(Kind::ClusterByOne)
    .must([NothingWrong, EachStored, SettledStays { plain: 5 }])
    // A node that led the stream hands it over first.
    .must([PublishGap(4.0), DeliveryGap(5.0)])
}

async fn inflict(stage: &mut Stage) -> Result<()> {
    stage.calm().await;
    stage.breaks();
    stage.cluster()?.lame_duck(Node::A);
    stage.rest().await;
    Ok(())
}
