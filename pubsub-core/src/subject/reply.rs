//! Where the answer to a request goes: [`ReplySubject`].

use bytestring::ByteString;

use super::{Subject, grammar};
use crate::text::checked_text;

/// Where the answer to a request goes: an `_INBOX.` subject, or an ordinary one.
///
/// The rules are those of [`Subject`], but for `_INBOX`, which only this type may hold. It never begins with
/// `$`: a requester chooses where the answer goes, and a reply subject such as `$JS.API.STREAM.DELETE.RIDE`
/// would turn the answer into a command with the rights of whoever answers.
///
/// ```
/// use pubsub_core::{ReplySubject, Subject};
///
/// let reply = ReplySubject::new("_INBOX.4Yd2.1")?;
/// assert_eq!(reply.as_str(), "_INBOX.4Yd2.1");
/// assert!(Subject::new("_INBOX.4Yd2.1").is_err());
/// assert!(ReplySubject::new("$JS.API.INFO").is_err());
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplySubject(ByteString);

checked_text!(ReplySubject, grammar::check_reply);

impl From<Subject> for ReplySubject {
    fn from(subject: Subject) -> Self {
        Self(subject.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinary_subject_is_a_reply_subject() {
        let reply = ReplySubject::from(Subject::new("answers.17").unwrap());
        assert_eq!(reply, ReplySubject::new("answers.17").unwrap());
    }
}
