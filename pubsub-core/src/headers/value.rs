//! The value of a header: [`HeaderValue`].

use std::fmt::{self, Debug, Formatter};

use bytestring::ByteString;

use crate::text::{checked_text, named};
use crate::{Error, Result};

/// The value of a header: text that arrives byte for byte as it was published.
///
/// - UTF-8 of any length, within what all headers may take together
///   ([`Headers::MAX_WIRE_LEN`](super::Headers::MAX_WIRE_LEN)). It may be empty.
/// - No whitespace at either end, Unicode's included: clients trim it when they read (async-nats 0.51 does so in
///   `connection.rs`), so that ` a` would arrive as `a`.
/// - No control character but the tab: CR and LF would begin another header, and others drive a terminal
///   that shows a log.
///
/// A value that came from a broker may hold other control characters ([`received`](Self::received)). `Debug`
/// shows only the length. A clone shares the text.
///
/// ```
/// use pubsub_core::HeaderValue;
///
/// let value = HeaderValue::new("c-4711")?;
/// assert_eq!(value, "c-4711");
/// assert!(HeaderValue::new("two\r\nlines").is_err());
/// assert!(HeaderValue::new("padded ").is_err());
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HeaderValue(ByteString);

checked_text!(HeaderValue, check_published);

impl HeaderValue {
    /// A value that came from a broker. Other publishers may send control characters: all are admitted but
    /// CR and LF, which cannot be published again. For backends.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a CR or LF, or for whitespace at either end.
    pub fn received(text: impl AsRef<str> + Into<ByteString>) -> Result<Self> {
        match find_untransportable(text.as_ref()) {
            Some(fault) => Err(refused(&fault)),
            None => Ok(Self(text.into())),
        }
    }
}

impl Debug for HeaderValue {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "HeaderValue({} bytes)", self.0.len())
    }
}

fn check_published(text: &str) -> Result<()> {
    find_fault(text).map_or(Ok(()), |fault| Err(refused(&fault)))
}

/// Names the place, never the value: values may be secrets.
fn refused(fault: &str) -> Error {
    Error::invalid_input("header value", format!("a header value cannot contain {fault}"))
        .with_remedy("remove it, or encode the value (as JSON, percent encoding or base64)")
}

/// What a publisher may not put into a value, if anything.
pub(crate) fn find_fault(text: &str) -> Option<String> {
    find_character(text, |character| character.is_control() && character != '\t')
        .or_else(|| find_untransportable(text))
}

/// What would not arrive as it was sent, if anything.
fn find_untransportable(text: &str) -> Option<String> {
    if text.starts_with(char::is_whitespace) {
        return Some("whitespace at its beginning".to_owned());
    }
    if text.ends_with(char::is_whitespace) {
        return Some("whitespace at its end".to_owned());
    }
    find_character(text, |character| matches!(character, '\r' | '\n'))
}

fn find_character(text: &str, bad: impl Fn(char) -> bool) -> Option<String> {
    let (at, character) = text.char_indices().find(|(_, character)| bad(*character))?;
    Some(format!("the control character {} (at byte {at})", named(character)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ErrorKind;

    #[test]
    fn every_refusal_names_its_rule_and_not_the_value() {
        for (text, rule) in [
            ("canary\r\nNats-Rollup: all", "U+000D (at byte 6)"),
            ("canary\n", "U+000A"),
            ("canary\0", "U+0000"),
            ("canary\u{1b}[2J", "U+001B"),
            ("canary\u{85}", "U+0085"),
            (" canary", "whitespace at its beginning"),
            ("canary ", "whitespace at its end"),
            ("canary\t", "whitespace at its end"),
            ("\u{a0}canary", "whitespace at its beginning"),
        ] {
            let error = HeaderValue::new(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(error.message().contains(rule), "{text:?}: {error}");
            assert!(!format!("{error:?}").contains("canary"));
        }
    }

    #[test]
    fn other_text_is_allowed() {
        for text in ["", "a", "a b", "a\tb", "a: b", "stra\u{df}e", "\u{4f60}\u{597d}"] {
            assert_eq!(HeaderValue::new(text).unwrap(), text);
        }
    }

    #[test]
    fn a_received_value_may_hold_control_characters_but_no_line_end() {
        assert_eq!(HeaderValue::received("a\u{1b}b\0").unwrap(), "a\u{1b}b\0");
        for text in ["a\rb", "a\nb", " a", "a\u{a0}"] {
            assert!(HeaderValue::received(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn debug_shows_the_length_alone() {
        let value = HeaderValue::new("secret").unwrap();
        assert_eq!(format!("{value:?}"), "HeaderValue(6 bytes)");
    }

    proptest! {
        /// The reading rule of NATS clients: the line after the first `:`, trimmed.
        #[test]
        fn what_is_accepted_survives_the_wire(text in r"[ab:\t \r\n\x00\u{a0}]{0,6}") {
            for value in [HeaderValue::new(&*text), HeaderValue::received(&*text)].into_iter().flatten() {
                let line = format!("name: {value}\r\n");
                prop_assert_eq!(line.lines().count(), 1);
                let (_, read) = line.lines().next().unwrap().split_once(':').unwrap();
                prop_assert_eq!(read.trim(), &text);
            }
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = HeaderValue::new(&*text);
            let _ = HeaderValue::received(text);
        }
    }
}
