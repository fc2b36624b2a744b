use pubsub_core::{Capabilities, Capability};

use super::Tamper;

/// The likely cause: a feature that was added without declaring it, so that no case is run for it.
#[derive(Debug)]
pub(super) struct Understates;

impl Tamper for Understates {
    fn capabilities(&self, capabilities: Capabilities) -> Capabilities {
        capabilities.without(Capability::NakDelay)
    }
}
