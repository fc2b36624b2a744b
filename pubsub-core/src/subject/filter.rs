//! What selects messages by subject: [`SubjectFilter`].

use bytestring::ByteString;

use super::grammar::{self, ANY, REST, tokens};
use super::{MAX_SUBJECT_LEN, Subject};
use crate::text::{checked_text, serde_as_text};
use crate::{Error, Result};

/// Which subjects a stream stores or a consumer receives: a subject that may hold wildcards.
///
/// - `*` stands for exactly one token, `>` for one or more at the end: `ride.*` matches `ride.pickup` but neither
///   `ride` nor `ride.pickup.eu`; `ride.>` matches the last one too. Each wildcard is a whole token.
/// - Otherwise the rules of [`Subject`], but that it may begin with `$`, so that a stream can store the
///   broker's advisories (`$JS.EVENT.ADVISORY.>`). `_INBOX` is refused as the first token.
///
/// The meaning is that of NATS (docs.nats.io, "Subject-Based Messaging"). A clone shares the text. Reading one
/// by serde checks it.
///
/// ```
/// use pubsub_core::SubjectFilter;
///
/// let rides = SubjectFilter::new("ride.*")?;
/// assert!(rides.matches("ride.pickup"));
/// assert!(!rides.matches("ride.pickup.eu"));
/// assert!(rides.overlaps(&SubjectFilter::new("*.pickup")?));
/// assert!(SubjectFilter::all().covers(&rides));
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubjectFilter(ByteString);

checked_text!(SubjectFilter, grammar::check_filter);
serde_as_text!(SubjectFilter);

impl SubjectFilter {
    /// The filter `>`, which matches every subject.
    #[must_use]
    pub const fn all() -> Self {
        Self(ByteString::from_static(">"))
    }

    /// Whether this filter has no wildcard, so that it matches one subject only.
    #[must_use]
    pub fn is_literal(&self) -> bool {
        // The grammar allows wildcards as whole tokens only, so any such byte is one.
        !self.0.bytes().any(|byte| matches!(byte, b'*' | b'>'))
    }

    /// The text between the dots, wildcards included, at least one token.
    pub fn tokens(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('.')
    }

    /// Whether the filter matches this subject. Allocates nothing.
    ///
    /// Takes any text, as received: one that has an empty token, or is too long to be a subject, matches nothing.
    #[must_use]
    pub fn matches(&self, subject: &str) -> bool {
        if subject.len() > MAX_SUBJECT_LEN {
            return false;
        }
        if *self == *subject {
            return true;
        }
        let mut given = tokens(subject);
        for wanted in tokens(&self.0) {
            match given.next() {
                None | Some([]) => return false,
                Some(_) if wanted == REST => return given.all(|token| !token.is_empty()),
                Some(token) if token == wanted || wanted == ANY => {}
                Some(_) => return false,
            }
        }
        given.next().is_none()
    }

    /// Whether some subject matches both filters. JetStream refuses two streams of which this holds
    /// (error 10065).
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let (mut mine, mut theirs) = (tokens(&self.0), tokens(&other.0));
        loop {
            match (mine.next(), theirs.next()) {
                (None, None) => return true,
                (Some(a), Some(b)) if a == REST || b == REST => return true,
                (Some(a), Some(b)) if a == b || a == ANY || b == ANY => {}
                _ => return false,
            }
        }
    }

    /// Whether every subject that `other` matches, this filter matches too.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let (mut mine, mut theirs) = (tokens(&self.0), tokens(&other.0));
        loop {
            match (mine.next(), theirs.next()) {
                (None, None) => return true,
                (Some(a), Some(_)) if a == REST => return true,
                (Some(a), Some(b)) if a == b || (a == ANY && b != REST) => {}
                _ => return false,
            }
        }
    }
}

impl From<Subject> for SubjectFilter {
    fn from(subject: Subject) -> Self {
        Self(subject.into())
    }
}

impl From<&Subject> for SubjectFilter {
    fn from(subject: &Subject) -> Self {
        Self::from(subject.clone())
    }
}

/// The one subject that a filter without wildcards matches. Refused if it has one, or is no subject that may be
/// published to (`$JS.EVENT.ADVISORY.API`).
impl TryFrom<SubjectFilter> for Subject {
    type Error = Error;

    fn try_from(filter: SubjectFilter) -> Result<Self> {
        Self::new(filter.0)
    }
}

impl TryFrom<&SubjectFilter> for Subject {
    type Error = Error;

