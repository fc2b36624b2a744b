//! The stream is deleted under publisher and consumers.

use crate::Result;
use crate::judge::Target::{ConsumersToldOnce, NothingUnknown, PublisherTold};
use crate::scenario::{Ends, Scenario};
use crate::site::stream;
use crate::stage::Stage;

pub(super) fn scenario() -> Scenario {
    Scenario::new("stream-deleted", "the stream is deleted", 8, |stage| Box::pin(inflict(stage)))
        .quick(4)
        .ends(Ends::Gone)
        .must([NothingUnknown, PublisherTold(2.0), ConsumersToldOnce(2.0)])
}

async fn inflict(stage: &mut Stage) -> Result<()> {
    stage.calm().await;
    stage.breaks();
    Ok(stage.admin.delete_stream(&stream()).await?)
}
