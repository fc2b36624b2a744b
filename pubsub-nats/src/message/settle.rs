//! How a delivery ends, in JetStream's words.

use std::time::Duration;

use async_nats::Message;
use bytes::Bytes;
use pubsub_core::{Error, ErrorKind, Result, Settlement, SettlementKind};

/// Buys one more ack wait.
pub(super) const EXTEND: Bytes = Bytes::from_static(b"+WPI");
const ACK: Bytes = Bytes::from_static(b"+ACK");
const NAK: Bytes = Bytes::from_static(b"-NAK");
const TERM: Bytes = Bytes::from_static(b"+TERM");

/// What to send to the reply subject.
pub(super) fn payload(settlement: &Settlement) -> Result<Bytes> {
    Ok(match settlement.kind() {
        SettlementKind::Ack => ACK,
        SettlementKind::Nak { delay } => nak(*delay),
        SettlementKind::Term { reason: None } => TERM,
        SettlementKind::Term { reason: Some(reason) } if reason.is_empty() => TERM,
        SettlementKind::Term { reason: Some(reason) } => format!("+TERM {reason}").into(),
        _ => return Err(Error::unsupported("settlement")),
    })
}

pub(super) fn nak(delay: Option<Duration>) -> Bytes {
    match delay {
        None | Some(Duration::ZERO) => NAK,
        Some(delay) => {
            // nats-server reads it into 63 bits.
            let nanos = i64::try_from(delay.as_nanos()).unwrap_or(i64::MAX);
            format!("-NAK {{\"delay\":{nanos}}}").into()
        }
    }
}

/// The status by which a server says that nobody listens.
pub(super) const NO_RESPONDERS: u16 = 503;

/// What became of a settlement that was to be confirmed.
pub(super) enum Confirmation {
    Settled,
    /// The consumer is gone, or has no leader now.
    NobodyThere,
}

/// What the answer to a confirmed settlement says. A status is a refusal: 503 comes when the consumer is gone, and
/// async-nats takes it for success (measured with 0.51 on nats-server 2.15.1).
pub(super) fn confirmed(answer: &Message) -> Result<Confirmation> {
    match answer.status.map(|status| status.as_u16()) {
        None => Ok(Confirmation::Settled),
        Some(NO_RESPONDERS) => Ok(Confirmation::NobodyThere),
        Some(status) => Err(Error::new(ErrorKind::Unexpected, "the server did not take the settlement")
            .with_broker_code(status)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_settlement_has_its_word() {
        for (settlement, expected) in [
            (Settlement::ack(), "+ACK"),
            (Settlement::ack().confirmed(), "+ACK"),
            (Settlement::nak(), "-NAK"),
            (Settlement::nak_after(Duration::ZERO), "-NAK"),
            (Settlement::nak_after(Duration::from_millis(250)), r#"-NAK {"delay":250000000}"#),
            (Settlement::nak_after(Duration::MAX), r#"-NAK {"delay":9223372036854775807}"#),
            (Settlement::term(), "+TERM"),
            (Settlement::term_because(""), "+TERM"),
            (Settlement::term_because("broken\r\nPUB x"), "+TERM broken  PUB x"),
        ] {
            assert_eq!(payload(&settlement).unwrap(), expected);
        }
    }
}
