//! The recommended stack: [`Stack`].

use std::sync::Arc;
use std::time::Duration;

use pubsub_core::{Client, Layer};

use crate::{CircuitBreaker, ConcurrencyLimit, Retry, Timeout};
use sealed::Place;

/// Layers in the recommended order, whatever the order in which they are chosen; one of each kind.
///
/// From the broker outwards: [`Timeout`], [`CircuitBreaker`], [`Retry`], [`ConcurrencyLimit`], [`RateLimit`](crate::RateLimit),
/// `Compression`, [`MessageIds`](crate::MessageIds), [`Audit`](crate::Audit), `Metrics`, `Tracing`. A [`SubjectPrefix`](pubsub_core::SubjectPrefix) goes below
/// all of them ([`Client::with_layer`] before [`over`](Self::over)), an [`OnPublish`](pubsub_core::OnPublish) above.
///
/// ```
/// use std::time::Duration;
/// use pubsub_core::Client;
/// use pubsub_layers::{CircuitBreaker, RateLimit, Stack};
///
/// fn layered(client: Client, breaker: CircuitBreaker) -> Client {
///     let limit = RateLimit::new(1000, Duration::from_secs(1));
///     Stack::recommended().with(breaker).with(limit).over(client)
/// }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Stack {
    /// From the broker outwards.
    layers: Vec<(Place, Arc<dyn Layer>)>,
}

impl Stack {
    /// The timeout of [`recommended`](Self::recommended): 30 s, what a backend that publishes again itself takes at most.
    pub const TIMEOUT: Duration = Duration::from_secs(30);
    /// The budget of the retry of [`recommended`](Self::recommended): 60 s.
    pub const RETRY_BUDGET: Duration = Duration::from_secs(60);
    /// How many publishes may be unconfirmed, and deliveries unsettled, with [`recommended`](Self::recommended): 1,024.
    pub const CONCURRENCY: u32 = 1024;

    /// No layer.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// What every service should have: a [`Timeout`], a [`CircuitBreaker`] named `broker`, a [`Retry`], a
    /// [`ConcurrencyLimit`], and, by feature, `Metrics` and `Tracing`. What changes messages, refuses them or is known to the
    /// application alone is to be chosen: compression, ids, rates, the audit.
    #[must_use]
    pub fn recommended() -> Self {
        let stack = Self::empty()
            .with(Timeout::new(Self::TIMEOUT))
            .with(CircuitBreaker::new("broker"))
            .with(Retry::within(Self::RETRY_BUDGET))
            .with(ConcurrencyLimit::new(Self::CONCURRENCY));
        #[cfg(feature = "metrics")]
        let stack = stack.with(crate::Metrics::new());
        #[cfg(feature = "opentelemetry")]
        let stack = stack.with(crate::Tracing::global());
        stack
    }

    /// Adds a layer at its place, instead of the one of its kind that is there.
    #[must_use]
    pub fn with(mut self, layer: impl Stacked) -> Self {
        let place = layer.place();
        self.layers.retain(|(taken, _)| *taken != place);
        let at = self.layers.partition_point(|(taken, _)| *taken < place);
        self.layers.insert(at, (place, Arc::new(layer)));
        self
    }

    /// The layers, from the broker outwards.
    #[must_use]
    pub fn layers(&self) -> Vec<Arc<dyn Layer>> {
        self.layers.iter().map(|(_, layer)| Arc::clone(layer)).collect()
    }

    /// Puts the layers over a client.
    #[must_use]
    pub fn over(&self, client: Client) -> Client {
        self.layers().into_iter().fold(client, Client::with_layer)
    }
}

/// A layer that has a place in the [`Stack`]: those of this crate.
pub trait Stacked: Layer + sealed::Placed {}

impl<L: Layer + sealed::Placed> Stacked for L {}

mod sealed {
    /// Where a layer belongs, from the broker outwards.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum Place {
        Timeout,
        CircuitBreaker,
        Retry,
        ConcurrencyLimit,
        RateLimit,
        #[cfg(any(feature = "zstd", feature = "lz4"))]
        Compression,
        MessageIds,
        Audit,
        #[cfg(feature = "metrics")]
        Metrics,
        #[cfg(feature = "opentelemetry")]
        Tracing,
    }

    pub trait Placed {
        fn place(&self) -> Place;
    }
}

macro_rules! placed {
    ($($(#[$feature:meta])? $layer:ident),+ $(,)?) => {
        $($(#[$feature])?
        impl sealed::Placed for crate::$layer {
            fn place(&self) -> Place {
                Place::$layer
            }
        })+
    };
}

placed!(
    Timeout,
    CircuitBreaker,
    Retry,
    ConcurrencyLimit,
    RateLimit,
    #[cfg(any(feature = "zstd", feature = "lz4"))]
    Compression,
    MessageIds,
    Audit,
    #[cfg(feature = "metrics")]
    Metrics,
    #[cfg(feature = "opentelemetry")]
    Tracing,
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Audit, MessageIds, RateLimit};

    #[test]
    fn layers_take_their_places_whatever_the_order() {
        let audit = Audit::new("test", Arc::new(crate::TracingSink));
        let ids = MessageIds::by(|_| Ok(None));
        let stack = Stack::empty()
            .with(audit)
            .with(Timeout::new(Duration::ZERO))
            .with(RateLimit::new(1, Duration::ZERO))
            .with(ids)
            .with(Retry::within(Duration::ZERO))
            .with(Timeout::new(Duration::from_secs(1)));
        let places: Vec<_> = stack.layers.iter().map(|(place, _)| *place).collect();
        assert_eq!(places, [Place::Timeout, Place::Retry, Place::RateLimit, Place::MessageIds, Place::Audit]);
        assert!(format!("{:?}", stack.layers[0]).contains("1s"));
    }
}
