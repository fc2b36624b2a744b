//! What an application's tests can assert.

use std::sync::Arc;

use pubsub_core::{ErrorKind, FetchOptions};

use crate::Recorder;
use crate::check::{CaseResult, Failure, check, check_eq};
use crate::trial::Trial;

/// K8: the assertions for users' tests see what was published, delivered and settled, over any backend; what was refused or
/// comes again is seen as such; a record begins empty and ends with its value.
pub(crate) async fn see_what_was_done(trial: &Trial) -> CaseResult {
    let stream = trial.create_stream(trial.stream_config("stream", &["a.*"])?).await?;
    let consumer = trial.consumer(&stream, "worker").await?;
    let recorder = Recorder::new();
    let broker = recorder.over_broker(Arc::clone(trial.broker()));
    let client = pubsub_core::Client::new(broker);
    let worker = client.consumer(&stream, consumer.name()).await?;
    let all = trial.filter(">")?;
    check_eq!(recorder.published(all.clone()).count(), 0, "the publishes of an empty record");

    client.publish(trial.subject("a.done")?, "done").await?;
    client.publish(trial.subject("a.again")?, "again").await?;
    let refused = client.publish(trial.subject("nowhere")?, "refused").await;
    check!(
        refused.is_err_and(|error| error.kind() == ErrorKind::NotFound),
        "a publish to nowhere is not refused"
    );
    for _ in 0..2 {
        let options = FetchOptions::up_to(1).with_expires(trial.patience());
        let came = worker.fetch(options).await?.pop();
        came.ok_or_else(|| Failure::new("nothing came over the recorded client"))?.ack().await?;
    }
    check_eq!(recorder.published(all.clone()).count(), 2, "the publishes that were stored");
    check_eq!(recorder.delivered(all.clone()).count(), 2, "the deliveries");
    check_eq!(recorder.settled(all.clone()).as_ack().count(), 2, "the acks");
    check_eq!(recorder.settled(all.clone()).as_nak().count(), 0, "the naks");
    let again = recorder.delivered(trial.filter("a.again")?).seen();
    check_eq!(again.first().and_then(|seen| seen.attempt), Some(1), "the attempt that was seen");
    recorder.published(trial.filter("a.done")?).with_payload("done").once();
    recorder.settled(trial.filter("a.done")?).as_ack().within(trial.patience()).once().await;
    recorder.assert_sound();
    check!(recorder.timeline().contains("delivered"), "the timeline shows no delivery");
    check_eq!(Recorder::new().delivered(all).count(), 0, "the deliveries of another record");
    consumer.drained();
    Ok(())
}
