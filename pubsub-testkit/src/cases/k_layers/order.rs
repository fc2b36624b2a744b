//! In which order layers see things.

use std::sync::{Arc, Mutex, PoisonError};

use pubsub_core::{Client, FetchOptions, OnPublish, SubjectPrefix};

use crate::check::{CaseResult, Failure, check_eq};
use crate::trial::Trial;

/// K1: the layer that was added last sees a publish first and a delivery last, and the one that was added first is next to
/// the backend: between two prefixes, a hook is told the outer one only, and both are taken off in the reverse order.
pub(crate) async fn both_ways(trial: &Trial) -> CaseResult {
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let hook = {
        let told = Arc::clone(&told);
        OnPublish::new(move |event| {
            told.lock().unwrap_or_else(PoisonError::into_inner).push(event.subject.to_string());
        })
    };
    let client = Client::new(Arc::clone(trial.broker()))
        .with_layer(SubjectPrefix::new("inner")?)
        .with_layer(hook)
        .with_layer(SubjectPrefix::new("outer")?);

    let config = trial.stream_config("stream", &["a"])?;
    let stream = client.admin()?.create_stream(config).await?.config.name;
    let info = client.admin()?.create_consumer(&stream, trial.consumer_config("above")?).await?;
    let above = client.consumer(&stream, &info.name).await?;
    let below = trial.consumer(&stream, "below").await?;
    let subject = trial.subject("a")?;
    client.publish(&subject, "x").await?;

    let told = std::mem::take(&mut *told.lock().unwrap_or_else(PoisonError::into_inner));
    check_eq!(told, [format!("outer.{subject}")], "what the layer in the middle was told");
    let stored = below.next().await?;
    check_eq!(stored.subject(), format!("inner.outer.{subject}"), "the subject below all layers");
    stored.ack().await?;
    let options = FetchOptions::up_to(1).with_expires(trial.patience());
    let came = above.fetch(options).await?.pop();
    let came = came.ok_or_else(|| Failure::new("nothing came through the layers"))?;
    check_eq!(came.subject(), subject.as_str(), "the subject above all layers");
    came.ack().await?;
    below.drained();
    Ok(())
}
