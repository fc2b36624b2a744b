//! What travels on JetStream's interface: the fields that this library knows, as nats-server writes them.
//!
//! Own types, not async-nats': they hold just these fields, so that an update can lay them over a configuration whose
//! other fields someone else has set, and a field that a newer server adds breaks nothing.

mod account;
mod consumer;
mod limits;
mod stream;
mod time;

use serde::{Deserialize, Serialize};

pub(crate) use account::AccountInfo;
pub(crate) use consumer::{ConsumerInfo, ConsumerSettings, PauseRequest, ResetRequest, UnpinRequest};
pub(crate) use stream::{DetailsRequest, StreamDetails, StreamInfo, StreamSettings};
pub(crate) use time::system_time;

/// Whether a field has the value that it has where it is left out.
fn is_unset<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// One page of a list: `streams` or `consumers`.
#[derive(Debug, Deserialize)]
pub(crate) struct Page<T> {
    #[serde(default)]
    pub(crate) total: usize,
    #[serde(default = "Vec::new", alias = "streams", alias = "consumers")]
    pub(crate) items: Vec<T>,
}

#[derive(Debug, Serialize)]
pub(crate) struct PageRequest {
    pub(crate) offset: usize,
}

#[derive(Debug, Serialize)]
pub(crate) struct PurgeRequest<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) filter: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) keep: Option<u64>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Purged {
    #[serde(default)]
    pub(crate) purged: u64,
}

#[derive(Debug, Default, Serialize)]
pub(crate) struct GetMessage<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_by_subj: Option<&'a str>,
    /// With `seq` as the least sequence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_by_subj: Option<&'a str>,
}

/// Asks which streams store a subject.
#[derive(Debug, Serialize)]
pub(crate) struct NamesRequest<'a> {
    pub(crate) subject: &'a str,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Names {
    /// `null` where there is none.
    pub(crate) streams: Option<Vec<String>>,
}

#[derive(Debug, Serialize)]
pub(crate) struct DeleteMessage {
    pub(crate) seq: u64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct GotMessage {
    pub(crate) message: RawMessage,
}

/// A stored message; headers (as on the wire) and payload are base64.
#[derive(Deserialize)]
pub(crate) struct RawMessage {
    pub(crate) subject: String,
    pub(crate) seq: u64,
    pub(crate) time: String,
    pub(crate) hdrs: Option<String>,
    pub(crate) data: Option<String>,
}

impl std::fmt::Debug for RawMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawMessage")
            .field("subject", &self.subject)
            .field("seq", &self.seq)
            .finish_non_exhaustive()
    }
}
