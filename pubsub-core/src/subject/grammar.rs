//! The rules that subjects, filters and reply subjects share: tokens between dots.

use crate::text::{excerpt, is_invisible, named};
use crate::{Error, Result};

/// Why this many: [`Subject::MAX_LEN`](super::Subject::MAX_LEN).
pub(super) const MAX_SUBJECT_LEN: usize = 1024;

/// The token that stands for any one token.
pub(super) const ANY: &[u8] = b"*";
/// The token that stands for all further tokens, at least one.
pub(super) const REST: &[u8] = b">";

/// What a text is going to be, and so which rules hold for it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Publish,
    Filter,
    Reply,
}

/// The tokens of a text, as bytes: matching compares them and never needs characters.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = &[u8]> {
    text.as_bytes().split(|byte| *byte == b'.')
}

pub(super) fn check_subject(text: &str) -> Result<()> {
    check(text, Use::Publish)
}

pub(crate) fn check_filter(text: &str) -> Result<()> {
    check(text, Use::Filter)
}

pub(super) fn check_reply(text: &str) -> Result<()> {
    check(text, Use::Reply)
}

fn check(text: &str, used_as: Use) -> Result<()> {
    check_length(text, used_as)?;
    check_characters(text, used_as)?;
    check_tokens(text, used_as)?;
    check_first_token(text, used_as)
}

fn check_length(text: &str, used_as: Use) -> Result<()> {
    let noun = used_as.noun();
    if text.is_empty() {
        return Err(used_as
            .error(text, format!("a {noun} cannot be empty"))
            .with_remedy("give at least one token, such as `ride.requested`"));
    }
    if text.len() > MAX_SUBJECT_LEN {
        let message = format!("a {noun} has at most {MAX_SUBJECT_LEN} bytes, this one has {}", text.len());
        return Err(used_as
            .error(text, message)
            .with_remedy("shorten it; what is long belongs in a header or in the payload"));
    }
    Ok(())
}

fn check_characters(text: &str, used_as: Use) -> Result<()> {
    let is_bad =
        |character: char| character.is_control() || character.is_whitespace() || is_invisible(character);
    let bad = text.char_indices().find(|(_, character)| is_bad(*character));
    let Some((at, character)) = bad else {
        return Ok(());
    };
    let sort = if character.is_control() {
        "control characters"
    } else if is_invisible(character) {
        "invisible format characters"
    } else {
        "whitespace"
    };
    let message = format!("a {} cannot contain {sort}: {} at byte {at}", used_as.noun(), named(character));
    Err(used_as.error(text, message).with_remedy("remove it, or put `-` or `_` in its place"))
}

fn check_tokens(text: &str, used_as: Use) -> Result<()> {
    let noun = used_as.noun();
    let mut rest = text.split('.').peekable();
    while let Some(token) = rest.next() {
        if token.is_empty() {
            return Err(used_as
                .error(text, format!("a {noun} cannot have an empty token"))
                .with_remedy("remove the `.` at its beginning or end, or one of two in a row"));
        }
        let Some(wildcard) = token.chars().find(|character| matches!(character, '*' | '>')) else {
            continue;
        };
        if used_as != Use::Filter {
            return Err(used_as
                .error(text, format!("a {noun} cannot contain the wildcard `{wildcard}`"))
                .with_remedy("name one subject; wildcards belong in a `SubjectFilter`"));
        }
        if token.len() > 1 {
            return Err(used_as
                .error(text, format!("`{wildcard}` must be a whole token"))
                .with_remedy("put a `.` between the wildcard and its neighbours, as in `ride.*.eu`"));
        }
        if wildcard == '>' && rest.peek().is_some() {
            return Err(used_as
                .error(text, "`>` must be the last token")
                .with_remedy("use `*` for one token in the middle, or end the filter with `>`"));
        }
    }
    Ok(())
}

fn check_first_token(text: &str, used_as: Use) -> Result<()> {
    if used_as != Use::Filter && text.starts_with('$') {
        let message = format!("a {} that begins with `$` belongs to the broker", used_as.noun());
        return Err(used_as.error(text, message).with_remedy(
            "begin with another character; the broker's own interfaces are reached through `StreamAdmin`",
        ));
    }
    if used_as != Use::Reply && text.split('.').next() == Some("_INBOX") {
        let message = format!("a {} cannot begin with the token `_INBOX`", used_as.noun());
        return Err(used_as
            .error(text, message)
            .with_remedy("use a `ReplySubject` to answer a request, or begin with another token"));
    }
    Ok(())
}

