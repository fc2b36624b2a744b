//! How much memory this process has: [`Watch`].

use std::fs;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::sleep;

/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// What Linux counts in, where nothing else is said.
const PAGE: u64 = 4_096;

/// Follows the resident memory.
pub(crate) struct Watch {
    before: u64,
    looking: JoinHandle<()>,
    most: tokio::sync::watch::Receiver<u64>,
}

impl Watch {
    /// `None` where the system does not tell.
    pub(crate) fn start() -> Option<Self> {
        let before = resident()?;
        let (noted, most) = tokio::sync::watch::channel(before);
        let looking = tokio::spawn(async move {
            while let Some(now) = resident() {
                noted.send_if_modified(|most| std::mem::replace(most, now.max(*most)) < now);
                sleep(LOOK).await;
            }
        });
        Some(Self { before, looking, most })
    }

    /// How many bytes there were at most beyond those of the start.
    pub(crate) fn growth(self) -> u64 {
        self.looking.abort();
        self.most.borrow().saturating_sub(self.before)
    }
}

fn resident() -> Option<u64> {
    let counts = fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = counts.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * PAGE)
}
