//! The consumers are deleted, and somebody makes others of the same names 2 s later.

use tokio::time::sleep;

use crate::Result;
use crate::judge::Target::{ConsumersToldOnce, Duplicates, EachStored, NothingWrong, SettledStays};
use crate::load::Ack;
use crate::scenario::{Ends, Scenario, ms};
use crate::site::stream;
use crate::stage::Stage;

pub(super) fn scenario() -> Scenario {
    Scenario::new("consumer-deleted", "the consumers are deleted, and made anew 2 s later", 10, |stage| {
        Box::pin(inflict(stage))
    })
    .quick(5)
    .ends(Ends::Stored)
    .must([NothingWrong, EachStored, ConsumersToldOnce(2.0)])
    // What was handled must not be replayed in silence.
    .must([SettledStays { plain: 0 }, Duplicates(0)])
}

async fn inflict(stage: &mut Stage) -> Result<()> {
    stage.calm().await;
    stage.breaks();
    for ack in Ack::BOTH {
        stage.admin.delete_consumer(&stream(), &ack.consumer().try_into()?).await?;
    }
    sleep(ms(2_000)).await;
    for ack in Ack::BOTH {
        stage.create_consumer(ack).await?;
    }
    stage.is_well();
    Ok(())
}
