//! A configuration from a context of the `nats` command line.

mod reference;

use std::ffi::OsString;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use pubsub_core::{Error, Result};
use serde::Deserialize;

use super::settings::{Secret, Settings};
use super::sources;
use reference::{literal, path_of, secret};

/// A context has less than 1 kB, and more where credentials are written into it.
const MOST: u64 = 256 * 1024;

/// What the command line writes into a context (jsm.go 0.4, `natscontext`). What is empty is not set; what only concerns how
/// the command line prints, and what a newer one may add, is left out.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Context {
    url: String,
    socks_proxy: String,
    token: String,
    user: String,
    password: String,
    creds: String,
    nkey: String,
    cert: String,
    key: String,
    ca: String,
    nsc: String,
    jetstream_domain: String,
    jetstream_api_prefix: String,
    inbox_prefix: String,
    user_jwt: String,
    user_seed: String,
    tls_first: bool,
    windows_cert_store: String,
}

/// Reads the context of this name, or the file if the name ends in `.json`. `lookup` is the environment.
pub(super) fn read(name: &str, lookup: &impl Fn(&str) -> Option<OsString>) -> Result<Settings> {
    let path = place(name, lookup)?;
    let about = |error: Error| {
        error
            .with_operation("read configuration")
            .with_context("context", name)
            .with_context("path", path.display())
    };
    let text = text(&path).map_err(|cause| {
        about(Error::config("context", format!("the context cannot be read: {}", cause.kind())))
            .with_remedy("`nats context ls` shows the names; it is a file below 256 KiB")
    })?;
    // Read in two steps: what a parser says of a value repeats it.
    let context = serde_json::from_str(&text)
        .map_err(|error| Error::config("context", format!("line {} is not a context's", error.line())))
        .and_then(|values: serde_json::Map<String, serde_json::Value>| {
            serde_path_to_error::deserialize(serde_json::Value::Object(values)).map_err(|error| {
                Error::config(
                    "context",
                    format!("`{}` has another type than it has in a context", error.path()),
                )
            })
        });
    let settings = context.and_then(|context: Context| context.into_settings(lookup));
    settings.map_err(|error| {
        let error = about(error);
        if error.remedy().is_some() { error } else { error.with_remedy("write it anew: `nats context edit`") }
    })
}

fn text(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MOST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MOST { Err(std::io::ErrorKind::FileTooLarge.into()) } else { Ok(text) }
}

/// Where the command line keeps it.
fn place(name: &str, lookup: &impl Fn(&str) -> Option<OsString>) -> Result<PathBuf> {
    if name.ends_with(".json") {
        return Ok(PathBuf::from(name));
    }
    if name.is_empty() || name.contains("..") || name.contains(['/', '\\']) {
        return Err(Error::config("context", "this is no name of a context")
            .with_remedy("give a name as `nats context ls` shows it, or the path of a `*.json`"));
    }
    let set = |variable: &str| lookup(variable).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder =
        set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(".config"))).ok_or_else(|| {
            Error::config("context", "there is no home directory to look for contexts in")
                .with_remedy("set `HOME` or `XDG_CONFIG_HOME`, or give the path of the `*.json`")
        })?;
    Ok(folder.join("nats").join("context").join(format!("{name}.json")))
}

impl Context {
    fn into_settings(self, lookup: &impl Fn(&str) -> Option<OsString>) -> Result<Settings> {
        for (key, value) in [
            ("socks_proxy", &self.socks_proxy),
            ("nsc", &self.nsc),
            ("windows_cert_store", &self.windows_cert_store),
        ] {
            if !value.is_empty() {
                return Err(Error::config("context", format!("`{key}` is not served")).with_remedy(
                    "use a context without it: `creds` is a file, `ca`, `cert` and `key` are PEM files",
                ));
            }
        }
        let secret = |key, value: &str| secret(key, value, lookup);
        let literal = |key, value: String| literal(key, value, lookup);
        let path = |key, value: String| path_of(key, &value, lookup);
        let mut settings = Settings {
            creds: secret("creds", &self.creds)?,
            nkey: secret("nkey", &self.nkey)?,
            user: literal("user", self.user)?,
            password: literal("password", self.password)?,
            token: literal("token", self.token)?,
            jwt: literal("user_jwt", self.user_jwt)?,
            seed: literal("user_seed", self.user_seed)?,
            ca: path("ca", self.ca)?,
            cert: path("cert", self.cert)?,
            key: path("key", self.key)?,
            domain: set(self.jetstream_domain),
            api_prefix: set(self.jetstream_api_prefix),
            inbox_prefix: set(self.inbox_prefix),
            tls_first: self.tls_first.then_some(true),
            ..Settings::default()
        };
        if settings.user.is_none() {
            // The command line writes one without the other, and does not look at it then.
            settings.password = None;
        }
        match set(self.url) {
            Some(url) => Ok(sources::from_servers(&url)?.over(settings)),
            None => Ok(settings),
        }
    }
}

fn set(value: String) -> Option<String> {
    Some(value).filter(|value| !value.is_empty())
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

#[cfg(test)]
mod tests;
