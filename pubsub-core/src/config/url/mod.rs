//! The address of a broker, with its credentials and options: [`ConnectUrl`].

mod parse;
mod user_info;

use std::fmt;
use std::str::FromStr;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use crate::{Error, Result};

pub use user_info::UserInfo;

/// Where and how to connect: `scheme://[user:password@ | token@]host[:port][,host[:port]...][/path][?option=value&...]`.
///
/// The scheme picks the backend; what the other parts mean is the backend's to say. There may be no host at all
/// (`memory://`). A list of hosts may repeat the scheme (`nats://a:4222,nats://b:4222`), as other NATS clients allow.
/// IPv6 addresses stand in brackets; names are ASCII.
///
/// Credentials are percent-decoded and kept as secrets. `Display` and `Debug` print `***` for them, for the value of
/// each option and for an option without a `=` (it may be a value whose name was forgotten), and no error of [`parse`](Self::parse) repeats a part of the URL. For that reason an `@` anywhere but
/// before the first host is refused, and the type can be deserialised but not serialised.
///
/// ```
/// use pubsub_core::config::ConnectUrl;
///
/// let url = ConnectUrl::parse("nats://ride:s3cret@a:4222,b:4222?request_timeout=2s")?;
/// assert_eq!(url.scheme(), "nats");
/// assert_eq!(url.hosts(), ["a:4222", "b:4222"]);
/// assert_eq!(url.to_string(), "nats://***@a:4222,b:4222?request_timeout=***");
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Clone)]
pub struct ConnectUrl {
    scheme: String,
    user_info: Option<UserInfo>,
    hosts: Vec<String>,
    path: String,
    query: String,
    shown: String,
}

impl ConnectUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config), with the rule that is broken and never the URL itself.
    pub fn parse(text: &str) -> Result<Self> {
        parse::parse(text)
    }

    /// What stands before `://`, in lower case.
    #[must_use]
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The credentials, if the URL holds any.
    #[must_use]
    pub fn user_info(&self) -> Option<&UserInfo> {
        self.user_info.as_ref()
    }

    /// The hosts, each with its port if one is given. Empty for a URL such as `memory://`.
    #[must_use]
    pub fn hosts(&self) -> &[String] {
        &self.hosts
    }

    /// The path, percent-decoded, with its leading slash. Empty if there is none.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Reads the options after the `?` into a backend's own structure. Without options, that is its default.
    ///
    /// Each option is `name=value`; one without a `=` is refused and not repeated. Values are text: use the notations of [`config`](crate::config) for durations and sizes, and
    /// `#[serde(default, deny_unknown_fields)]`, so that a misspelt option is an error and not ignored.
    ///
    /// ```
    /// # use std::time::Duration;
    /// use pubsub_core::config::ConnectUrl;
    ///
    /// #[derive(Default, serde::Deserialize)]
    /// #[serde(default, deny_unknown_fields)]
    /// struct Options {
    ///     #[serde(with = "pubsub_core::config::duration")]
    ///     request_timeout: Duration,
    /// }
    ///
    /// let url = ConnectUrl::parse("nats://localhost?request_timeout=2s")?;
    /// assert_eq!(url.options::<Options>()?.request_timeout, Duration::from_secs(2));
    ///
    /// let url = ConnectUrl::parse("nats://localhost?timeout=2s")?;
    /// let refused = url.options::<Options>().err().map(|error| error.to_string());
    /// assert!(refused.is_some_and(|text| text.contains("unknown field `timeout`, expected `request_timeout`")));
    /// # Ok::<(), pubsub_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config), with the option as context `option`, and the known options if
    /// there is none of that name. The refused value of a known option may be repeated: an option that holds a secret
    /// must be of a type that takes any text, such as [`SecretString`](crate::config::SecretString).
    pub fn options<T: DeserializeOwned>(&self) -> Result<T> {
        if let Some(number) = parse::find_bare_option(&self.query) {
            return Err(parse::broken(format!("option {number} of the URL has no value"))
                .with_remedy("write each option as `name=value`")
                .with_context("scheme", &self.scheme));
        }
        let pairs = serde_html_form::Deserializer::from_bytes(self.query.as_bytes());
        serde_path_to_error::deserialize(pairs).map_err(|error| {
            let option = error.path().to_string();
            let named = error.path().iter().next().is_some() && option != "?";
            let cause = error.into_inner();
            let refused = if named {
                broken_option(format!("option `{option}`: {cause}")).with_context("option", option)
            } else {
                broken_option(format!("an option is refused: {cause}"))
            };
            refused.with_context("scheme", &self.scheme)
        })
    }
}

fn broken_option(message: String) -> Error {
    parse::broken(message).with_remedy("correct what follows the `?` of the URL")
}

impl fmt::Display for ConnectUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for ConnectUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ConnectUrl").field(&self.shown).finish()
    }
}

impl FromStr for ConnectUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl TryFrom<&str> for ConnectUrl {
    type Error = Error;

    fn try_from(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl TryFrom<String> for ConnectUrl {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        Self::parse(&text)
    }
}

impl TryFrom<&String> for ConnectUrl {
    type Error = Error;

    fn try_from(text: &String) -> Result<Self> {
        Self::parse(text)
    }
}

/// A clone, so that a reference can stand where a value is asked for.
impl From<&ConnectUrl> for ConnectUrl {
    fn from(url: &ConnectUrl) -> Self {
        url.clone()
    }
}

impl<'de> Deserialize<'de> for ConnectUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
