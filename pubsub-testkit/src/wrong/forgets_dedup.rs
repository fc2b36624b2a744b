use pubsub_core::OutboundMessage;

use super::Tamper;

/// The likely cause: the id is not passed on.
#[derive(Debug)]
pub(super) struct ForgetsDedup;

impl Tamper for ForgetsDedup {
    fn outbound(&self, mut message: OutboundMessage) -> OutboundMessage {
        message.id = None;
        message
    }
}
