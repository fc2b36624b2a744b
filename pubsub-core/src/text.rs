//! What every checked string of this crate has in common: subjects, names, header names and values, ids.

use std::fmt::Display;

/// The characters of a refused value that an error repeats.
const SHOWN_CHARS: usize = 80;

/// A value as an error shows it: whole if it is short, else its beginning.
pub(crate) fn excerpt(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Whether a character is one of the format characters that nobody sees: zero-width spaces and joiners, marks and
/// overrides of the writing direction, and the byte order mark. They make two names that differ look the same.
pub(crate) const fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
    )
}

/// A character as an error names it: readable, and harmless to a terminal.
pub(crate) fn named(character: char) -> impl Display {
    let number = u32::from(character);
    if character.is_control() || character.is_whitespace() || is_invisible(character) {
        format!("U+{number:04X}")
    } else {
        format!("`{character}`")
    }
}

/// Gives a tuple struct around a [`ByteString`](bytestring::ByteString) its constructors, views and
/// conversions. `$check` is the one gate: `fn(&str) -> Result<()>`, called before anything is copied.
macro_rules! checked_text {
    ($type:ident, $check:path) => {
        impl $type {
            /// Checks the text and keeps it. A `String` is taken over, a `&str` is copied, both only after
            /// the check.
            ///
            /// # Errors
            /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) naming the rule that is broken.
            pub fn new(text: impl AsRef<str> + Into<::bytestring::ByteString>) -> $crate::Result<Self> {
                $check(text.as_ref())?;
                Ok(Self(text.into()))
            }

            /// Checks a string of the program itself and keeps it without copying.
            ///
            /// # Errors
            /// As [`new`](Self::new).
            pub fn from_static(text: &'static str) -> $crate::Result<Self> {
                $check(text)?;
                Ok(Self(::bytestring::ByteString::from_static(text)))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text as shared UTF-8 bytes: cloning them copies nothing.
            #[must_use]
            pub fn as_bytes(&self) -> &::bytes::Bytes {
                self.0.as_bytes()
            }

            /// Gives up the text as UTF-8 bytes, without copying.
            #[must_use]
            pub fn into_bytes(self) -> ::bytes::Bytes {
                self.0.into_bytes()
            }
        }

        impl ::std::fmt::Display for $type {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(self.as_str(), f)
            }
        }

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl ::std::borrow::Borrow<str> for $type {
            fn borrow(&self) -> &str {
                self.as_str()
            }
        }

        impl PartialEq<str> for $type {
            fn eq(&self, other: &str) -> bool {
                self.as_str() == other
            }
        }

        impl PartialEq<&str> for $type {
            fn eq(&self, other: &&str) -> bool {
                self.as_str() == *other
            }
        }

        impl PartialEq<String> for $type {
            fn eq(&self, other: &String) -> bool {
                self.as_str() == other
            }
        }

        impl ::std::str::FromStr for $type {
            type Err = $crate::Error;

            fn from_str(text: &str) -> $crate::Result<Self> {
                Self::new(text)
            }
        }

        impl TryFrom<&str> for $type {
            type Error = $crate::Error;

            fn try_from(text: &str) -> $crate::Result<Self> {
                Self::new(text)
            }
        }

        /// What iterating over a slice of `&str` gives.
        impl TryFrom<&&str> for $type {
            type Error = $crate::Error;

            fn try_from(text: &&str) -> $crate::Result<Self> {
                Self::new(*text)
            }
        }

        impl TryFrom<::std::borrow::Cow<'_, str>> for $type {
            type Error = $crate::Error;

            fn try_from(text: ::std::borrow::Cow<'_, str>) -> $crate::Result<Self> {
                match text {
                    ::std::borrow::Cow::Borrowed(text) => Self::new(text),
                    ::std::borrow::Cow::Owned(text) => Self::new(text),
                }
            }
        }

        impl TryFrom<String> for $type {
            type Error = $crate::Error;

            fn try_from(text: String) -> $crate::Result<Self> {
                Self::new(text)
            }
        }

        impl TryFrom<&String> for $type {
            type Error = $crate::Error;

            fn try_from(text: &String) -> $crate::Result<Self> {
                Self::new(text.as_str())
            }
        }

        impl TryFrom<::bytestring::ByteString> for $type {
            type Error = $crate::Error;

            fn try_from(text: ::bytestring::ByteString) -> $crate::Result<Self> {
                Self::new(text)
            }
        }

        /// A cheap clone, so that a reference can stand where a value is asked for.
        impl From<&$type> for $type {
            fn from(value: &$type) -> Self {
                value.clone()
            }
        }

        impl From<$type> for ::bytestring::ByteString {
            fn from(value: $type) -> Self {
                value.0
            }
        }

        impl From<$type> for String {
            fn from(value: $type) -> Self {
                value.0.into()
            }
        }
    };
}

/// Makes a checked text a string in serde's eyes; reading one checks it.
macro_rules! serde_as_text {
    ($type:ident) => {
        impl ::serde::Serialize for $type {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $type {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <String as ::serde::Deserialize>::deserialize(deserializer)?;
                Self::new(text).map_err(::serde::de::Error::custom)
            }
        }
    };
}

pub(crate) use {checked_text, serde_as_text};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_ends_between_characters() {
        assert_eq!(excerpt("short"), "short");
        assert_eq!(excerpt(&"\u{fc}".repeat(80)), "\u{fc}".repeat(80));
        assert_eq!(excerpt(&"\u{fc}".repeat(81)), format!("{}...", "\u{fc}".repeat(80)));
    }

    #[test]
    fn the_invisible_characters_are_those_of_the_documented_ranges() {
        let invisible: Vec<char> = ('\0'..=char::MAX).filter(|character| is_invisible(*character)).collect();
        assert_eq!(invisible.len(), 5 + 5 + 10 + 1);
        assert!(!is_invisible('\u{2010}') && !is_invisible('\u{206a}') && !is_invisible('\u{202f}'));
    }

    #[test]
    fn a_named_character_is_printable() {
        assert_eq!(named('\n').to_string(), "U+000A");
        assert_eq!(named('\u{a0}').to_string(), "U+00A0");
        assert_eq!(named('\u{200b}').to_string(), "U+200B");
        assert_eq!(named('/').to_string(), "`/`");
    }
}
