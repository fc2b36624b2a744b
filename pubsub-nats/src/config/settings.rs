//! What URLs, environments and files can say: one set of keys, one deserializer.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use pubsub_core::config::{duration, size};
use pubsub_core::{Error, Result};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer};

use super::{Credentials, Discovery, NatsConfig, TlsMode};

macro_rules! settings {
    ($($key:ident: $kind:ty,)*) => {
        /// One source's settings; a key that it does not name is `None`.
        #[derive(Default, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub(super) struct Settings {
            $(pub(super) $key: Option<$kind>,)*
        }

        impl Settings {
            /// All keys, in the order of the documentation.
            #[cfg(test)]
            pub(super) const KEYS: &[&str] = &[$(stringify!($key)),*];

            /// These settings, and the lower ones where these say nothing.
            pub(super) fn fill(self, lower: Self) -> Self {
                Self { $($key: self.$key.or(lower.$key),)* }
            }
        }
    };
}

settings! {
    servers: Servers,
    name: String,
    user: Secret,
    password: Secret,
    token: Secret,
    nkey: Secret,
    creds: Secret,
    jwt: Secret,
    seed: Secret,
    tls: TlsMode,
    tls_first: bool,
    ca: PathBuf,
    cert: PathBuf,
    key: PathBuf,
    discovered_servers: Discovery,
    domain: String,
    api_prefix: String,
    inbox_prefix: String,
    jetstream: bool,
    cluster: String,
    connect_timeout: Span,
    request_timeout: Span,
    publish_timeout: Span,
    publish_retry: bool,
    close_timeout: Span,
    ping_interval: Span,
    reconnect_delay: Span,
    reconnect_max_delay: Span,
    max_in_flight: usize,
    max_in_flight_bytes: Amount,
}

impl Settings {
    /// These settings over lower ones. What belongs together is taken from one source only: all of the credentials, the
    /// certificate with its key, the domain or the prefix.
    pub(super) fn over(self, mut lower: Self) -> Self {
        if self.has_credentials() {
            lower.drop_credentials();
        }
        if self.cert.is_some() || self.key.is_some() {
            (lower.cert, lower.key) = (None, None);
        }
        if self.domain.is_some() || self.api_prefix.is_some() {
            (lower.domain, lower.api_prefix) = (None, None);
        }
        self.fill(lower)
    }

    pub(super) fn has_credentials(&self) -> bool {
        let Self { user, password, token, nkey, creds, jwt, seed, .. } = self;
        [user, password, token, nkey, creds, jwt, seed].into_iter().any(Option::is_some)
    }

    fn drop_credentials(&mut self) {
        let Self { user, password, token, nkey, creds, jwt, seed, .. } = self;
        for secret in [user, password, token, nkey, creds, jwt, seed] {
            *secret = None;
        }
    }

    /// The configuration that these settings and the defaults make. The ranges are not checked here.
    pub(super) fn into_config(mut self) -> Result<NatsConfig> {
        let default = NatsConfig::default();
        let span = |span: Option<Span>, default: Duration| span.map_or(default, |Span(duration)| duration);
        Ok(NatsConfig {
            credentials: self.take_credentials()?,
            servers: self.servers.map_or(default.servers, |Servers(servers)| servers),
            name: self.name.unwrap_or(default.name),
            tls: self.tls.unwrap_or_default(),
            tls_first: self.tls_first.unwrap_or_default(),
            ca: self.ca,
            cert: self.cert,
            key: self.key,
            discovered_servers: self.discovered_servers.unwrap_or_default(),
            domain: self.domain,
            api_prefix: self.api_prefix,
            inbox_prefix: self.inbox_prefix.unwrap_or(default.inbox_prefix),
            jetstream: self.jetstream.unwrap_or(default.jetstream),
            cluster: self.cluster,
            connect_timeout: span(self.connect_timeout, default.connect_timeout),
            request_timeout: span(self.request_timeout, default.request_timeout),
            publish_timeout: span(self.publish_timeout, default.publish_timeout),
            publish_retry: self.publish_retry.unwrap_or(default.publish_retry),
            close_timeout: span(self.close_timeout, default.close_timeout),
            ping_interval: span(self.ping_interval, default.ping_interval),
            reconnect_delay: span(self.reconnect_delay, default.reconnect_delay),
            reconnect_max_delay: span(self.reconnect_max_delay, default.reconnect_max_delay),
            max_in_flight: self.max_in_flight.unwrap_or(default.max_in_flight),
            max_in_flight_bytes: self
                .max_in_flight_bytes
                .map_or(default.max_in_flight_bytes, |Amount(bytes)| bytes),
        })
    }