    fn try_from(filter: &SubjectFilter) -> Result<Self> {
        Self::try_from(filter.clone())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filter(text: &str) -> SubjectFilter {
        SubjectFilter::new(text).unwrap()
    }

    /// The definition of matching, written for clarity: recursion over lists of tokens.
    fn naive(filter: &[&str], subject: &[&str]) -> bool {
        match (filter, subject) {
            ([], []) => true,
            ([">"], rest) => !rest.is_empty(),
            (["*", filter @ ..], [_, subject @ ..]) => naive(filter, subject),
            ([wanted, filter @ ..], [given, subject @ ..]) => wanted == given && naive(filter, subject),
            _ => false,
        }
    }

    fn split(text: &str) -> Vec<&str> {
        text.split('.').collect()
    }

    /// Every subject of up to five tokens over `a`, `b`, and `c`, which no generated filter names.
    fn all_subjects() -> Vec<String> {
        let mut all = Vec::new();
        let mut longest = vec![String::new()];
        for _ in 0..5 {
            longest = longest
                .iter()
                .flat_map(|head| ["a", "b", "c"].map(|token| format!("{head}{token}.")))
                .collect();
            all.extend(longest.iter().map(|text| text.trim_end_matches('.').to_owned()));
        }
        all
    }

    /// Filters of up to four tokens over `a`, `b` and the wildcards.
    fn any_filter() -> impl Strategy<Value = SubjectFilter> {
        r"[ab*](\.[ab*]){0,2}(\.>)?|>".prop_map(|text| filter(&text))
    }

    #[test]
    fn one_token_and_the_rest_need_at_least_one() {
        for (text, subject, expected) in [
            ("ride.*", "ride.pickup", true),
            ("ride.*", "ride", false),
            ("ride.*", "ride.pickup.eu", false),
            ("ride.>", "ride", false),
            ("ride.>", "ride.pickup", true),
            ("ride.>", "ride.pickup.eu", true),
            (">", "ride", true),
            ("*", "ride", true),
            ("*.pickup", "ride.pickup", true),
            ("ride.pickup", "ride.pickup", true),
            ("ride.pickup", "ride.pick", false),
            ("ride.pickup", "ride.pickup.eu", false),
            ("ride.pickup", "Ride.pickup", false),
            ("$JS.EVENT.>", "$JS.EVENT.ADVISORY.X", true),
        ] {
            assert_eq!(filter(text).matches(subject), expected, "{text} against {subject}");
        }
    }

    #[test]
    fn text_that_is_no_subject_matches_nothing() {
        let long = "a".repeat(MAX_SUBJECT_LEN + 1);
        for text in ["", ".", "a.", ".a", "a..b", "a.b.", &long] {
            for wildcard in [">", "*", "a.*", "a.>", "*.>", "*.*"] {
                assert!(!filter(wildcard).matches(text), "{wildcard} against {text:?}");
            }
        }
    }

    #[test]
    fn all_is_a_valid_filter_that_covers_every_other() {
        assert_eq!(SubjectFilter::all(), filter(">"));
        assert!(SubjectFilter::all().covers(&SubjectFilter::all()));
        assert!(!filter("*.>").covers(&SubjectFilter::all()));
        assert!(!filter("*").covers(&SubjectFilter::all()));
    }

    #[test]
    fn a_literal_filter_becomes_its_subject_without_a_copy() {
        let literal = filter("ride.pickup");
        let subject = Subject::try_from(&literal).unwrap();
        assert_eq!(subject.as_str().as_ptr(), literal.as_str().as_ptr());
        assert_eq!(Subject::try_from(literal).unwrap(), subject);
    }

    #[test]
    fn a_filter_that_is_no_subject_is_refused() {
        for (text, rule) in
            [("ride.*", "the wildcard `*`"), (">", "the wildcard `>`"), ("$JS.API", "begins with `$`")]
        {
            let error = Subject::try_from(filter(text)).unwrap_err();
            assert!(error.message().contains(rule), "{text}: {error}");
        }
    }

    #[test]
    fn serde_checks_what_it_reads() {
        assert_eq!(serde_json::from_str::<SubjectFilter>(r#""a.>""#).unwrap(), "a.>");
        assert!(serde_json::from_str::<SubjectFilter>(r#""a.>.b""#).is_err());
    }

    proptest! {
        #[test]
        fn matching_follows_the_definition(filter in any_filter(), subject in r"[abc](\.[abc]){0,4}") {
            prop_assert_eq!(filter.matches(&subject), naive(&split(filter.as_str()), &split(&subject)));
        }

        #[test]
        fn matching_never_panics(filter in any_filter(), subject in any::<String>()) {
            let _ = filter.matches(&subject);
        }

        #[test]
        fn overlap_is_a_common_subject(one in any_filter(), two in any_filter()) {
            let common = all_subjects().iter().any(|subject| one.matches(subject) && two.matches(subject));
            prop_assert_eq!(one.overlaps(&two), common, "{} and {}", one, two);
            prop_assert_eq!(one.overlaps(&two), two.overlaps(&one));
        }

        #[test]
        fn covering_is_matching_all_that_the_other_does(one in any_filter(), two in any_filter()) {
            let all = all_subjects().iter().all(|subject| !two.matches(subject) || one.matches(subject));
            prop_assert_eq!(one.covers(&two), all, "{} and {}", one, two);
            prop_assert!(!one.covers(&two) || one.overlaps(&two));
        }

        #[test]
        fn a_literal_filter_matches_itself_alone(text in r"[ab](\.[ab]){0,3}") {
            let literal = filter(&text);
            prop_assert!(literal.is_literal());
            for subject in all_subjects() {
                prop_assert_eq!(literal.matches(&subject), subject == text);
            }
        }

        #[test]
        fn text_round_trips(filter in any_filter()) {
            prop_assert_eq!(&filter.to_string().parse::<SubjectFilter>().unwrap(), &filter);
            let json = serde_json::to_string(&filter).unwrap();
            prop_assert_eq!(serde_json::from_str::<SubjectFilter>(&json).unwrap(), filter);
        }
    }
}
