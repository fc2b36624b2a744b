//! What makes the broker store a message once: [`MessageId`].

use bytestring::ByteString;

use crate::headers::value::find_fault;
use crate::text::{checked_text, excerpt, is_invisible, named, serde_as_text};
use crate::{Error, Result};

/// The id that makes a broker store a message once within the stream's duplicate window (`Nats-Msg-Id`).
///
/// 1 to 256 bytes of UTF-8 under the rules of a [`HeaderValue`](crate::HeaderValue): no control character
/// but the tab, no whitespace at either end. Nor may it hold the format characters that nobody sees (U+200B to U+200F,
/// U+202A to U+202E, U+2060 to U+2069, U+FEFF): two ids that look the same would be two. nats-server 2.15.1 stores ` a` as `a` (measured), so that two
/// different ids would be one and the second message lost; it also takes an empty id.
///
/// A clone shares the text. Reading one by serde checks it.
///
/// ```
/// use pubsub_core::MessageId;
///
/// let id = MessageId::new("pickup-r-17-1767225600")?;
/// assert_eq!(id, "pickup-r-17-1767225600");
/// assert!(MessageId::new(" padded").is_err());
/// assert!(MessageId::new("").is_err());
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(ByteString);

checked_text!(MessageId, check);
serde_as_text!(MessageId);

impl MessageId {
    /// The most bytes of an id: 256. A broker keeps every id in memory for the whole duplicate window; this holds
    /// any UUID, hash or readable key.
    pub const MAX_LEN: usize = 256;
}

fn check(text: &str) -> Result<()> {
    let refused = |message: String, remedy: &'static str| {
        Err(Error::invalid_input("message_id", message)
            .with_context("message_id", excerpt(text))
            .with_remedy(remedy))
    };
    if text.is_empty() {
        return refused(
            "a message id cannot be empty".to_owned(),
            "derive it from what makes the message unique, or publish without an id",
        );
    }
    if text.len() > MessageId::MAX_LEN {
        let message =
            format!("a message id has at most {} bytes, this one has {}", MessageId::MAX_LEN, text.len());
        return refused(message, "use a hash of what makes the message unique");
    }
    if let Some(fault) = find_fault(text) {
        return refused(format!("a message id cannot contain {fault}"), "remove it");
    }
    match text.char_indices().find(|(_, character)| is_invisible(*character)) {
        Some((at, character)) => {
            let shown = named(character);
            let message =
                format!("a message id cannot contain the invisible format character {shown} (at byte {at})");
            refused(message, "remove it")
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn every_refusal_names_its_rule() {
        for (text, rule) in [
            ("", "cannot be empty"),
            (" a", "whitespace at its beginning"),
            ("a ", "whitespace at its end"),
            ("a\r\nNats-Rollup: all", "U+000D"),
            ("a\0", "U+0000"),
            ("r-17\u{200b}", "the invisible format character U+200B (at byte 4)"),
            ("\u{feff}r-17", "U+FEFF"),
        ] {
            let error = MessageId::new(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(error.message().contains(rule), "{text:?}: {error}");
            assert_eq!(error.context("message_id"), Some(text));
        }
    }

    #[test]
    fn an_id_has_at_most_256_bytes() {
        assert!(MessageId::new("a".repeat(256)).is_ok());
        assert!(MessageId::new("a".repeat(257)).is_err());
    }

    #[test]
    fn serde_checks_what_it_reads() {
        assert_eq!(serde_json::from_str::<MessageId>(r#""m-1""#).unwrap(), "m-1");
        assert!(serde_json::from_str::<MessageId>(r#"" m-1""#).is_err());
    }
}
