//! What names a message: [`Subject`] to publish, [`SubjectFilter`] to select, [`ReplySubject`] to answer.
//!
//! Three types, because three sets of rules: a publish to `ride.*` would be stored under that very name, and a
//! publish to `$JS.API...` would reach the broker's own interface (both measured on nats-server 2.15.1). No
//! backend can be handed a value that breaks its rules, so all backends refuse the same input.

mod filter;
pub(crate) mod grammar;
mod reply;
mod transform;

use bytestring::ByteString;

use grammar::MAX_SUBJECT_LEN;

pub use filter::SubjectFilter;
pub use reply::ReplySubject;
pub use transform::{SubjectMapping, SubjectTransform};

use crate::Result;
use crate::text::{checked_text, serde_as_text};

/// What a message is published to: tokens separated by `.`, such as `ride.pickup`.
///
/// - 1 to 1,024 bytes ([`MAX_LEN`](Self::MAX_LEN)); no token is empty.
/// - No whitespace and no control character, Unicode's included: one could split a protocol line, or drive
///   a terminal that shows a log.
/// - None of the format characters that nobody sees (U+200B to U+200F, U+202A to U+202E, U+2060 to U+2069, U+FEFF): two
///   subjects that look the same would be two, and what was copied from a document with one matches nothing.
/// - Other UTF-8 is allowed: JetStream stores and matches it byte by byte. Nothing is normalised, so two spellings of
///   one accented letter are two subjects.
/// - No `*` and no `>`: those are for [`SubjectFilter`].
/// - It does not begin with `$`, which belongs to the broker, nor with the token `_INBOX`, which
///   belongs to requests ([`ReplySubject`]).
///
/// A clone shares the text. Reading one by serde checks it.
///
/// ```
/// use pubsub_core::Subject;
///
/// let subject = Subject::new("ride.pickup")?;
/// assert_eq!(subject.tokens().collect::<Vec<_>>(), ["ride", "pickup"]);
///
/// let staged = Subject::from_static("staging")?.join(&subject)?;
/// assert_eq!(staged, "staging.ride.pickup");
///
/// assert!(Subject::new("ride.*").is_err());
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject(ByteString);

checked_text!(Subject, grammar::check_subject);
serde_as_text!(Subject);

impl Subject {
    /// The most bytes of a subject, and of a filter or reply subject: 1,024.
    ///
    /// nats-server cuts the connection, which others share, when subject, reply subject and framing pass 4,096
    /// bytes (`max_control_line`; measured on nats-server 2.15.1): two subjects of this length stay well below.
    pub const MAX_LEN: usize = MAX_SUBJECT_LEN;

    /// For backends: a subject of the broker's own, which begins with `$`, such as that of an
    /// [`Advisory`](crate::Advisory). It keeps all other rules.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) naming the rule that is broken.
    pub fn of_broker(text: impl AsRef<str> + Into<ByteString>) -> Result<Self> {
        let own = text.as_ref();
        grammar::check_subject(own.strip_prefix('$').unwrap_or(own))?;
        Ok(Self(text.into()))
    }

    /// The text between the dots, at least one token.
    pub fn tokens(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('.')
    }

