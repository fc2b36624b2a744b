//! The names of what a broker holds: [`StreamName`] and [`ConsumerName`].

use std::borrow::Cow;

use bytestring::ByteString;

use crate::subject::grammar;
use crate::text::{checked_text, excerpt, named, serde_as_text};
use crate::{Error, Result};

/// nats-server's `JSMaxNameLen`.
const MAX_NAME_LEN: usize = 255;

/// The name of a stream: 1 to 255 of the characters `A-Z a-z 0-9 _ -`.
///
/// nats-server takes more, but a name becomes a token of API subjects and a folder on disk: a NUL failed with an
/// internal error (measured on nats-server 2.15.1). These characters are safe everywhere. A clone shares the text.
/// Reading one by serde checks it.
///
/// ```
/// use pubsub_core::StreamName;
///
/// let name = StreamName::new("RIDE_EVENTS")?;
/// assert_eq!(name, "RIDE_EVENTS");
/// assert!(StreamName::new("ride.events").is_err());
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamName(ByteString);

checked_text!(StreamName, check_stream);
serde_as_text!(StreamName);

impl StreamName {
    /// The most bytes of a name: 255, as in nats-server.
    pub const MAX_LEN: usize = MAX_NAME_LEN;
}

/// The name of a consumer: 1 to 255 of the characters `A-Z a-z 0-9 _ -`.
///
/// nats-server takes more, but a name becomes a token of the subjects that acknowledge: a `%` in it broke
/// acknowledgements until 2.14.3 (nats-server pull request 8301). A clone shares the text. Reading one by serde
/// checks it.
///
/// ```
/// use pubsub_core::ConsumerName;
///
/// let name = ConsumerName::for_service("match.accepted", "users")?;
/// assert_eq!(name, "match_accepted_users");
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConsumerName(ByteString);

checked_text!(ConsumerName, check_consumer);
serde_as_text!(ConsumerName);

impl ConsumerName {
    /// The most bytes of a name: 255, as in nats-server.
    pub const MAX_LEN: usize = MAX_NAME_LEN;

    /// The name `{subject}_{service}` of the durable consumer by which one service reads one subject, so that each
    /// service has its own.
    ///
    /// The dots of the subject become `_`, the wildcard `*` becomes `any` and `>` becomes `all`: `ride.*` for
    /// `billing` gives `ride_any_billing`. Two subjects that differ only by `.` against `_` (or by a wildcard
    /// against its word) give the same name; give such consumers names of their own.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the subject is no valid
    /// [`SubjectFilter`](crate::SubjectFilter), if the service is empty, or if the name has other characters than
    /// those allowed or is too long.
    pub fn for_service(subject: impl AsRef<str>, service: impl AsRef<str>) -> Result<Self> {
        let (subject, service) = (subject.as_ref(), service.as_ref());
        grammar::check_filter(subject)?;
        if service.is_empty() {
            return Err(Error::invalid_input("service", "the name of a service cannot be empty")
                .with_context("subject", excerpt(subject))
                .with_remedy("name the service that reads the subject, such as `users`"));
        }
        let mut name = String::with_capacity(subject.len() + 1 + service.len());
        for token in subject.split('.') {
            name.push_str(match token {
                "*" => "any",
                ">" => "all",
                literal => literal,
            });
            name.push('_');
        }
        name.push_str(service);
        Self::new(name)
    }
}

fn check_stream(text: &str) -> Result<()> {
    check(text).map_err(|fault| {
        Error::invalid_input("stream", fault.message)
            .with_context("stream", excerpt(text))
            .with_remedy(fault.remedy)
    })
}

pub(crate) fn check_group(text: &str) -> Result<()> {
    check(text).map_err(|fault| {
        Error::invalid_input("group", fault.message)
            .with_context("group", excerpt(text))
            .with_remedy(fault.remedy)
    })
}

