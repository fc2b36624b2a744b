//! How a connection stands, and what went through it: [`ConnectionState`], [`ConnectionStatistics`].

/// How a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectionState {
    /// It can be used.
    Connected,
    /// It was lost, and is made again by itself.
    Disconnected,
    /// It was lost, and the server refuses to let this client connect again: its credentials or its certificate no
    /// longer fit. It is tried on; calls fail meanwhile.
    Refused,
    /// A close has begun.
    Closing,
    /// It was closed.
    Closed,
}

/// What went through a connection since it was first made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ConnectionStatistics {
    /// Messages received.
    pub in_messages: u64,
    /// Bytes received, with the protocol's own.
    pub in_bytes: u64,
    /// Messages sent.
    pub out_messages: u64,
    /// Bytes sent, without the protocol's own.
    pub out_bytes: u64,
    /// How often the connection was made, the first time included.
    pub connects: u64,
    /// Publishes that wait for their receipt now.
    pub publishes_in_flight: usize,
    /// Calls to JetStream and confirmed settlements that wait for their answer now.
    pub requests_in_flight: usize,
}
