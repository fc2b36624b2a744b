//! Who leads what, from what the nodes tell. A leader counts only if it says so itself.

use pubsub_core::{ConsumerName, StreamName};

use super::node::Node;
use super::state::{Group, State};

type Told = [(Node, State)];

pub(super) fn of_the_cluster(told: &Told) -> Result<Node, String> {
    leader(told, "the cluster", |state| Some(&state.meta_cluster))
}

pub(super) fn of_stream(told: &Told, stream: &StreamName) -> Result<Node, String> {
    leader(told, "the stream", |state| {
        Some(&state.streams().find(|found| found.name == stream.as_str())?.cluster)
    })
}

pub(super) fn of_consumer(told: &Told, stream: &StreamName, consumer: &ConsumerName) -> Result<Node, String> {
    leader(told, "the consumer", |state| {
        let stream = state.streams().find(|found| found.name == stream.as_str())?;
        let found = stream.consumer_detail.iter().find(|found| found.name == consumer.as_str())?;
        Some(&found.cluster)
    })
}

/// Every other node is there for the leader of the cluster, and every group has a leader.
pub(super) fn all_current(told: &Told) -> Result<(), String> {
    let leader = of_the_cluster(told)?;
    for (node, state) in told {
        if state.meta_cluster.leader != leader.name() {
            return Err(format!("{node} follows another leader of the cluster"));
        }
        if let Some(stream) = state.streams().find(|stream| stream.cluster.leader.is_empty()) {
            return Err(format!("{node} knows no leader of the stream {}", stream.name));
        }
        let replicas = &state.meta_cluster.replicas;
        if *node == leader
            && (replicas.len() != 2 || replicas.iter().any(|replica| !replica.current || replica.offline))
        {
            let behind: Vec<_> = replicas
                .iter()
                .filter(|replica| !replica.current || replica.offline)
                .map(|replica| replica.name.as_str())
                .collect();
            return Err(format!("not current for the leader of the cluster: {behind:?}"));
        }
    }
    if told.len() < Node::ALL.len() { Err("not every node answers".to_owned()) } else { Ok(()) }
}

fn leader<'t>(
    told: &'t Told,
    what: &str,
    group: impl Fn(&'t State) -> Option<&'t Group>,
) -> Result<Node, String> {
    let own = told
        .iter()
        .find(|(node, state)| group(state).is_some_and(|group| Node::called(&group.leader) == Some(*node)));
    own.map(|(node, _)| *node).ok_or_else(|| format!("no running node says that it leads {what}"))
}
