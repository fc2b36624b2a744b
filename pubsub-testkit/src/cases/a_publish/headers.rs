//! Headers arrive as they were published.

use pubsub_core::{ErrorKind, HeaderName, HeaderValue, Headers, OutboundMessage, PublisherExt as _};

use crate::check::{CaseResult, check, check_eq, refused};
use crate::trial::Trial;

/// A4: unusual names and values arrive byte for byte; illegal ones never leave the program, and reserved ones are
/// refused at the publish.
pub(crate) async fn strange_and_illegal(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    let strange = [
        ("a", ""),
        ("Case", "one"),
        ("case", "two"),
        ("!#$%&'*+-.^_`|~", "every visible sign"),
        ("json", r#"{"a":[1,2],"b":"c: d"}"#),
        ("unicode", "gr\u{fc}\u{df}e \u{1f980}"),
        ("inner", "two  blanks\tand a tab"),
        ("colon", "a:b:c"),
        ("long", &"x".repeat(4000)),
    ];
    let mut message = trial.message("a", "x")?;
    for (name, value) in strange {
        message = message.with_header(name, value)?;
    }
    trial.publisher().publish_message(message).await?;
    let delivery = consumer.next().await?;
    for (name, value) in strange {
        let came: Vec<_> = delivery.headers().get_all(name).collect();
        check_eq!(came, [value], "the values of the header `{name}`");
    }
    delivery.ack().await?;
    illegal_is_refused(trial).await?;
    check_eq!(trial.admin()?.stream_info(&stream).await?.messages, 1, "the messages in the stream");
    consumer.drained();
    Ok(())
}

async fn illegal_is_refused(trial: &Trial) -> CaseResult {
    for name in ["", "two words", "with:colon", "line\nbreak", "Nats-Msg-Id", "nats-anything", "\u{fc}"] {
        check!(HeaderName::new(name).is_err(), "the header name {name:?} was accepted");
    }
    for value in ["line\nbreak", "carriage\rreturn", "nul\0", " padded", "padded "] {
        check!(HeaderValue::new(value).is_err(), "the header value {value:?} was accepted");
    }
    // As a program would that publishes again what it has received.
    let mut received = Headers::new();
    received.append_received("Nats-Expected-Stream", "another")?;
    let message = OutboundMessage::new(trial.subject("a")?, "x")?.with_headers(received);
    let error = refused(trial.publisher().publish_message(message).await, "a reserved header")?;
    check_eq!(error.kind(), ErrorKind::InvalidInput, "the kind of the error ({error})");
    Ok(())
}

/// A5: several values of one name arrive in the order in which they were added.
pub(crate) async fn values_keep_their_order(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    let values = ["b", "a", "c", "a", "", "b"];
    let mut message = trial.message("a", "x")?.with_header("before", "1")?;
    for (place, value) in values.iter().enumerate() {
        message = message.with_header("tag", *value)?.with_header(format!("between-{place}"), "x")?;
    }
    trial.publisher().publish_message(message).await?;
    let delivery = consumer.next().await?;
    check_eq!(delivery.headers().get_all("tag").collect::<Vec<_>>(), values, "the values of one name");
    check_eq!(delivery.headers().get("tag"), Some("b"), "the first value");
    delivery.ack().await?;
    consumer.drained();
    Ok(())
}
