//! The addresses of a configuration, checked.

use pubsub_core::config::ConnectUrl;
use pubsub_core::{Error, ErrorKind, Result};

/// The schemes that this backend serves.
pub(crate) const SCHEMES: &[&str] = &["nats", "tls"];

/// Checks one entry of the list of servers (`host`, `host:port`, `nats://host:port` or `tls://host:port`) and gives it
/// with its scheme. No error repeats an entry: it might hold credentials.
pub(crate) fn address(entry: &str) -> Result<String> {
    let url = if entry.contains("://") { entry.to_owned() } else { format!("nats://{entry}") };
    let url = ConnectUrl::parse(&url).map_err(|error| error.with_context("field", "servers"))?;
    if !SCHEMES.contains(&url.scheme()) {
        return Err(Error::config("servers", format!("the scheme `{}` is not served", url.scheme()))
            .with_remedy("write `nats://host:port` or `tls://host:port`"));
    }
    if url.user_info().is_some() {
        return Err(Error::config("servers", "credentials do not belong into an address")
            .with_remedy("give them once, as `credentials`, or connect by URL"));
    }
    match url.hosts() {
        [host] if url.path().is_empty() || url.path() == "/" => Ok(format!("{}://{host}", url.scheme())),
        [_] => Err(Error::config("servers", "an address has no path").with_remedy("write `host:port`")),
        _ => Err(Error::new(ErrorKind::Config, "an address names one host")
            .with_context("field", "servers")
            .with_remedy("write one entry for each server")),
    }
}

/// Whether an address demands TLS.
pub(crate) fn is_tls(entry: &str) -> bool {
    entry.split_once("://").is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("tls"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_leave_out_the_scheme() {
        assert_eq!(address("a:4222").unwrap(), "nats://a:4222");
        assert_eq!(address("nats://a").unwrap(), "nats://a");
        assert_eq!(address("TLS://a:4222").unwrap(), "tls://a:4222");
    }

    #[test]
    fn only_the_scheme_tls_demands_tls() {
        assert!(is_tls("tls://a") && is_tls("TLS://a"));
        assert!(!is_tls("nats://tls") && !is_tls("tls:4222"));
    }

    #[test]
    fn what_does_not_belong_into_an_address_is_refused_without_showing_it() {
        for entry in
            ["nats://canary:canary@a:4222", "canary@a", "ws://a", "nats://a/canary", "nats://a,b", "", "a b"]
        {
            let error = address(entry).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{entry}");
            assert!(!format!("{error:?}").contains("canary"), "{error:?}");
        }
    }
}
