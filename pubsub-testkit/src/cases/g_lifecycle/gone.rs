//! Beginning and ending without a store.

use std::sync::Arc;
use std::time::Duration;

use pubsub_core::{Broker, Client, ErrorKind};
use tokio::time::Instant;

use crate::cases::h_faults::publish_until_stored;
use crate::check::{CaseResult, Failure, check, refused_as};
use crate::harness::StoreFault;
use crate::trial::Trial;

/// The most time that connecting and closing may take when nobody answers.
const LIMIT: Duration = Duration::from_secs(12);

/// G16: what is made of a connection is made at once, on a thread without a runtime too, whether or not the store is there;
/// without it, a new connection is refused in time, and one that was there closes in time, once the store has come back at
/// the latest.
pub(crate) async fn everything_ends(trial: &Trial) -> CaseResult {
    let faults = trial.faults(&[]).await?;
    let fault = if faults.can(StoreFault::Crash) { StoreFault::Crash } else { StoreFault::Cut };
    if !faults.can(fault) {
        return Err(Failure::skip("needs a store that is gone for a while, which its harness cannot do"));
    }
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    trial.publish("a", "x").await?;
    consumer.take_and_ack(1).await?;
    consumer.drained();
    let broker = faults.connect().await?;

    faults.inject(fault).await?;
    made_without_a_runtime(Arc::clone(&broker))?;
    if fault == StoreFault::Crash {
        let began = Instant::now();
        let outcome = trial.in_time("a connection to a store that is gone", faults.try_connect()).await?;
        refused_as(outcome, ErrorKind::Unavailable, None, "a connection to a store that is gone")?;
        let took = began.elapsed();
        check!(took < LIMIT, "it took {took:?} until connecting failed");
        // A client library may go on trying to connect for a connection that was closed meanwhile, so it ends afterwards.
        faults.heal().await?;
        publish_until_stored(
            trial,
            broker.publisher().as_ref(),
            trial.message("a", "back")?.with_id("back")?,
        )
        .await?;
    }
    let began = Instant::now();
    // It may say that it could not have everything confirmed.
    let _ = trial.in_time("the close", broker.close()).await?;
    let took = began.elapsed();
    check!(took < LIMIT, "it took {took:?} until the connection was closed");
    faults.heal().await
}

fn made_without_a_runtime(broker: Arc<dyn Broker>) -> CaseResult {
    let thread = std::thread::spawn(move || {
        let client = Client::new(Arc::clone(&broker));
        let parts = (client.publisher(), client.admin().is_ok(), client.core().is_ok());
        drop((parts, client, broker));
    });
    thread
        .join()
        .map_err(|_| Failure::new("what is made of a connection needs a runtime: it panicked without one"))
}
