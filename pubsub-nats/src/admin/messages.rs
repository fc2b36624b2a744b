//! Single stored messages.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use pubsub_core::{Error, ErrorKind, Headers, MessageSelector, Result, StoredMessage, StreamName};
use serde::de::IgnoredAny;

use super::NatsAdmin;
use crate::api::{self, Effect, wire};
use crate::message::parse_headers;

impl NatsAdmin {
    pub(crate) async fn read_message(
        &self,
        stream: &StreamName,
        selector: &MessageSelector,
    ) -> Result<StoredMessage> {
        self.connection.check_open()?;
        let request = match selector {
            // The server takes 0 for "no sequence" and then complains about the request.
            MessageSelector::Sequence(0) => {
                self.read_stream(stream).await?;
                return Err(Error::new(
                    ErrorKind::NotFound,
                    "no message has the sequence 0: they begin with 1",
                )
                .with_broker_code(api::MESSAGE_NOT_FOUND));
            }
            MessageSelector::Sequence(sequence) => {
                wire::GetMessage { seq: Some(*sequence), ..wire::GetMessage::default() }
            }
            MessageSelector::LastOf(subject) => {
                wire::GetMessage { last_by_subj: Some(subject.as_str()), ..wire::GetMessage::default() }
            }
            MessageSelector::Next { from, filter } => wire::GetMessage {
                // Without one the server takes the request for another kind.
                seq: Some((*from).max(1)),
                next_by_subj: Some(filter.as_str()),
                ..wire::GetMessage::default()
            },
            _ => return Err(Error::unsupported("get_message")),
        };
        let subject = format!("STREAM.MSG.GET.{stream}");
        let got: wire::GotMessage = api::call(&self.connection, Effect::Reads, &subject, &request).await?;
        stored(got.message)
    }

    pub(super) async fn remove_message(&self, stream: &StreamName, sequence: u64) -> Result<()> {
        self.connection.check_open()?;
        if sequence == 0 {
            self.read_stream(stream).await?;
            return Err(Error::new(ErrorKind::NotFound, "no message has the sequence 0: they begin with 1")
                .with_broker_code(api::SEQUENCE_NOT_FOUND));
        }
        let subject = format!("STREAM.MSG.DELETE.{stream}");
        let request = wire::DeleteMessage { seq: sequence };
        let deleted: Result<IgnoredAny, _> =
            api::call(&self.connection, Effect::Changes, &subject, &request).await;
        match deleted {
            Ok(_) => Ok(()),
            // A file store fails in general terms where a memory store says that there is no such message (measured on
            // nats-server 2.15.1).
            Err(failure) if failure.code == Some(api::DELETE_FAILED) => {
                match self.read_message(stream, &MessageSelector::Sequence(sequence)).await {
                    Err(error) if error.broker_code() == Some(api::MESSAGE_NOT_FOUND) => {
                        Err(error.with_broker_code(api::SEQUENCE_NOT_FOUND))
                    }
                    _ => Err(failure.into()),
                }
            }
            Err(failure) => Err(failure.into()),
        }
    }
}

fn stored(raw: wire::RawMessage) -> Result<StoredMessage> {
    let headers = match raw.hdrs {
        Some(block) => parse_headers(&decode(&block)?),
        None => Headers::new(),
    };
    let payload = raw.data.as_deref().map_or_else(|| Ok(Bytes::new()), decode)?;
    Ok(StoredMessage::new(raw.subject.into(), raw.seq, wire::system_time(&raw.time)?, headers, payload))
}

fn decode(text: &str) -> Result<Bytes> {
    STANDARD.decode(text).map(Bytes::from).map_err(|error| {
        Error::new(ErrorKind::Unexpected, "the server wrote a message that cannot be read").with_source(error)
    })
}
