//! The credentials of a URL: [`UserInfo`].

use std::fmt;

use percent_encoding::percent_decode_str;
use secrecy::SecretString;

use super::parse::{broken, percent_is_sound};
use crate::Result;

/// The credentials that stand before the `@` of a URL, percent-decoded. `Debug` prints `***`.
#[derive(Clone)]
#[non_exhaustive]
pub enum UserInfo {
    /// `scheme://token@host`: one secret without a colon.
    Token(SecretString),
    /// `scheme://user:password@host`.
    Password {
        /// The name of the user.
        user: String,
        /// Read it with [`ExposeSecret`](crate::config::ExposeSecret).
        password: SecretString,
    },
}

impl UserInfo {
    /// Parses what stood before the `@`. No error repeats any of it.
    pub(super) fn parse(text: &str) -> Result<Self> {
        match text.split_once(':') {
            None if text.is_empty() => Err(broken("there is nothing before the `@`")
                .with_remedy("remove the `@`, or check that the variable with the credentials is set")),
            None => Ok(Self::Token(decode(text)?.into())),
            Some(("", _)) => Err(broken("the user name before the password is empty")
                .with_remedy("write user:password@host, or only token@host")),
            Some((user, password)) => {
                Ok(Self::Password { user: decode(user)?, password: decode(password)?.into() })
            }
        }
    }
}

impl fmt::Debug for UserInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserInfo(***)")
    }
}

fn decode(text: &str) -> Result<String> {
    if !percent_is_sound(text) {
        return Err(broken("a `%` in the credentials is not followed by two hexadecimal digits")
            .with_remedy("write a literal `%` as %25"));
    }
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(Into::into).map_err(|_| {
        broken("the credentials are not UTF-8 after percent-decoding")
            .with_remedy("percent-encode the bytes of their UTF-8 form (\u{fc} is %C3%BC)")
    })
}
