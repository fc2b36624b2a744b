//! The name of a header: [`HeaderName`].

use bytestring::ByteString;

use crate::text::{checked_text, excerpt, named};
use crate::{Error, Result};

/// What every reserved name begins with, in any case.
const RESERVED_PREFIX: &str = "nats-";

/// The name of a header, such as `correlation-id`.
///
/// 1 to 256 visible ASCII characters except `:`, which is what async-nats 0.51 sends and nats-server stores
/// (`header.rs`; `my_key` and `a.b` measured on nats-server 2.15.1). Case counts, as in NATS: `Trace` and `trace` are
/// two headers.
///
/// Names that begin with `Nats-`, in any case, are instructions to the broker (deduplication, expected
/// sequences, rollup, time to live): [`new`](Self::new) refuses them, [`received`](Self::received)
/// admits them. A clone shares the text.
///
/// ```
/// use pubsub_core::HeaderName;
///
/// let name = HeaderName::new("correlation-id")?;
/// assert_eq!(name, "correlation-id");
/// assert!(HeaderName::new("Nats-Msg-Id").is_err());
/// assert!(HeaderName::received("Nats-Msg-Id")?.is_reserved());
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HeaderName(ByteString);

checked_text!(HeaderName, check_published);

impl HeaderName {
    /// The most bytes of a name that is to be published: 256.
    pub const MAX_LEN: usize = 256;

    /// The name of a header that came from a broker: it may be reserved, and of any length. For backends.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if it is empty or has a character that
    /// is not visible ASCII, or `:`.
    pub fn received(text: impl AsRef<str> + Into<ByteString>) -> Result<Self> {
        check_characters(text.as_ref())?;
        Ok(Self(text.into()))
    }

    /// Whether the name begins with `Nats-`, in any case.
    #[must_use]
    pub fn is_reserved(&self) -> bool {
        is_reserved(&self.0)
    }
}

fn is_reserved(text: &str) -> bool {
    text.get(..RESERVED_PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(RESERVED_PREFIX))
}

fn check_published(text: &str) -> Result<()> {
    check_characters(text)?;
    if text.len() > HeaderName::MAX_LEN {
        let message =
            format!("a header name has at most {} bytes, this one has {}", HeaderName::MAX_LEN, text.len());
        return refused(text, message, "shorten it, and put what is long into the value");
    }
    if is_reserved(text) {
        return refused(
            text,
            "header names that begin with `Nats-` are reserved for the broker".to_owned(),
            "use the message's own options, such as `with_id` for `Nats-Msg-Id`, or choose another name",
        );
    }
    Ok(())
}

fn check_characters(text: &str) -> Result<()> {
    if text.is_empty() {
        return refused(text, "a header name cannot be empty".to_owned(), "give it at least one character");
    }
    let allowed = |character: char| character.is_ascii_graphic() && character != ':';
    match text.char_indices().find(|(_, character)| !allowed(*character)) {
        Some((at, character)) => refused(
            text,
            format!("a header name cannot contain {} (at byte {at})", named(character)),
            "use visible ASCII characters other than `:`",
        ),
        None => Ok(()),
    }
}

fn refused(text: &str, message: String, remedy: &'static str) -> Result<()> {
    Err(Error::invalid_input("header name", message)
        .with_context("header", excerpt(text))
        .with_remedy(remedy))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ErrorKind;

    #[test]
    fn every_refusal_names_its_rule() {
        for (text, rule) in [
            ("", "cannot be empty"),
            ("a:b", "`:` (at byte 1)"),
            ("a b", "U+0020"),
            ("a\r\nb", "U+000D"),
            ("a\t", "U+0009"),
            ("\u{e9}tat", "`\u{e9}`"),
            ("Nats-Msg-Id", "reserved"),
            ("nats-rollup", "reserved"),
            ("NATS-", "reserved"),
        ] {
            let error = HeaderName::new(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(error.message().contains(rule), "{text:?}: {error}");
            assert_eq!(error.context("header"), Some(text));
            assert!(error.remedy().is_some());
        }
        assert!(HeaderName::new("a".repeat(257)).unwrap_err().message().contains("at most 256 bytes"));
    }

    #[test]
    fn visible_ascii_is_allowed() {
        for text in ["a", "X-Trace_Id", "a.b", "!#$%&'*+", "Nats", "Natsy-x", "(\"\\)"] {
            assert!(HeaderName::new(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn case_counts() {
        assert_ne!(HeaderName::new("Trace").unwrap(), HeaderName::new("trace").unwrap());
    }

    #[test]
    fn a_received_name_may_be_reserved_or_long_but_never_illegal() {
        assert!(HeaderName::received("Nats-Msg-Id").unwrap().is_reserved());
        assert!(HeaderName::received("a".repeat(300)).is_ok());
        assert!(HeaderName::received("a\nb").is_err());
        assert!(HeaderName::received("").is_err());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = HeaderName::new(&*text);
            let _ = HeaderName::received(text);
        }
    }
}
