//! What a message replaces: [`Rollup`].

/// What a message replaces: with it, everything before goes, in one step. The stream must allow it
/// ([`allow_rollup`](crate::StreamConfig::allow_rollup)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rollup {
    /// The messages on its own subject.
    Subject,
    /// All messages of the stream.
    All,
}

impl Rollup {
    /// The value of the header `Nats-Rollup`.
    pub(super) const fn header(self) -> &'static str {
        match self {
            Self::Subject => "sub",
            Self::All => "all",
        }
    }
}