    /// The subject `self.rest`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if both together are too long.
    pub fn join(&self, rest: &Self) -> Result<Self> {
        Self::new(format!("{self}.{rest}"))
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::collections::{BTreeSet, HashMap};

    use proptest::prelude::*;

    use super::*;
    use crate::ErrorKind;

    fn subject(text: &str) -> Subject {
        Subject::new(text).unwrap()
    }

    #[test]
    fn a_clone_and_the_bytes_share_the_text() {
        let original = subject("ride.pickup");
        assert_eq!(original.clone().as_str().as_ptr(), original.as_str().as_ptr());
        assert_eq!(original.as_bytes().as_ptr(), original.as_str().as_ptr());
        assert_eq!(&original.into_bytes()[..], b"ride.pickup");
    }

    #[test]
    fn a_static_subject_is_not_copied() {
        const TEXT: &str = "ride.pickup";
        assert_eq!(Subject::from_static(TEXT).unwrap().as_str().as_ptr(), TEXT.as_ptr());
    }

    #[test]
    fn debug_shows_the_text() {
        assert_eq!(format!("{:?}", subject("ride.pickup")), r#"Subject("ride.pickup")"#);
    }

    #[test]
    fn maps_are_looked_up_by_str() {
        let map = HashMap::from([(subject("a.b"), 1)]);
        assert_eq!(map.get("a.b"), Some(&1));
        assert!(BTreeSet::from([subject("a.b")]).contains("a.b"));
    }

    #[test]
    fn every_kind_of_string_converts() {
        fn convert(value: impl TryInto<Subject, Error: Into<crate::Error>>) -> Result<Subject> {
            value.try_into().map_err(Into::into)
        }
        let text = String::from("a.b");
        let expected = subject("a.b");
        assert_eq!(convert("a.b").unwrap(), expected);
        assert_eq!(convert(&"a.b").unwrap(), expected);
        assert_eq!(convert(Cow::Borrowed("a.b")).unwrap(), expected);
        assert_eq!(convert(Cow::<str>::Owned(text.clone())).unwrap(), expected);
        assert_eq!(convert(&text).unwrap(), expected);
        assert_eq!(convert(text).unwrap(), expected);
        assert_eq!(convert(ByteString::from_static("a.b")).unwrap(), expected);
        assert_eq!(convert(&expected).unwrap(), expected);
        assert_eq!(convert(expected.clone()).unwrap(), expected);
        assert_eq!("a.b".parse::<Subject>().unwrap(), expected);
        assert_eq!(convert("a b").unwrap_err().kind(), ErrorKind::InvalidInput);
    }

    #[test]
    fn it_is_compared_with_every_kind_of_string() {
        let subject = subject("a.b");
        assert_eq!(subject, "a.b");
        assert_eq!(subject, *"a.b");
        assert_eq!(subject, String::from("a.b"));
    }

    #[test]
    fn serde_checks_what_it_reads() {
        assert_eq!(serde_json::to_string(&subject("a.b")).unwrap(), r#""a.b""#);
        assert_eq!(serde_json::from_str::<Subject>(r#""a.b""#).unwrap(), "a.b");
        let error = serde_json::from_str::<Subject>(r#""a..b""#).unwrap_err().to_string();
        assert!(error.contains("empty token"), "{error}");
    }

    #[test]
    fn a_join_that_is_too_long_is_refused() {
        let long = subject(&"a".repeat(MAX_SUBJECT_LEN - 2));
        assert_eq!(subject("p").join(&long).unwrap().as_str().len(), MAX_SUBJECT_LEN);
        assert!(subject("pp").join(&long).is_err());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = Subject::new(&*text);
            let _ = SubjectFilter::new(&*text);
            let _ = ReplySubject::new(text);
        }

        #[test]
        fn text_of_the_delimiters_never_panics(text in r"[a.*>$_ \r\n]{0,12}") {
            let _ = Subject::new(&*text);
            let _ = SubjectFilter::new(&*text);
        }

        #[test]
        fn what_is_accepted_keeps_the_rules(text in r"[a.*>$\x00\u{a0}]{0,8}") {
            if let Ok(subject) = Subject::new(&*text) {
                prop_assert_eq!(subject.as_str(), &*text);
                prop_assert!(subject.tokens().all(|token| !token.is_empty()));
                let forbidden = text.contains(['*', '>', '\0', '\u{a0}']) || text.starts_with('$');
                prop_assert!(!forbidden);
                prop_assert!(SubjectFilter::from(subject).is_literal());
            }
        }

        #[test]
        fn serde_round_trips(text in r"[a-z]{1,3}(\.[a-z]{1,3}){0,3}") {
            let subject = Subject::new(text).unwrap();
            let json = serde_json::to_string(&subject).unwrap();
            prop_assert_eq!(serde_json::from_str::<Subject>(&json).unwrap(), subject);
        }
    }
}
