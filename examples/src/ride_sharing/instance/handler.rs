//! One delivery: do the work, then settle it.

use std::sync::Arc;
use std::time::Duration;

use pubsub::{Delivery, Result};
use tokio::sync::watch;

use super::backoff::delay_after;
use super::faults::{Fault, FaultKind, Faults};
use crate::ride_sharing::publishing::Publishing;
use crate::ride_sharing::report::{Progress, RouteTally};
use crate::ride_sharing::service::{Event, Service};
use crate::ride_sharing::topology::ACK_WAIT;

/// How long a hanging handler hangs: until its message is somebody else's.
const HANG: Duration = Duration::from_millis(2_500);
const _: () = assert!(HANG.as_millis() > ACK_WAIT.as_millis());

/// What all handler runs of one route share.
#[derive(Debug)]
pub(super) struct Handler {
    pub(super) service: Arc<dyn Service>,
    pub(super) publishing: Publishing,
    pub(super) faults: Faults,
    pub(super) tally: Arc<RouteTally>,
    pub(super) progress: Arc<Progress>,
    pub(super) stop: watch::Receiver<bool>,
}

/// How a run ended.
enum Verdict {
    Done,
    Failed,
    /// It hung past the ack wait.
    Late,
}

impl Handler {
    /// Handles one delivery. A crash on purpose unwinds through here: the delivery is then dropped unsettled.
    pub(super) async fn handle(&self, delivery: Delivery) {
        let attempt = delivery.info().attempt;
        let event = Event::received(&delivery);
        self.tally.delivered(delivery.info().is_redelivery());
        let fault = self.faults.draw(self.tally.consumer(), &event.id, attempt);
        if let Some(fault) = fault {
            self.tally.fault(fault.kind);
        }
        let settled = match self.attempt(&event, fault).await {
            Verdict::Done => delivery.ack().await.map(|()| self.acked(event.id)),
            Verdict::Failed => delivery.nak_after(delay_after(attempt)).await,
            Verdict::Late => {
                drop(delivery);
                Ok(())
            }
        };
        // A settlement that cannot be handed over is a delivery that comes again.
        if settled.is_err() {
            self.tally.settlement_failed();
        }
    }

    async fn attempt(&self, event: &Event, fault: Option<Fault>) -> Verdict {
        let mut late = false;
        if let Some(fault) = fault.filter(|fault| !fault.after_work) {
            match self.strike(fault.kind).await {
                Verdict::Late => late = true,
                ended => return ended,
            }
        }
        if self.work(event).await.is_err() {
            return Verdict::Failed;
        }
        match fault.filter(|fault| fault.after_work) {
            Some(fault) => self.strike(fault.kind).await,
            None if late => Verdict::Late,
            None => Verdict::Done,
        }
    }

    /// Publish what follows, then keep what was learned: see the service module for why in this order.
    async fn work(&self, event: &Event) -> Result<()> {
        if let Some(follow_up) = self.service.publishes(event) {
            self.publishing.publish(follow_up.message()?).await?;
        }
        self.service.keep(event);
        Ok(())
    }

    async fn strike(&self, kind: FaultKind) -> Verdict {
        match kind {
            FaultKind::Fail => Verdict::Failed,
            FaultKind::Hang => {
                let mut stop = self.stop.clone();
                let stopped = stop.wait_for(|stop| *stop);
                let _ = tokio::time::timeout(HANG, stopped).await;
                Verdict::Late
            }
            // A panic, without the panic hook's report on standard error.
            FaultKind::Crash => std::panic::resume_unwind(Box::new("a crash on purpose")),
        }
    }

    fn acked(&self, id: String) {
        self.tally.acked(id);
        self.progress.acked();
    }
}