    fn take_credentials(&mut self) -> Result<Credentials> {
        let password =
            pair(("user", self.user.take()), ("password", self.password.take()))?.map(|(user, password)| {
                Credentials::Password { user: user.expose_secret().to_owned(), password }
            });
        let jwt = pair(("jwt", self.jwt.take()), ("seed", self.seed.take()))?
            .map(|(jwt, seed)| signed_by(&jwt, &seed));
        let token = self.token.take().map(|Secret(token)| Credentials::Token(token));
        let nkey = self.nkey.take().map(|Secret(nkey)| nkey_or_file(&nkey));
        let creds = self.creds.take().map(|Secret(creds)| text_or_file(creds));
        let mut given = [password, jwt, token, nkey, creds].into_iter().flatten();
        match (given.next(), given.next()) {
            (None, _) => Ok(Credentials::None),
            (Some(given), None) => Ok(given),
            (Some(_), Some(_)) => {
                Err(Error::config("credentials", "there is more than one kind of credentials").with_remedy(
                    "give one of: `user` with `password`, `token`, `nkey`, `creds`, `jwt` with `seed`",
                ))
            }
        }
    }
}

type Named = (&'static str, Option<Secret>);

/// Two secrets that go together.
fn pair((first, one): Named, (second, two): Named) -> Result<Option<(SecretString, SecretString)>> {
    let (there, missing) = match (one, two) {
        (None, None) => return Ok(None),
        (Some(Secret(one)), Some(Secret(two))) => return Ok(Some((one, two))),
        (Some(_), None) => (first, second),
        (None, Some(_)) => (second, first),
    };
    Err(Error::config(there, format!("there is a {there} without a {missing}"))
        .with_remedy(format!("set `{missing}`")))
}

/// The text of a credentials file with these.
fn signed_by(jwt: &SecretString, seed: &SecretString) -> Credentials {
    let (jwt, seed) = (jwt.expose_secret().trim(), seed.expose_secret().trim());
    Credentials::text(format!(
        "-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\
         -----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
    ))
}

/// A seed is 58 characters of base32 that begin with an S; anything else names a file.
fn nkey_or_file(nkey: &SecretString) -> Credentials {
    let text = nkey.expose_secret().trim();
    let is_seed = text.len() == 58
        && text.starts_with('S')
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || (b'2'..=b'7').contains(&byte));
    if is_seed { Credentials::Nkey(text.to_owned().into()) } else { Credentials::NkeyFile(text.into()) }
}

fn text_or_file(creds: SecretString) -> Credentials {
    if creds.expose_secret().contains("-----BEGIN") {
        Credentials::CredentialsText(creds)
    } else {
        Credentials::CredentialsFile(creds.expose_secret().into())
    }
}

/// Text that no error repeats, whatever was written in its place.
pub(super) struct Secret(pub(super) SecretString);

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SecretText)
    }
}

struct SecretText;

impl SecretText {
    /// Serde's own refusals repeat the value.
    fn refuse<T, E: de::Error>() -> Result<T, E> {
        Err(E::custom("expected text (the value is not shown)"))
    }
}

impl<'de> Visitor<'de> for SecretText {
    type Value = Secret;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Secret, E> {
        self.visit_string(text.to_owned())
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Secret, E> {
        if text.is_empty() {
            return Err(E::custom("it is empty; leave it out if there is none"));
        }
        Ok(Secret(text.into()))
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Secret, E> {
        Self::refuse()
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Secret, E> {
        Self::refuse()
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Secret, E> {
        Self::refuse()
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Secret, E> {
        Self::refuse()
    }

    fn visit_bytes<E: de::Error>(self, _: &[u8]) -> Result<Secret, E> {
        Self::refuse()
    }

    fn visit_unit<E: de::Error>(self) -> Result<Secret, E> {
        Self::refuse()
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, _: A) -> Result<Secret, A::Error> {
        Self::refuse()
    }

    fn visit_map<A: de::MapAccess<'de>>(self, _: A) -> Result<Secret, A::Error> {
        Self::refuse()
    }
}

/// A list, or text with commas. No refusal repeats it: someone may have written credentials there.
pub(super) struct Servers(pub(super) Vec<String>);

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a list of servers, or text with commas between them")]
enum ServersWritten {
    Text(String),
    List(Vec<String>),
}

impl<'de> Deserialize<'de> for Servers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match ServersWritten::deserialize(deserializer)? {
            ServersWritten::Text(text) => text.split(',').map(|entry| entry.trim().to_owned()).collect(),
            ServersWritten::List(list) => list,
        }))
    }
}

#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Span(#[serde(with = "duration")] Duration);

#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Amount(#[serde(with = "size")] u64);
