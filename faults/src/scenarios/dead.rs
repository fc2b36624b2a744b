//! The server is gone for good, and a publisher does not stop.

use tokio::task::block_in_place;
use tokio::time::sleep;

use crate::Result;
use crate::judge::Target::Memory;
use crate::scenario::{Ends, Load, Scenario, ms};
use crate::stage::Stage;

pub(super) fn scenario() -> Scenario {
    Scenario::new(
        "dead",
        "64 KiB messages to a server that is gone, without waiting for receipts",
        12,
        |stage| Box::pin(inflict(stage)),
    )
    .load(Load::Flood)
    .quick(4)
    .ends(Ends::Gone)
    // Twice what may be in flight by default, for all that is beside the payloads.
    .must([Memory(32.0)])
}

async fn inflict(stage: &mut Stage) -> Result<()> {
    sleep(ms(300)).await;
    stage.breaks();
    block_in_place(|| -> Result<()> { Ok(stage.server()?.kill()?) })
}