fn check_consumer(text: &str) -> Result<()> {
    check(text).map_err(|fault| {
        Error::invalid_input("consumer", fault.message)
            .with_context("consumer", excerpt(text))
            .with_remedy(fault.remedy)
    })
}

/// What is wrong with a name, before it is known whose name it is.
struct Fault {
    message: Cow<'static, str>,
    remedy: &'static str,
}

fn check(text: &str) -> Result<(), Fault> {
    if text.is_empty() {
        let message = "a name cannot be empty".into();
        return Err(Fault { message, remedy: "give it at least one character" });
    }
    if text.len() > MAX_NAME_LEN {
        let message = format!("a name has at most {MAX_NAME_LEN} bytes, this one has {}", text.len()).into();
        return Err(Fault { message, remedy: "shorten it" });
    }
    let allowed = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
    match text.char_indices().find(|(_, character)| !allowed(*character)) {
        Some((at, character)) => Err(Fault {
            message: format!("a name cannot contain {} (at byte {at})", named(character)).into(),
            remedy: "use letters and digits of ASCII, `_` and `-`",
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{ErrorKind, Subject, SubjectFilter};

    #[test]
    fn every_refusal_names_the_rule_and_the_name() {
        for (text, rule) in [
            ("", "cannot be empty"),
            ("a.b", "`.` (at byte 1)"),
            ("a*", "`*`"),
            (">", "`>`"),
            ("a b", "U+0020"),
            ("a/b", "`/`"),
            ("a\\b", "`\\`"),
            ("50%", "`%`"),
            ("a\0", "U+0000"),
            ("\u{fc}ber", "`\u{fc}` (at byte 0)"),
        ] {
            let error = StreamName::new(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(error.message().contains(rule), "{text:?}: {error}");
            assert_eq!(error.context("stream"), Some(text));
            assert!(error.remedy().is_some());
            assert_eq!(ConsumerName::new(text).unwrap_err().context("consumer"), Some(text));
        }
    }

    #[test]
    fn a_name_has_at_most_255_bytes() {
        assert!(StreamName::new("a".repeat(255)).is_ok());
        assert!(StreamName::new("a".repeat(256)).is_err());
    }

    #[test]
    fn serde_checks_what_it_reads() {
        assert_eq!(serde_json::from_str::<StreamName>(r#""RIDE""#).unwrap(), "RIDE");
        assert!(serde_json::from_str::<StreamName>(r#""RI DE""#).is_err());
        assert_eq!(serde_json::to_string(&ConsumerName::new("a-1").unwrap()).unwrap(), r#""a-1""#);
    }

    #[test]
    fn a_service_reads_a_subject_under_its_own_name() {
        let subject = Subject::new("ride.pickup").unwrap();
        assert_eq!(ConsumerName::for_service(&subject, "location").unwrap(), "ride_pickup_location");
        let filter = SubjectFilter::new("ride.*.>").unwrap();
        assert_eq!(ConsumerName::for_service(filter, "billing").unwrap(), "ride_any_all_billing");
    }

    #[test]
    fn a_service_name_is_refused_with_what_is_wrong() {
        assert_eq!(ConsumerName::for_service("a", "").unwrap_err().context("field"), Some("service"));
        assert_eq!(ConsumerName::for_service("a..b", "x").unwrap_err().context("field"), Some("filter"));
        assert_eq!(ConsumerName::for_service("a", "x.y").unwrap_err().context("consumer"), Some("a_x.y"));
        assert!(ConsumerName::for_service("a".repeat(250), "users").is_err());
    }

    proptest! {
        #[test]
        fn exactly_the_documented_names_are_accepted(text in r"[a-cX-Z0-9_.\-% ]{0,6}") {
            let expected = !text.is_empty() && !text.contains(['.', '%', ' ']);
            prop_assert_eq!(StreamName::new(&*text).is_ok(), expected);
        }

        #[test]
        fn no_text_panics(text in any::<String>(), service in any::<String>()) {
            let _ = StreamName::new(&*text);
            let _ = ConsumerName::for_service(text, service);
        }
    }
}
