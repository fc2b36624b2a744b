//! Who counts the attempts.

use pubsub_core::{ErrorKind, Headers, PublisherExt as _};

use crate::check::{CaseResult, check_eq, refused_as};
use crate::trial::Trial;

/// C16: a producer cannot forge the attempts: whatever its headers say, a message comes first as attempt 1 and has all
/// its attempts; the broker's own header for it is refused.
pub(crate) async fn by_headers(trial: &Trial) -> CaseResult {
    const MOST: u32 = 2;
    let stream = trial.stream().await?;
    let config = trial.consumer_config("reader")?.with_max_deliver(MOST);
    let consumer = trial.create_consumer(&stream, config).await?;
    let mut message = trial.message("a", "tired already")?;
    for name in
        ["attempt", "attempts", "delivery-count", "x-delivery-attempt", "x-death-count", "Redelivered"]
    {
        message = message.with_header(name, "99")?;
    }
    trial.publisher().publish_message(message).await?;
    for attempt in 1..=u64::from(MOST) {
        let delivery = consumer.next().await?;
        let info = delivery.info();
        check_eq!(
            (info.attempt, info.is_redelivery()),
            (attempt, attempt > 1),
            "the attempt, and whether it is one more"
        );
        check_eq!(delivery.headers().get("attempt"), Some("99"), "what the producer says");
        delivery.nak().await?;
    }
    for name in ["Nats-Num-Delivered", "Nats-Delivery-Count"] {
        let mut headers = Headers::new();
        headers.append_received(name, "99")?;
        let message = trial.message("a", "x")?.with_headers(headers);
        let outcome = trial.publisher().publish_message(message).await;
        refused_as(outcome, ErrorKind::InvalidInput, None, "a header of the broker's own")?;
    }
    consumer.stays_silent("a").await?;
    consumer.drained();
    Ok(())
}
