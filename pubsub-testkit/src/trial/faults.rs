//! Harm to the store of a case: [`Faults`].

use std::sync::{Arc, PoisonError};

use pubsub_core::{Broker, Result};

use super::Trial;
use crate::check::{CaseResult, Failure};
use crate::harness::{Clock, PretendedFaults, StoreFault, StoreFaults};
use crate::history::event::What;
use crate::history::record::RecordedBroker;

/// How a case harms its store. What happens is recorded, and connections over it are, too.
#[derive(Debug)]
pub(crate) struct Faults<'t> {
    trial: &'t Trial,
    faults: Arc<dyn StoreFaults>,
}

impl Trial {
    /// What the harness can do to its store. Ends the case as skipped if it cannot do one of these, so it comes first.
    pub(crate) async fn faults(&self, needed: &[StoreFault]) -> CaseResult<Faults<'_>> {
        let faults = match self.harness.faults().await? {
            None if self.clock() == Clock::Virtual => {
                let pretended: Arc<dyn StoreFaults> =
                    Arc::new(PretendedFaults::over(Arc::clone(&self.harness)));
                Some(pretended)
            }
            faults => faults,
        };
        self.able(faults, needed)
    }

    /// As [`faults`](Self::faults), of a store of several servers.
    pub(crate) async fn cluster_faults(&self, needed: &[StoreFault]) -> CaseResult<Faults<'_>> {
        let faults = self.harness.cluster_faults().await?;
        self.able(faults, needed)
    }

    fn able(&self, faults: Option<Arc<dyn StoreFaults>>, needed: &[StoreFault]) -> CaseResult<Faults<'_>> {
        let missing = needed.iter().find(|fault| !faults.as_ref().is_some_and(|faults| faults.can(**fault)));
        match (faults, missing) {
            (Some(faults), None) => {
                self.harmed.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&faults));
                Ok(Faults { trial: self, faults })
            }
            (_, Some(fault)) => {
                Err(Failure::skip(format!("needs a store that {fault}, which its harness cannot do")))
            }
            (None, None) => Err(Failure::skip("needs faults, of which its harness has none")),
        }
    }
}

impl Faults<'_> {
    pub(crate) fn can(&self, fault: StoreFault) -> bool {
        self.faults.can(fault)
    }

    /// Whether others can be under way beside it.
    pub(crate) fn is_apart(&self) -> bool {
        self.faults.is_apart()
    }

    /// A connection that meets the faults.
    pub(crate) async fn connect(&self) -> CaseResult<Arc<dyn Broker>> {
        Ok(self.try_connect().await?)
    }

    /// The same, where it may fail.
    pub(crate) async fn try_connect(&self) -> Result<Arc<dyn Broker>> {
        let broker = self.faults.connect().await?;
        let broker: Arc<dyn Broker> = Arc::new(RecordedBroker::new(broker, self.trial.history().clone()));
        self.trial.ends_with_the_case(&broker);
        Ok(broker)
    }

    pub(crate) async fn inject(&self, fault: StoreFault) -> CaseResult {
        self.trial.history().record(What::Faulted { fault });
        Ok(self.faults.inject(fault).await?)
    }

    pub(crate) async fn heal(&self) -> CaseResult {
        self.faults.heal().await?;
        self.trial.history().record(What::Healed);
        Ok(())
    }

    /// How many connections were tried, where somebody counts.
    pub(crate) fn tried(&self) -> Option<u64> {
        self.faults.tried()
    }
}
