//! What a handler has returned is published before its message is acknowledged.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;

use super::attempt::{Ended, too_long};
use crate::message::{DeliveryInfo, OutboundMessage};
use crate::publish::{PublishOptions, Publisher};
use crate::worker::DeadLetters;
use crate::worker::dead_letters::id_of;
use crate::worker::handler::Response;
use crate::{Capability, Result};

/// Publishes what a handler returned, and then runs what waits for it.
pub(super) async fn publish(
    publisher: Arc<dyn Publisher>,
    response: Response,
    origin: DeliveryInfo,
    deadline: Duration,
) -> Ended {
    let publishing: BoxFuture<'_, Result<()>> = Box::pin(async {
        publish_all(&*publisher, response.publish, &origin).await?;
        for then in response.stored {
            then.await?;
        }
        Ok(())
    });
    match tokio::time::timeout(deadline, publishing).await {
        Ok(Ok(())) => Ended::Done,
        Ok(Err(error)) => Ended::Failed(error.into()),
        Err(_) => too_long(deadline),
    }
}

async fn publish_all(
    publisher: &dyn Publisher,
    messages: Vec<OutboundMessage>,
    origin: &DeliveryInfo,
) -> Result<()> {
    let has_ids = publisher.capabilities().has(Capability::MessageId);
    let outbound = prepared(messages, origin, has_ids)?;
    // All are waited for: an error must not leave others unobserved.
    let mut failed = None;
    for pending in publisher.publish_batch(outbound, PublishOptions::default()).await {
        let stored = match pending {
            Ok(pending) => pending.await.map(drop),
            Err(error) => Err(error),
        };
        failed = failed.or(stored.err());
    }
    failed.map_or(Ok(()), Err)
}

/// Those without an id get one of the handled message and of their own subject and payload, so that another attempt does not
/// store the same twice, and another message at the same place is none that is stored.
fn prepared(
    mut messages: Vec<OutboundMessage>,
    origin: &DeliveryInfo,
    has_ids: bool,
) -> Result<Vec<OutboundMessage>> {
    let mut same = HashMap::new();
    for message in &mut messages {
        // It was said of the message that was handled.
        message.headers.remove(DeadLetters::REDRIVEN_FOR);
        if has_ids && message.id.is_none() {
            let content = digest(&[message.subject.as_str().as_bytes(), &message.payload]);
            let nth = same.entry(content).and_modify(|nth| *nth += 1).or_insert(0_u32);
            message.id = Some(id_of(origin, &format!("out-{content:032x}-{nth}"))?);
        }
    }
    Ok(messages)
}

/// FNV-1a of 128 bits: the same in every process and version, as ids must be.
fn digest(parts: &[&[u8]]) -> u128 {
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    // What no subject holds keeps it apart from the payload.
    let bytes = parts.iter().flat_map(|part| part.iter().chain(&[0]));
    bytes.fold(OFFSET, |hash, byte| (hash ^ u128::from(*byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::{ConsumerName, MessageId, StreamName};

    fn ids(names: &str, messages: &[(&str, &'static str)]) -> Vec<MessageId> {
        let (stream, consumer) = (StreamName::new(names).unwrap(), ConsumerName::new(names).unwrap());
        let origin = DeliveryInfo::new(stream, consumer, 7, 7, 1, 0, UNIX_EPOCH);
        let messages = messages.iter().map(|(subject, body)| OutboundMessage::new(*subject, *body).unwrap());
        let prepared = prepared(messages.collect(), &origin, true).unwrap();
        prepared.into_iter().filter_map(|message| message.id).collect()
    }

    #[test]
    fn an_id_is_that_of_the_content_wherever_it_stands() {
        let (invoice, mail) = (("a.invoice", "12.50"), ("a.mail", "thanks"));
        let first = ids("RIDE", &[invoice, mail, mail]);
        assert_eq!(ids("RIDE", &[mail]), first[1..2]);
        assert_eq!(ids("RIDE", &[mail, invoice]), [first[1].clone(), first[0].clone()]);
        assert!(first[0] != first[1] && first[1] != first[2]);
        assert_ne!(ids("RIDE", &[("a.mail", "sorry")])[0], first[1]);
    }

    #[test]
    fn the_longest_names_leave_room_for_it() {
        assert_eq!(ids(&"n".repeat(255), &[("a", "")]).len(), 1);
    }

    #[test]
    fn the_digest_is_fnv_1a() {
        assert_eq!(digest(&[]), 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);
        assert_ne!(digest(&[b"a", b"b"]), digest(&[b"ab", b""]));
    }

    #[test]
    fn what_was_said_of_the_handled_message_is_not_passed_on() {
        let origin = DeliveryInfo::new(
            StreamName::new("S").unwrap(),
            ConsumerName::new("c").unwrap(),
            1,
            1,
            1,
            0,
            UNIX_EPOCH,
        );
        let message =
            OutboundMessage::new("a", "").unwrap().with_header(DeadLetters::REDRIVEN_FOR, "S/c/a").unwrap();
        assert!(prepared(vec![message], &origin, false).unwrap()[0].headers.is_empty());
    }
}
