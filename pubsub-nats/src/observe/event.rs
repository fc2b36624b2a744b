//! What happens to a connection: [`NatsEvent`].

/// What happened to a connection, from [`NatsBroker::events`](crate::NatsBroker::events).
///
/// Events inform; they may be missed ([`Missed`](Self::Missed)). Decide by
/// [`NatsBroker::state`](crate::NatsBroker::state) and by the results of calls.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NatsEvent {
    /// The connection was made, the first time or again.
    Connected,
    /// The connection was lost. It is made again by itself.
    Disconnected,
    /// The server does not let this client connect again. It is tried on, and told once.
    Refused {
        /// Why, in words. Holds no secret.
        reason: String,
    },
    /// The server is about to stop, and asks its clients to go elsewhere.
    LameDuck,
    /// A message was dropped because a subscription is not read fast enough.
    MessageDropped,
    /// The server does not allow this client to publish there. Who waits for an answer is told too.
    PublishDenied {
        /// Where.
        subject: String,
    },
    /// The server does not allow this client to subscribe there.
    SubscribeDenied {
        /// Where.
        subject: String,
    },
    /// The server told an error that is none of the above.
    ServerError {
        /// In its own words.
        message: String,
    },
    /// The connection was closed.
    Closed,
    /// The listener was too slow, and so many events are gone.
    Missed {
        /// How many.
        events: u64,
    },
}
