//! What is published arrives as it was.

use bytes::Bytes;
use pubsub_core::{ErrorKind, Headers, PublisherExt as _};

use crate::check::{CaseResult, check, check_eq, refused, text};
use crate::trial::Trial;

/// A1: a hundred messages that were published before anybody consumed arrive with payload and headers, in order.
pub(crate) async fn payload_and_headers(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    for number in 0..100 {
        let message =
            trial.message("a", format!("payload {number}"))?.with_header("number", number.to_string())?;
        trial.publisher().publish_message(message).await?;
    }
    let consumer = trial.consumer(&stream, "late").await?;
    let deliveries = consumer.take(100).await?;
    for (number, delivery) in deliveries.into_iter().enumerate() {
        check_eq!(text(delivery.payload()), format!("payload {number}"), "the payload in place {number}");
        check_eq!(
            delivery.headers().get("number"),
            Some(number.to_string().as_str()),
            "the header in place {number}"
        );
        delivery.ack().await?;
    }
    consumer.drained();
    Ok(())
}

/// A2: an empty payload, one byte and the largest message arrive; one byte more is refused as too large, with nothing
/// stored.
pub(crate) async fn payload_sizes(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    // A backend that sets no limit must still take what the smallest common limit allows.
    let limit = trial.capabilities().max_payload();
    let largest = limit.unwrap_or(1024 * 1024);
    let sizes = [0, 1, largest];
    for size in sizes {
        trial.publish("a", Bytes::from(vec![b'x'; size])).await?;
    }
    for size in sizes {
        let delivery = consumer.next().await?;
        check_eq!(delivery.payload().len(), size, "the length of the payload");
        delivery.ack().await?;
    }
    if let Some(limit) = limit {
        let message = trial.message("a", Bytes::from(vec![b'x'; limit + 1]))?;
        let error = refused(trial.publisher().publish_message(message).await, "a payload over the limit")?;
        check_eq!(error.kind(), ErrorKind::PayloadTooLarge, "the kind of the error ({error})");
        let with_headers = trial.message("a", Bytes::from(vec![b'x'; limit]))?.with_header("h", "v")?;
        let outcome = trial.publisher().publish_message(with_headers).await;
        let error = refused(outcome, "a payload of the limit with a header")?;
        check_eq!(error.kind(), ErrorKind::PayloadTooLarge, "the kind of the error with a header ({error})");
    }
    check_eq!(trial.admin()?.stream_info(&stream).await?.messages, 3, "the messages in the stream");
    consumer.drained();
    Ok(())
}

/// A3: a payload is bytes: one that is not UTF-8 arrives unchanged.
pub(crate) async fn payload_that_is_not_text(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    let every_byte: Vec<u8> = (0..=u8::MAX).chain([0xc3, 0x28, 0xff, 0xfe, b'\r', b'\n', 0]).collect();
    trial.publish("a", every_byte.clone()).await?;
    let delivery = consumer.next().await?;
    check!(delivery.payload().as_ref() == every_byte.as_slice(), "the payload was changed on the way");
    check_eq!(delivery.headers().clone().without_reserved(), Headers::new(), "the headers");
    delivery.ack().await?;
    consumer.drained();
    Ok(())
}
