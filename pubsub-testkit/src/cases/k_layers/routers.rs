//! Routers within routers, and what goes around handlers.

use pubsub_core::worker::{Inbox, MemoryInbox, Path, Router};
use pubsub_core::{ErrorKind, PublisherExt as _};

use crate::check::{CaseResult, check_eq, refused_as};
use crate::trial::{Notes, Trial};

/// K3: prefixes of nested routers add up, and the parameters of each are the handler's; to take a router in twice is refused
/// instead of handling each message twice.
pub(crate) async fn prefixes_add_up(trial: &Trial) -> CaseResult {
    let (work, handled) = (trial.work().await?, Notes::new());
    let rides = || {
        let noted = handled.clone();
        let done = move |Path((city, ride)): Path<(String, u32)>| {
            noted.add(format!("{city} {ride}"));
            async {}
        };
        Router::new().route("{ride}.done", done)
    };
    let below = trial.subject("work")?;
    let nested = || -> pubsub_core::Result<Router> {
        Router::new().nest(below.as_str(), Router::new().nest("{city}", rides()?)?)
    };
    refused_as(nested()?.merge(nested()?), ErrorKind::Conflict, None, "to take the same routes in twice")?;

    for (city, ride) in [("oslo", 1), ("bergen", 2)] {
        trial.publish(&format!("work.{city}.{ride}.done"), "x").await?;
    }
    let config = trial.consumer_config("nested")?;
    let consumer = config.name.clone();
    let worker = work.start(work.binding_of(config, nested()?)?);
    let all = || async { Ok(handled.count() == 2) };
    trial.eventually("both are handled", all).await?;
    check_eq!(worker.stop().await?.done, 2, "what became of them");
    let mut handled = handled.all();
    handled.sort_unstable();
    check_eq!(handled, ["bergen 2", "oslo 1"], "what the handler was given");
    if let Some(name) = consumer {
        let info = trial.admin()?.consumer_info(&work.stream, &name).await?;
        check_eq!(info.config.filters, [trial.filter("work.*.*.done")?], "the filter of the nested routes");
    }
    Ok(())
}

/// K6: behind an inbox a message that comes again, or was published twice under one id, is handled once.
pub(crate) async fn inbox_handles_once(trial: &Trial) -> CaseResult {
    let window = trial.ack_wait() / 2;
    let config = trial.stream_config("work", &["work.>"])?.with_duplicate_window(window);
    let (work, calls) = (trial.work_in(config).await?, Notes::new());
    let noted = calls.clone();
    let handler = move |Path(number): Path<u32>| {
        let noted = noted.clone();
        async move { noted.add(number) }
    };
    let message =
        |number: u32| -> CaseResult<_> { Ok(work.message(&number.to_string(), "x")?.with_id("r-17")?) };
    drop(trial.publisher().publish_message(message(1)?).await?);
    let inbox = MemoryInbox::new(trial.patience() * 10);
    let worker = work.start(work.binding(work.router(handler)?.layer(Inbox::new(inbox)))?);
    work.is_settled().await?;
    check_eq!(calls.all(), [1], "what was handled first");

    // The stream has forgotten it, and the id is published once more.
    let again = || async { Ok(!trial.publisher().publish_message(message(2)?).await?.is_duplicate()) };
    trial.eventually("the stream has forgotten the id", again).await?;
    let twice = |info: &pubsub_core::ConsumerInfo| info.delivered.stream >= 2 && info.ack_pending == 0;
    work.consumer.eventually("the second copy is settled", twice).await?;
    let outcome = worker.stop().await?;
    check_eq!((outcome.done, calls.count()), (2, 1), "what was settled, and what was handled");
    work.consumer.drained();
    Ok(())
}
