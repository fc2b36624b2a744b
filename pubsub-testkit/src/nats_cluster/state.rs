//! What a server tells of itself at `/jsz`, as far as it is needed here.

use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct State {
    pub(super) meta_cluster: Group,
    pub(super) account_details: Vec<Account>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Account {
    pub(super) stream_detail: Vec<Stream>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Stream {
    pub(super) name: String,
    pub(super) cluster: Group,
    pub(super) consumer_detail: Vec<Consumer>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Consumer {
    pub(super) name: String,
    pub(super) cluster: Group,
}

/// A group of servers that elects a leader.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Group {
    pub(super) leader: String,
    pub(super) replicas: Vec<Replica>,
}

/// Another member, as this one sees it. Only the leader knows how current it is.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Replica {
    pub(super) name: String,
    pub(super) current: bool,
    pub(super) offline: bool,
}

impl State {
    pub(super) fn streams(&self) -> impl Iterator<Item = &Stream> {
        self.account_details.iter().flat_map(|account| &account.stream_detail)
    }
}
