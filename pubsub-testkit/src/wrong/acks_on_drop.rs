use pubsub_core::{Message, Settlement};

use super::Tamper;

/// The likely cause: a destructor that tidies up.
#[derive(Debug)]
pub(super) struct AcksOnDrop;

impl Tamper for AcksOnDrop {
    fn abandon(&self, message: Box<dyn Message>) {
        tokio::spawn(message.settle(Settlement::ack()));
    }
}
