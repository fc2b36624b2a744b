//! What stands in a context in place of a value: a path with `~` and variables, `file://`, `env://`, `data:`.

use std::ffi::OsString;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pubsub_core::{Error, Result};
use secrecy::SecretString;

use super::Secret;

/// Where a value is to be found.
enum Reference<'a> {
    /// It stands here.
    Here(&'a str),
    File(&'a str),
    Variable(&'a str),
    Data(&'a str),
}

/// No error repeats a value: it may be the secret itself.
fn refused(key: &str, message: &str, remedy: &str) -> Error {
    Error::config("context", format!("`{key}`: {message}")).with_remedy(remedy.to_owned())
}

fn read<'a>(key: &str, value: &'a str) -> Result<Reference<'a>> {
    let Some((scheme, rest)) = value.split_once(':') else { return Ok(Reference::Here(value)) };
    let rest_of_url = rest.strip_prefix("//");
    match (scheme.to_ascii_lowercase().as_str(), rest_of_url) {
        ("file", Some(path)) => Ok(Reference::File(path)),
        ("env", Some(name)) => Ok(Reference::Variable(name)),
        ("data", None) => Ok(Reference::Data(rest)),
        ("op" | "nsc", Some(_)) => Err(refused(
            key,
            "a vault is not asked here",
            "give a file, `env://NAME` or the value itself, or connect with `Credentials::jwt` and a signer",
        )),
        _ => Ok(Reference::Here(value)),
    }
}

/// A value that stands for itself where it is no reference: a password, a token, a JWT, a seed.
pub(super) fn literal(
    key: &str,
    value: String,
    lookup: &impl Fn(&str) -> Option<OsString>,
) -> Result<Option<Secret>> {
    if value.is_empty() {
        return Ok(None);
    }
    let text = match read(key, &value)? {
        Reference::Here(_) => value,
        Reference::File(path) => content(key, path, lookup)?,
        Reference::Variable(name) => variable(key, name, lookup)?,
        Reference::Data(data) => decoded(key, data)?,
    };
    Ok(Some(Secret(SecretString::from(text.trim_end_matches(['\r', '\n']).to_owned()))))
}

/// A value that is a path where it is no other reference: a credentials file, a file with an nkey. A file stays one, so that
/// it is read anew for each connection.
pub(super) fn secret(
    key: &str,
    value: &str,
    lookup: &impl Fn(&str) -> Option<OsString>,
) -> Result<Option<Secret>> {
    if value.is_empty() {
        return Ok(None);
    }
    let text = match read(key, value)? {
        Reference::Here(path) | Reference::File(path) => expanded(path, lookup),
        Reference::Variable(name) => variable(key, name, lookup)?,
        Reference::Data(data) => decoded(key, data)?,
    };
    Ok(Some(Secret(text.into())))
}

/// The path of a PEM file.
pub(super) fn path_of(
    key: &str,
    value: &str,
    lookup: &impl Fn(&str) -> Option<OsString>,
) -> Result<Option<PathBuf>> {
    if value.is_empty() {
        return Ok(None);
    }
    match read(key, value)? {
        Reference::Here(path) | Reference::File(path) => Ok(Some(expanded(path, lookup).into())),
        _ => Err(refused(key, "only a file can be named", "give the path of a PEM file")),
    }
}

fn content(key: &str, path: &str, lookup: &impl Fn(&str) -> Option<OsString>) -> Result<String> {
    super::text(expanded(path, lookup).as_ref()).map_err(|cause| {
        refused(key, &format!("the file cannot be read: {}", cause.kind()), "check that it is there")
    })
}

fn variable(key: &str, name: &str, lookup: &impl Fn(&str) -> Option<OsString>) -> Result<String> {
    lookup(name)
        .and_then(|value| value.into_string().ok())
        .filter(|value| !value.is_empty())
        .ok_or_else(|| refused(key, "the variable that it names is not set", "set it, or name another one"))
}

fn decoded(key: &str, data: &str) -> Result<String> {
    let payload =
        data.split_once(',').filter(|(header, _)| header.split(';').any(|part| part.trim() == "base64"));
    payload
        .and_then(|(_, payload)| STANDARD.decode(payload).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| {
            refused(key, "this is no text in base64", "write `data:;base64,` and the text in base64")
        })
}

/// A path with `~`, `$NAME` and `${NAME}` filled in; a variable that is not set is empty, as in a shell.
fn expanded(path: &str, lookup: &impl Fn(&str) -> Option<OsString>) -> String {
    let value = |name: &str| lookup(name).and_then(|value| value.into_string().ok()).unwrap_or_default();
    let mut filled = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('$') {
        filled.push_str(before);
        let braced = after.strip_prefix('{').and_then(|after| after.split_once('}'));
        rest = if let Some((name, after)) = braced {
            filled.push_str(&value(name));
            after
        } else {
            let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
            let (name, after) = after.split_at(end);
            if name.is_empty() {
                filled.push('$');
            } else {
                filled.push_str(&value(name));
            }
            after
        };
    }
    filled.push_str(rest);
    match filled.strip_prefix('~') {
        Some(below) if below.is_empty() || below.starts_with('/') => format!("{}{below}", value("HOME")),
        _ => filled,
    }
}
