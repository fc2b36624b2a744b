//! What users run when a worker starts, settles and stops: [`Hooks`].

use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;

use super::WorkerHandle;
use crate::Result;
use crate::worker::Settled;

type OnStart = Box<dyn FnOnce(WorkerHandle) -> BoxFuture<'static, Result<()>> + Send + Sync>;
type OnStop = Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send + Sync>;
pub(super) type AfterSettle = Arc<dyn Fn(&Settled) + Send + Sync>;

/// Run in the order in which they were added.
#[derive(Default)]
pub(super) struct Hooks {
    pub(super) on_start: Vec<OnStart>,
    pub(super) after_settle: Vec<AfterSettle>,
    pub(super) on_stop: Vec<OnStop>,
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks")
            .field("on_start", &self.on_start.len())
            .field("after_settle", &self.after_settle.len())
            .field("on_stop", &self.on_stop.len())
            .finish()
    }
}
