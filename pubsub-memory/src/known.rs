//! What a later version of the core may ask for and this backend does not know is refused, never ignored.

use pubsub_core::admin::PurgeExtent;
use pubsub_core::{
    AckPolicy, ConsumerConfig, DeliverPolicy, Discard, Error, PriorityPolicy, Purge, ReplayPolicy, Result,
    Retention, SettlementKind, Storage, StreamConfig,
};

pub(crate) fn stream(config: &StreamConfig) -> Result<()> {
    let retention =
        matches!(config.retention, Retention::Limits | Retention::Interest | Retention::WorkQueue);
    let storage = matches!(config.storage, Storage::File | Storage::Memory);
    let discard = matches!(config.discard, Discard::Old | Discard::New);
    known(&[("retention", retention), ("storage", storage), ("discard", discard)])
        .map_err(|error| error.with_context("stream", &config.name))
}

pub(crate) fn consumer(config: &ConsumerConfig) -> Result<()> {
    let deliver = matches!(
        config.deliver,
        DeliverPolicy::All
            | DeliverPolicy::New
            | DeliverPolicy::Last
            | DeliverPolicy::LastPerSubject
            | DeliverPolicy::FromSequence(_)
            | DeliverPolicy::FromTime(_)
    );
    let ack = matches!(config.ack, AckPolicy::Explicit | AckPolicy::All | AckPolicy::None);
    let replay = matches!(config.replay, ReplayPolicy::Instant | ReplayPolicy::Original);
    let priority = config.priority.as_ref().is_none_or(|group| {
        matches!(
            group.policy,
            PriorityPolicy::Overflow | PriorityPolicy::Pinned | PriorityPolicy::Prioritized
        )
    });
    known(&[("deliver", deliver), ("ack", ack), ("replay", replay), ("priority", priority)])
}

pub(crate) fn purge(purge: &Purge) -> Result<()> {
    let extent = matches!(purge.extent, PurgeExtent::All | PurgeExtent::UpTo(_) | PurgeExtent::Keep(_));
    known(&[("extent", extent)])
}

pub(crate) fn settlement(kind: &SettlementKind) -> Result<()> {
    let settlement =
        matches!(kind, SettlementKind::Ack | SettlementKind::Nak { .. } | SettlementKind::Term { .. });
    known(&[("settlement", settlement)])
}

fn known(fields: &[(&'static str, bool)]) -> Result<()> {
    match fields.iter().find(|(_, known)| !known) {
        Some((field, _)) => Err(Error::unsupported(field).with_context("field", field)),
        None => Ok(()),
    }
}
