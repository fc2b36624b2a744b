//! The grammar of a connection URL. No error repeats a part of the URL: what is not understood may hold a secret.

use std::net::Ipv6Addr;

use percent_encoding::percent_decode_str;

use super::{ConnectUrl, UserInfo};
use crate::{Error, Result};

const SHAPE: &str = "write scheme://host:port, such as nats://localhost:4222 or memory://";
const ENCODE_AT: &str = "give the credentials once, before the first host, and write an `@`, `:`, `/`, `?` or `#` \
                         inside them percent-encoded (%40, %3A, %2F, %3F, %23)";

pub(super) fn broken(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::config("url", message)
}

pub(super) fn parse(text: &str) -> Result<ConnectUrl> {
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(broken("the URL holds a blank or a control character")
            .with_remedy("remove it, or percent-encode it (a blank is %20)"));
    }
    let (scheme, rest) = text
        .split_once("://")
        .filter(|(scheme, _)| is_scheme(scheme))
        .ok_or_else(|| broken("the URL has no scheme").with_remedy(SHAPE))?;
    let scheme = scheme.to_ascii_lowercase();

    let (authorities, rest) = split_authorities(&scheme, rest);
    if rest.contains('@') {
        // A `/` or `?` inside a password ends the authority early: what follows would be printed.
        return Err(broken("there is an `@` after the hosts").with_remedy(ENCODE_AT));
    }
    if rest.contains('#') {
        return Err(broken("the URL has a fragment").with_remedy("remove the `#` and what follows it"));
    }
    let (user_info, hosts) = read_authorities(&authorities)?;
    let (path, query) = match rest.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (rest, None),
    };
    check_query(query.unwrap_or_default())?;
    Ok(ConnectUrl {
        shown: show(&scheme, user_info.is_some(), &hosts, path, query),
        path: decode_path(path)?,
        query: query.unwrap_or_default().to_owned(),
        scheme,
        user_info,
        hosts,
    })
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

/// Takes `a,b/path` and also the form `a,nats://b/path`, which NATS users know.
fn split_authorities<'a>(scheme: &str, mut rest: &'a str) -> (Vec<&'a str>, &'a str) {
    let mut authorities = Vec::new();
    loop {
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let before_next = authority
            .strip_suffix(':')
            .and_then(|authority| authority.rsplit_once(','))
            .filter(|(_, next)| next.eq_ignore_ascii_case(scheme));
        if let (Some((before, _)), Some(after)) = (before_next, tail.strip_prefix("//")) {
            authorities.push(before);
            rest = after;
        } else {
            authorities.push(authority);
            return (authorities, tail);
        }
    }
}

fn read_authorities(authorities: &[&str]) -> Result<(Option<UserInfo>, Vec<String>)> {
    let mut user_info = None;
    let mut hosts = Vec::new();
    for (index, authority) in authorities.iter().enumerate() {
        let list = match authority.rsplit_once('@') {
            None => authority,
            Some((credentials, list)) if index == 0 && !credentials.contains('@') => {
                user_info = Some(UserInfo::parse(credentials)?);
                list
            }
            Some(_) => {
                return Err(broken("there is more than one `@` before the hosts").with_remedy(ENCODE_AT));
            }
        };
        let alone = authorities.len() == 1;
        if list.is_empty() && alone && user_info.is_none() {
            break;
        }
        for host in list.split(',') {
            check_host(host).map_err(|what| {
                let number = hosts.len() + 1;
                broken(format!("host {number} of the URL {what}")).with_remedy(SHAPE)
            })?;
            hosts.push(host.to_owned());
        }
    }
    Ok((user_info, hosts))
}

fn check_host(text: &str) -> Result<(), &'static str> {
    let port = match text.strip_prefix('[') {
        Some(literal) => {
            let (address, port) = literal.split_once(']').ok_or("has a `[` without a `]`")?;
            address.parse::<Ipv6Addr>().map_err(|_| "is not an IPv6 address")?;
            match port {
                "" => return Ok(()),
                port => port.strip_prefix(':').ok_or("has text after the `]`")?,
            }
        }
        None => {
            let (name, port) = text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port)));
            check_name(name)?;
            match port {
                None => return Ok(()),
                Some(port) => port,
            }
        }
    };
    let digits = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    match port.parse::<u16>() {
        Ok(1..) if digits => Ok(()),
        _ => Err("has a port that is not a number from 1 to 65535"),
    }
}

fn check_name(host: &str) -> Result<(), &'static str> {
    if host.is_empty() {
        return Err("is empty");
    }
    if host.len() > 253 {
        return Err("is longer than 253 characters");
    }
    if !host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_')) {
        return Err("holds a character that no host name has");
    }
    Ok(())
}

/// Whether each `%` begins an escape.
pub(super) fn percent_is_sound(text: &str) -> bool {
    text.split('%').skip(1).all(|rest| {
        let mut bytes = rest.bytes();
        matches!((bytes.next(), bytes.next()), (Some(a), Some(b)) if a.is_ascii_hexdigit() && b.is_ascii_hexdigit())
    })
}

fn decode_path(path: &str) -> Result<String> {
    let decoded = percent_decode_str(path).decode_utf8();
    decoded
        .ok()
        .filter(|decoded| percent_is_sound(path) && !decoded.chars().any(char::is_control))
        .map(Into::into)
        .ok_or_else(|| {
            broken("the path of the URL is not UTF-8 without control characters after percent-decoding")
                .with_remedy("write a literal `%` as %25, and percent-encode the bytes of the UTF-8 form")
        })
}

fn check_query(query: &str) -> Result<()> {
    if percent_is_sound(query) && percent_decode_str(query).decode_utf8().is_ok() {
        return Ok(());
    }
    Err(broken("an option of the URL is not UTF-8 after percent-decoding")
        .with_remedy("write a literal `%` as %25, and percent-encode the bytes of the UTF-8 form"))
}

/// The number, from 1, of the first option without a `=`.
pub(super) fn find_bare_option(query: &str) -> Option<usize> {
    let bare = query.split('&').position(|pair| !pair.is_empty() && !pair.contains('='));
    bare.map(|index| index + 1)
}

/// The form that may be printed: the values of options are left out too, since one may be a secret.
fn show(scheme: &str, has_user_info: bool, hosts: &[String], path: &str, query: Option<&str>) -> String {
    let user_info = if has_user_info { "***@" } else { "" };
    let mut shown = format!("{scheme}://{user_info}{}{path}", hosts.join(","));
    for (index, pair) in query.into_iter().flat_map(|query| query.split('&')).enumerate() {
        shown.push(if index == 0 { '?' } else { '&' });
        match pair.split_once('=') {
            Some((key, _)) => {
                shown.push_str(key);
                shown.push_str("=***");
            }
            None if pair.is_empty() => {}
            // Whoever forgot the name of an option wrote its value.
            None => shown.push_str("***"),
        }
    }
    shown
}
