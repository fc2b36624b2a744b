//! Wrapping publishers, consumers and administration: [`Layer`].

mod on_publish;
mod subject_prefix;

use std::fmt::Debug;
use std::sync::Arc;

pub use on_publish::{OnPublish, PublishEvent};
pub use subject_prefix::SubjectPrefix;

use crate::Capabilities;
use crate::admin::StreamAdmin;
use crate::consume::Consumer;
use crate::core_messaging::CoreMessaging;
use crate::publish::Publisher;

/// Something that wraps what a [`Client`](crate::Client) gives out. State lives in the layer; applying it to one
/// client changes no other.
///
/// Each method returns its argument unless the layer has something to do there. Wrappers forward every method
/// (`#[deny(clippy::missing_trait_methods)]`), may lower a capability, and may raise one only by implementing it.
pub trait Layer: Debug + Send + Sync + 'static {
    /// What the stack can do with this layer, given what it can do without. A layer that takes something away says
    /// so here, as its wrappers do.
    fn capabilities(&self, inner: Capabilities) -> Capabilities {
        inner
    }

    /// Wraps a publisher.
    fn publisher(&self, inner: Arc<dyn Publisher>) -> Arc<dyn Publisher> {
        inner
    }

    /// Wraps a consumer.
    fn consumer(&self, inner: Arc<dyn Consumer>) -> Arc<dyn Consumer> {
        inner
    }

    /// Wraps administration.
    fn admin(&self, inner: Arc<dyn StreamAdmin>) -> Arc<dyn StreamAdmin> {
        inner
    }

    /// Wraps plain messaging.
    fn core(&self, inner: Arc<dyn CoreMessaging>) -> Arc<dyn CoreMessaging> {
        inner
    }
}

/// So that a list of layers chosen at run time can be applied.
impl Layer for Arc<dyn Layer> {
    fn capabilities(&self, inner: Capabilities) -> Capabilities {
        (**self).capabilities(inner)
    }

    fn publisher(&self, inner: Arc<dyn Publisher>) -> Arc<dyn Publisher> {
        (**self).publisher(inner)
    }

    fn consumer(&self, inner: Arc<dyn Consumer>) -> Arc<dyn Consumer> {
        (**self).consumer(inner)
    }

    fn admin(&self, inner: Arc<dyn StreamAdmin>) -> Arc<dyn StreamAdmin> {
        (**self).admin(inner)
    }

    fn core(&self, inner: Arc<dyn CoreMessaging>) -> Arc<dyn CoreMessaging> {
        (**self).core(inner)
    }
}
