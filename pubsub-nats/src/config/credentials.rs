//! Who connects: [`Credentials`].

use std::fmt;

use pubsub_core::config::UserInfo;
use secrecy::SecretString;
use serde::Deserialize;

/// How the client proves who it is. `Debug` prints `***`, the user's name included.
///
/// In a configuration file: nothing, `token = "..."`, or `user = "..."` with `password = "..."`.
///
/// ```
/// use pubsub_nats::Credentials;
///
/// let credentials: Credentials = serde_json::from_str(r#"{"user": "ride", "password": "s3cret"}"#)?;
/// assert_eq!(format!("{credentials:?}"), "Credentials(***)");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default, Deserialize)]
#[serde(try_from = "Written")]
#[non_exhaustive]
pub enum Credentials {
    /// None: the server asks for none.
    #[default]
    None,
    /// A user with a password.
    Password {
        /// The user's name.
        user: String,
        /// The password.
        password: SecretString,
    },
    /// One secret that all clients share.
    Token(SecretString),
}

impl Credentials {
    /// A user with a password.
    pub fn password(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self::Password { user: user.into(), password: password.into().into() }
    }

    /// One secret that all clients share.
    pub fn token(token: impl Into<String>) -> Self {
        Self::Token(token.into().into())
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_none() { "Credentials(none)" } else { "Credentials(***)" })
    }
}

impl From<&UserInfo> for Credentials {
    fn from(given: &UserInfo) -> Self {
        match given {
            UserInfo::Token(token) => Self::Token(token.clone()),
            UserInfo::Password { user, password } => {
                Self::Password { user: user.clone(), password: password.clone() }
            }
            // `UserInfo` may grow; a form that is unknown here is no credential, and the server then refuses.
            _ => Self::None,
        }
    }
}

/// As a configuration file writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    user: Option<String>,
    password: Option<String>,
    token: Option<String>,
}

impl TryFrom<Written> for Credentials {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        match written {
            Written { user: None, password: None, token: None } => Ok(Self::None),
            Written { user: None, password: None, token: Some(token) } => Ok(Self::token(token)),
            Written { user: Some(user), password: Some(password), token: None } => {
                Ok(Self::password(user, password))
            }
            _ => Err("credentials are either `token`, or `user` and `password`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Credentials, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[test]
    fn each_form_is_read() {
        assert!(matches!(read("{}"), Ok(Credentials::None)));
        assert!(matches!(read(r#"{"token": "t"}"#), Ok(Credentials::Token(_))));
        assert!(matches!(read(r#"{"user": "u", "password": "p"}"#), Ok(Credentials::Password { .. })));
    }

    #[test]
    fn a_mixture_is_refused_without_showing_it() {
        for json in [
            r#"{"user": "u"}"#,
            r#"{"password": "canary"}"#,
            r#"{"user": "u", "password": "canary", "token": "canary"}"#,
        ] {
            let error = read(json).unwrap_err().to_string();
            assert!(!error.contains("canary"), "{error}");
            assert!(error.contains("`token`"), "{error}");
        }
    }
}
