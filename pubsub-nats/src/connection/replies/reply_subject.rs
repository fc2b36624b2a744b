//! Where an answer is to go: [`reply_subject`].

use std::fmt::Write as _;

use async_nats::Subject;
use bytes::Bytes;

/// What a prefix and the longest number have room in, unless the prefix is of somebody's own making.
const ROOM: usize = 72;

/// Where the answer to the holder of a token is to go.
pub(crate) fn reply_subject(prefix: &str, token: u64) -> Subject {
    let mut text = Text { bytes: [0; ROOM], length: 0 };
    if write!(text, "{prefix}{token}").is_ok() {
        // Text after text is text; should that ever be wrong, the long way is taken.
        if let Ok(subject) = Subject::from_utf8(Bytes::from_owner(text)) {
            return subject;
        }
    }
    Subject::from(format!("{prefix}{token}"))
}

/// A short text. In place, so that one allocation holds it and its count of owners: async-nats copies a subject on its way,
/// and a subject made of a [`String`] would then take a second one.
struct Text {
    bytes: [u8; ROOM],
    length: usize,
}

impl std::fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let end = self.length + text.len();
        let room = self.bytes.get_mut(self.length..end).ok_or(std::fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

impl AsRef<[u8]> for Text {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_of_any_length_are_kept() {
        for length in [0, 1, 40, ROOM - 20, ROOM - 1, ROOM, ROOM + 1, 500] {
            let prefix = "a".repeat(length);
            for token in [0, 9, 10, u64::MAX] {
                assert_eq!(reply_subject(&prefix, token).as_str(), format!("{prefix}{token}"));
            }
        }
    }
}
