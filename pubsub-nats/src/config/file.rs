//! A configuration from a file.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use pubsub_core::{Error, Result};
use serde::Deserializer;

use super::settings::Settings;

/// Nobody writes a larger configuration by hand; a larger file is another one.
const MOST: u64 = 1024 * 1024;

pub(super) fn read(path: &Path) -> Result<Settings> {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let parse = match extension.to_ascii_lowercase().as_str() {
        "toml" => toml,
        "json" => json,
        _ => {
            return Err(about(Error::config("file", "its name says neither TOML nor JSON"), path)
                .with_remedy("name it `*.toml` or `*.json`"));
        }
    };
    let text = text(path).map_err(|cause| {
        about(Error::config("file", format!("the file cannot be read: {}", cause.kind())), path).with_remedy(
            "check that it is there, that this process may read it, and that it is text below 1 MiB",
        )
    })?;
    parse(&text).map_err(|error| about(error, path))
}

fn about(error: Error, path: &Path) -> Error {
    error.with_operation("read configuration").with_context("path", path.display())
}

fn text(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MOST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MOST {
        return Err(std::io::ErrorKind::FileTooLarge.into());
    }
    Ok(text)
}

/// Read in two steps: what a TOML parser says of broken text quotes the line, which may hold a secret.
fn toml(text: &str) -> Result<Settings> {
    let table: toml::Table = toml::from_str(text).map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        broken("TOML", before.matches('\n').count() + 1)
    })?;
    settings(table)
}

fn json(text: &str) -> Result<Settings> {
    // An object: serde would also take a list, by position.
    let object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(text).map_err(|error| broken("a JSON object", error.line()))?;
    settings(serde_json::Value::Object(object))
}

fn broken(format: &str, line: usize) -> Error {
    Error::config("file", format!("line {line} is not {format}"))
        .with_remedy("correct the line; text stands in quotes")
}

fn settings<'de, D: Deserializer<'de>>(values: D) -> Result<Settings>
where
    D::Error: std::fmt::Display,
{
    serde_path_to_error::deserialize(values).map_err(|error| {
        let key = error.path().iter().next().map(ToString::to_string);
        // What follows the first line is a drawing of where it stands.
        let cause = error.inner().to_string();
        let cause = cause.lines().next().unwrap_or_default().to_owned();
        match key {
            Some(key) => Error::config("file", format!("`{key}`: {cause}")).with_context("key", key),
            None => Error::config("file", cause),
        }
        .with_remedy("correct the key in the file")
    })
}

#[cfg(test)]
mod tests {
    use pubsub_core::ErrorKind;

    use super::*;
    use crate::{Credentials, NatsConfig, TlsMode};

    fn config(name: &str, text: &str) -> Result<NatsConfig> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        NatsConfig::from_file(path)
    }

    #[test]
    fn toml_and_json_say_the_same() {
        let toml = "servers = [\"tls://a\", \"b:1\"]\nuser = \"u\"\npassword = \"p\"\ntls = \"required\"\n\
                    request_timeout = \"7s\"\nmax_in_flight = 9\nmax_in_flight_bytes = \"1MiB\"\ntls_first = true\n";
        let json = r#"{"servers": "tls://a, b:1", "user": "u", "password": "p", "tls": "required",
                       "request_timeout": "7s", "max_in_flight": 9, "max_in_flight_bytes": "1MiB", "tls_first": true}"#;
        for config in [config("nats.toml", toml).unwrap(), config("nats.JSON", json).unwrap()] {
            assert_eq!(config.servers, ["tls://a", "b:1"]);
            assert!(matches!(config.credentials, Credentials::Password { .. }));
            assert_eq!((config.tls, config.tls_first, config.max_in_flight), (TlsMode::Required, true, 9));
            assert_eq!(config.max_in_flight_bytes, 1024 * 1024);
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused_and_shows_no_secret() {
        for (name, text) in [
            ("a.toml", "password = canary"),
            ("a.toml", "password = 12345678 # canary"),
            ("a.toml", "password = 12345678"),
            ("a.toml", "password = [\"canary\"]"),
            ("a.toml", "token = \"canary\"\nname ="),
            ("a.toml", "token = \"canary\"\ntiemout = \"1s\""),
            ("a.toml", "token = \"canary\"\ncreds = \"canary\""),
            ("a.toml", "user = \"canary\""),
            ("a.toml", "token = \"\""),
            ("a.json", r#"{"password": 12345678}"#),
            ("a.json", r#"{"password": "canary", "#),
            ("a.json", r#"{"token": {"canary": "canary"}}"#),
            ("a.json", r#"{"servers": "nats://canary:canary@h"}"#),
            ("a.json", r#"["canary"]"#),
            ("a.yaml", "token: canary"),
        ] {
            let error = config(name, text).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert_eq!(error.kind(), ErrorKind::Config, "{shown}");
            assert!(!shown.contains("canary") && !shown.contains("12345678"), "{text}: {shown}");
            assert!(error.context("field").is_some() && error.remedy().is_some(), "{shown}");
        }
    }

    #[test]
    fn the_line_or_the_key_is_named() {
        let error = config("a.toml", "name = \"x\"\n\nname = ").unwrap_err();
        assert!(error.message().contains("line 3"), "{error}");
        let error = config("a.toml", "name = \"x\"\nrequest_timeout = \"soon\"").unwrap_err();
        assert_eq!(error.context("key"), Some("request_timeout"), "{error}");
        let error = config("a.json", r#"{"tiemout": "1s"}"#).unwrap_err();
        assert!(
            error.message().contains("tiemout") && error.message().contains("request_timeout"),
            "{error}"
        );
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = NatsConfig::from_file("no/such/file.toml").unwrap_err();
        assert_eq!((error.kind(), error.context("path")), (ErrorKind::Config, Some("no/such/file.toml")));
    }
}
