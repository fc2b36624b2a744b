//! What can go wrong, by the point where it does.

use std::time::Duration;

use pubsub_core::ErrorKind;

/// What goes wrong with a publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublishFault {
    /// The call fails with this kind; nothing was sent.
    Fail(ErrorKind),
    /// The message is handed over that much later. What others publish passes it.
    Delay(Duration),
    /// The message is sent twice, as by a publisher that repeats an unknown publish. With an id it is stored once.
    Duplicate,
    /// The message is stored, and the receipt is lost: `Timeout` with an unknown effect.
    UnknownStored,
    /// The message is lost before it is stored: `Timeout` with an unknown effect.
    UnknownNotStored,
    /// The connection is lost before the message is sent, and is back after that time. Until then publishes and fetches
    /// wait, as long as their own limit allows (`Unavailable` after it), and so do flushes, administration and plain
    /// messages, for 5 s; plain settlements are lost, confirmed ones and extensions are `Unavailable`; a subscription
    /// gives one error, loses what it has prefetched, and goes on afterwards; a listener loses what was said meanwhile.
    Disconnect(Duration),
}

/// What goes wrong with a fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FetchFault {
    /// The call fails with this kind; nothing was asked for.
    Fail(ErrorKind),
    /// The fetch begins that much later.
    Delay(Duration),
    /// The connection is lost, as [`PublishFault::Disconnect`] says.
    Disconnect(Duration),
}

/// What goes wrong with a delivery, fetched or subscribed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeliveryFault {
    /// It is lost on its way: the message comes again after its ack wait.
    Drop,
    /// It comes twice, one right after the other. The first settlement of the two counts; a second one is harmless.
    Duplicate,
    /// It comes that much later, and so does what is behind it; its ack wait has begun.
    Delay(Duration),
    /// The next one overtakes it, if one comes within that time: the next of the batch, or of the subscription.
    Reorder {
        /// How long the next of a subscription is waited for.
        within: Duration,
    },
}

/// What goes wrong with a settlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettleFault {
    /// The call fails with this kind and settles nothing: the message comes again after its ack wait.
    Fail(ErrorKind),
    /// It is lost on its way. A plain one says `Ok` all the same; a confirmed one is `Timeout` with an unknown effect.
    /// The message comes again after its ack wait.
    Lose,
    /// It is made, and the answer is lost: a confirmed one is `Timeout` with an unknown effect, a plain one has no answer
    /// to lose.
    LoseAnswer,
    /// It is made that much later.
    Delay(Duration),
}

/// What goes wrong with an extension of the ack wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExtendFault {
    /// The call fails with this kind and extends nothing.
    Fail(ErrorKind),
    /// It says `Ok` and is lost on its way.
    Lose,
}

/// A fault with the point that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// At a publish.
    Publish(PublishFault),
    /// At a fetch.
    Fetch(FetchFault),
    /// At a delivery.
    Delivery(DeliveryFault),
    /// At a settlement.
    Settle(SettleFault),
    /// At an extension.
    Extend(ExtendFault),
}
