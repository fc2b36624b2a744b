//! What went wrong ([`ErrorKind`]) and whether to try again ([`Retry`]).

/// What went wrong, by what a caller can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A value given by the caller breaks a rule; nothing was sent.
    InvalidInput,
    /// A configuration contradicts itself or the broker's rules.
    Config,
    /// This backend, or this version of its server, cannot do what was asked; nothing was done.
    Unsupported,
    /// The stream, consumer or message does not exist.
    NotFound,
    /// Something else of that name exists, with another configuration.
    AlreadyExists,
    /// An expectation did not hold: an expected sequence, an overlapping subject, a full stream that
    /// refuses new messages.
    Conflict,
    /// The credentials were refused, or do not allow this.
    PermissionDenied,
    /// No answer within the time given.
    Timeout,
    /// The broker cannot be reached, or has no JetStream, for now.
    Unavailable,
    /// A limit on work in progress is reached.
    Overloaded,
    /// The message is larger than the broker or the stream takes.
    PayloadTooLarge,
    /// The client, or what was called, is closed.
    Closed,
    /// A payload could not be encoded or decoded.
    Codec,
    /// A broker did something that this library did not expect. Worth a bug report.
    Unexpected,
}

impl ErrorKind {
    /// The kind in words, as errors print it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidInput => "invalid input",
            Self::Config => "invalid configuration",
            Self::Unsupported => "unsupported",
            Self::NotFound => "not found",
            Self::AlreadyExists => "already exists",
            Self::Conflict => "conflict",
            Self::PermissionDenied => "permission denied",
            Self::Timeout => "timeout",
            Self::Unavailable => "unavailable",
            Self::Overloaded => "overloaded",
            Self::PayloadTooLarge => "payload too large",
            Self::Closed => "closed",
            Self::Codec => "codec",
            Self::Unexpected => "unexpected",
        }
    }

    /// Whether the same call may succeed later without a change by the caller.
    pub(super) const fn default_retry(self) -> Retry {
        match self {
            Self::Timeout | Self::Unavailable | Self::Overloaded => Retry::Later,
            _ => Retry::Never,
        }
    }
}

impl std::fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether the same call may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Retry {
    /// The same call fails again until the caller changes something.
    Never,
    /// The cause may pass; nobody has retried yet.
    Later,
    /// The cause may pass, but a retry budget was already spent on it: let the error travel up.
    Exhausted,
}
