//! Messages without their payloads.

use crate::check::{CaseResult, check, check_eq};
use crate::trial::Trial;

/// M7: a consumer of headers only gets each message with its headers and without its payload, whose size it is told; others
/// get the payload, and what is stored is whole.
pub(crate) async fn payloads_are_left_out(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let slim = trial.create_consumer(&stream, trial.consumer_config("slim")?.with_headers_only()).await?;
    let full = trial.consumer(&stream, "full").await?;
    check!(slim.info().await?.config.headers_only, "the broker does not say that it leaves payloads out");
    let message = trial.message("a", "twelve bytes")?.with_header("Color", "blue")?;
    trial.publisher().publish_with(message, Default::default()).await?.await?;
    trial.publish("b", "").await?;

    for size in ["12", "0"] {
        let delivery = slim.next().await?;
        check!(delivery.payload().is_empty(), "a payload of {} bytes came", delivery.payload().len());
        check_eq!(delivery.headers().get("Nats-Msg-Size"), Some(size), "the size that is told");
        if size == "12" {
            check_eq!(delivery.headers().get("Color"), Some("blue"), "the header");
        }
        delivery.ack().await?;
    }
    let delivery = full.next().await?;
    check_eq!(delivery.payload().as_ref(), b"twelve bytes", "the payload for the other consumer");
    check_eq!(delivery.headers().get("Nats-Msg-Size"), None, "the size for the other consumer");
    delivery.ack().await?;
    full.take_and_ack(1).await?;
    slim.drained();
    full.drained();
    Ok(())
}