impl Use {
    const fn noun(self) -> &'static str {
        match self {
            Self::Publish => "subject",
            Self::Filter => "subject filter",
            Self::Reply => "reply subject",
        }
    }

    fn error(self, text: &str, message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
        let field = match self {
            Self::Publish => "subject",
            Self::Filter => "filter",
            Self::Reply => "reply",
        };
        Error::invalid_input(field, message).with_context("subject", excerpt(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    fn refusal(result: Result<()>) -> Error {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.remedy().is_some(), "{error}");
        error
    }

    #[test]
    fn every_refusal_names_its_rule() {
        for (text, rule) in [
            ("", "cannot be empty"),
            ("a..b", "empty token"),
            (".a", "empty token"),
            ("a.", "empty token"),
            (".", "empty token"),
            ("a b", "whitespace: U+0020 at byte 1"),
            ("a.\u{a0}", "whitespace: U+00A0 at byte 2"),
            ("a\u{2028}b", "whitespace"),
            ("a\u{200b}b", "invisible format characters: U+200B at byte 1"),
            ("ride.\u{202e}pickup", "invisible format characters: U+202E at byte 5"),
            ("\u{2060}a", "invisible format characters: U+2060"),
            ("\u{2066}a", "invisible format characters: U+2066"),
            ("\u{feff}ride", "invisible format characters: U+FEFF at byte 0"),
            ("a\tb", "control characters: U+0009"),
            ("a\r\nPUB x 0", "control characters: U+000D at byte 1"),
            ("a\0", "control characters: U+0000"),
            ("a\u{1b}[2J", "control characters: U+001B"),
            ("a\u{7f}", "control characters: U+007F"),
            ("a\u{9b}", "control characters: U+009B"),
            ("a.*", "the wildcard `*`"),
            ("a.>", "the wildcard `>`"),
            ("a*b", "the wildcard `*`"),
            ("$JS.API.STREAM.DELETE.RIDE", "begins with `$`"),
            ("$SYS", "begins with `$`"),
            ("$", "begins with `$`"),
            ("_INBOX", "`_INBOX`"),
            ("_INBOX.x", "`_INBOX`"),
        ] {
            let error = refusal(check_subject(text));
            assert!(error.message().contains(rule), "{text:?}: {error}");
            assert_eq!(error.context("field"), Some("subject"));
            assert_eq!(error.context("subject"), Some(text));
        }
    }

    #[test]
    fn the_length_is_counted_in_bytes() {
        assert!(check_subject(&"a".repeat(MAX_SUBJECT_LEN)).is_ok());
        let error = refusal(check_subject(&"a".repeat(MAX_SUBJECT_LEN + 1)));
        assert!(error.message().contains("at most 1024 bytes, this one has 1025"), "{error}");
        assert!(error.to_string().len() < 400, "the error shows only an excerpt: {error}");
        assert!(check_subject(&"\u{fc}".repeat(MAX_SUBJECT_LEN / 2)).is_ok());
        refusal(check_subject(&"\u{fc}".repeat(MAX_SUBJECT_LEN / 2 + 1)));
    }

    #[test]
    fn other_text_is_allowed() {
        for text in
            ["a", "ride.pickup", "a$b", "a.$b", "_INBOXES.a", "a._INBOX", "stra\u{df}e.\u{4f60}", "%", "-._"]
        {
            assert!(check_subject(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn wildcards_of_a_filter_are_whole_tokens_and_the_rest_is_last() {
        for text in ["*", ">", "a.*", "a.>", "*.*.>", "a.*.b", "$JS.EVENT.ADVISORY.>"] {
            assert!(check_filter(text).is_ok(), "{text}");
        }
        for (text, rule) in [
            ("a.>.b", "`>` must be the last token"),
            (">.>", "`>` must be the last token"),
            ("a.b>", "`>` must be a whole token"),
            ("a*", "`*` must be a whole token"),
            ("**", "`*` must be a whole token"),
            ("_INBOX.>", "`_INBOX`"),
            ("a..>", "empty token"),
        ] {
            let error = refusal(check_filter(text));
            assert!(error.message().contains(rule), "{text:?}: {error}");
            assert_eq!(error.context("field"), Some("filter"));
        }
    }

    #[test]
    fn a_reply_may_name_an_inbox_but_not_the_broker() {
        assert!(check_reply("_INBOX.Xyz.1").is_ok());
        assert!(check_reply("answers.17").is_ok());
        let error = refusal(check_reply("$JS.API.STREAM.DELETE.RIDE"));
        assert!(error.message().contains("belongs to the broker"), "{error}");
        refusal(check_reply("_INBOX.*"));
    }
}
