//! The report that puts two backends side by side.

use super::repeated::traffic;
use crate::check::CaseResult;
#[cfg(feature = "memory")]
use crate::check::{Failure, check};
use crate::trial::Trial;

/// J9: the same questions, put to two backends, get the same answers if they are alike, and one that differs is shown. (Here
/// memory beside itself and beside a wrong backend; `cargo xtask twin` puts it beside a server.)
pub(crate) async fn answers_are_compared(trial: &Trial) -> CaseResult {
    traffic(trial).await?;
    #[cfg(feature = "memory")]
    {
        use crate::MemoryHarness;
        use crate::twin_report::TwinReport;
        use crate::wrong::WrongBackend;

        let alike = TwinReport::of(MemoryHarness::new, MemoryHarness::new)?;
        check!(alike.lines.len() > 50 && !alike.differs(), "memory differs from itself:\n{}", alike.table());
        let wrong = WrongBackend::all().iter().find(|wrong| wrong.name() == "terms are naks");
        let wrong = wrong.ok_or_else(|| Failure::new("there is no such wrong backend"))?;
        let unlike = TwinReport::of(MemoryHarness::new, || wrong.over(MemoryHarness::new()))?;
        check!(unlike.differs(), "a backend that takes terms for naks answers as memory does");
        Ok(())
    }
    #[cfg(not(feature = "memory"))]
    Err(crate::check::Failure::skip("needs the memory backend (feature `memory`)"))
}
