//! A configuration from environment variables.

use std::ffi::OsString;

use pubsub_core::{Error, Result};

use super::settings::Settings;
use super::{context, sources};

const URL: &str = "NATS_URL";
const USER: &str = "NATS_USER";
const CONTEXT: &str = "NATS_CONTEXT";
/// Served by the `nats` command line, and not here: a connection that goes around a proxy is not what was asked for.
const PROXY: &str = "NATS_SOCKS_PROXY";

/// Which variable sets which key. Of two for one key the first wins. `NATS_URL`, `NATS_USER`, `NATS_PASSWORD`, `NATS_TOKEN`,
/// `NATS_CREDS`, `NATS_NKEY`, `NATS_JWT`, `NATS_SEED`, `NATS_CERT`, `NATS_KEY`, `NATS_CA` and `NATS_TIMEOUT` are the `nats`
/// command line's.
pub(super) const VARIABLES: &[(&str, &str)] = &[
    ("NATS_NAME", "name"),
    ("NATS_CLIENT_ID", "name"),
    (USER, "user"),
    ("NATS_PASSWORD", "password"),
    ("NATS_TOKEN", "token"),
    ("NATS_NKEY", "nkey"),
    ("NATS_CREDS", "creds"),
    ("NATS_JWT", "jwt"),
    ("NATS_SEED", "seed"),
    ("NATS_TLS", "tls"),
    ("NATS_TLS_FIRST", "tls_first"),
    ("NATS_CA", "ca"),
    ("NATS_CERT", "cert"),
    ("NATS_KEY", "key"),
    ("NATS_DISCOVERED_SERVERS", "discovered_servers"),
    ("NATS_DOMAIN", "domain"),
    ("JETSTREAM_DOMAIN", "domain"),
    ("NATS_API_PREFIX", "api_prefix"),
    ("NATS_INBOX_PREFIX", "inbox_prefix"),
    ("NATS_JETSTREAM", "jetstream"),
    ("JETSTREAM_ENABLED", "jetstream"),
    ("NATS_CLUSTER", "cluster"),
    ("NATS_CLUSTER_ID", "cluster"),
    ("NATS_CONNECT_TIMEOUT", "connect_timeout"),
    ("NATS_TIMEOUT", "request_timeout"),
    ("NATS_PUBLISH_TIMEOUT", "publish_timeout"),
    ("NATS_PUBLISH_RETRY", "publish_retry"),
    ("NATS_CLOSE_TIMEOUT", "close_timeout"),
    ("NATS_PING_INTERVAL", "ping_interval"),
    ("NATS_RECONNECT_DELAY", "reconnect_delay"),
    ("NATS_RECONNECT_MAX_DELAY", "reconnect_max_delay"),
    ("NATS_MAX_IN_FLIGHT", "max_in_flight"),
    ("NATS_MAX_IN_FLIGHT_BYTES", "max_in_flight_bytes"),
];

/// Reads what `lookup` has. `NATS_URL` wins over the other variables, and those over what the context says that `NATS_CONTEXT`
/// names.
pub(super) fn read(lookup: impl Fn(&str) -> Option<OsString>) -> Result<Settings> {
    if value(&lookup, PROXY)?.is_some() {
        return Err(Error::config("environment", "connecting through a SOCKS proxy is not served")
            .with_context("variable", PROXY)
            .with_remedy("unset it, and let a tunnel listen on this machine"));
    }
    let mut settings = Settings::default();
    for (variable, key) in VARIABLES {
        if let Some(value) = value(&lookup, variable)? {
            settings = settings.fill(one(variable, key, &value)?);
        }
    }
    // As the `nats` command line has it: a user without a password is a token.
    if settings.user.is_some() && settings.password.is_none() && settings.token.is_none() {
        settings.token = settings.user.take();
    }
    if let Some(url) = value(&lookup, URL)? {
        let from_url = sources::from_servers(&url).map_err(|error| error.with_context("variable", URL))?;
        settings = from_url.over(settings);
    }
    if let Some(name) = value(&lookup, CONTEXT)? {
        let context =
            context::read(&name, &lookup).map_err(|error| error.with_context("variable", CONTEXT))?;
        settings = settings.over(context);
    }
    Ok(settings)
}

fn value(lookup: &impl Fn(&str) -> Option<OsString>, variable: &'static str) -> Result<Option<String>> {
    let value = lookup(variable).filter(|value| !value.is_empty());
    value
        .map(|value| {
            value.into_string().map_err(|_| {
                Error::config("environment", "the value is not UTF-8").with_context("variable", variable)
            })
        })
        .transpose()
}

/// Reads one variable by itself, so that a refusal can name it.
pub(super) fn one(variable: &'static str, key: &'static str, value: &str) -> Result<Settings> {
    let value = match (key, value.to_ascii_lowercase().as_str()) {
        ("jetstream" | "tls_first", "1" | "yes" | "on" | "true") => "true",
        ("jetstream" | "tls_first", "0" | "no" | "off" | "false") => "false",
        _ => value,
    };
    let pairs = serde_html_form::to_string([(key, value)])
        .map_err(|_| Error::config(key, "the value cannot be read").with_context("variable", variable))?;
    serde_html_form::from_str(&pairs).map_err(|error| {
        Error::config(key, error.to_string())
            .with_context("variable", variable)
            .with_remedy("correct the environment variable")
    })
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};
    use std::time::Duration;

    use pubsub_core::ErrorKind;

    use super::*;
    use crate::{Credentials, NatsConfig, TlsMode};

    fn config(variables: &[(&str, &str)]) -> Result<NatsConfig> {
        let variables: HashMap<_, _> = variables.iter().copied().collect();
        let config = read(|name| variables.get(name).map(OsString::from))?.into_config()?;
        config.validate()?;
        Ok(config)
    }

    #[test]
    fn every_key_has_a_variable_and_every_variable_a_key() {
        let keys: HashSet<_> = Settings::KEYS.iter().copied().collect();
        let reached: HashSet<_> = VARIABLES.iter().map(|(_, key)| *key).chain(["servers"]).collect();
        assert_eq!(keys, reached);
    }

    #[test]
    fn the_variables_of_the_command_line_are_read() {
        let config = config(&[
            ("NATS_URL", "tls://a:4222,tls://b"),
            ("NATS_USER", "ride"),
            ("NATS_PASSWORD", "p"),
            ("NATS_CA", "ca.pem"),
            ("NATS_CERT", "c.pem"),
            ("NATS_KEY", "k.pem"),
            ("NATS_TIMEOUT", "7s"),
        ])
        .unwrap();
        assert_eq!(config.servers, ["tls://a:4222", "tls://b"]);
        assert!(matches!(config.credentials, Credentials::Password { .. }));
        assert_eq!(
            (config.ca, config.cert, config.key),
            (Some("ca.pem".into()), Some("c.pem".into()), Some("k.pem".into()))
        );
        assert_eq!(config.request_timeout, Duration::from_secs(7));
    }

    #[test]
    fn the_variables_of_the_requirements_are_read() {
        let config = config(&[
            ("NATS_URL", "localhost:4222"),
            ("NATS_CLUSTER_ID", "nebengjek-cluster"),
            ("NATS_CLIENT_ID", "users-service-1"),
            ("JETSTREAM_ENABLED", "true"),
            ("JETSTREAM_DOMAIN", "nebengjek"),
        ])
        .unwrap();
        assert_eq!(config.name, "users-service-1");
        assert_eq!(config.cluster.as_deref(), Some("nebengjek-cluster"));
        assert_eq!(config.interface_prefix(), "$JS.nebengjek.API");
        assert!(config.jetstream);
    }

    #[test]
    fn a_user_without_a_password_is_a_token() {
        assert!(matches!(config(&[("NATS_USER", "t")]).unwrap().credentials, Credentials::Token(_)));
    }

    #[test]
    fn the_url_wins_over_other_variables() {
        let variables = [
            ("NATS_URL", "nats://u:p@localhost?name=url&tls=optional"),
            ("NATS_CREDS", "user.creds"),
            ("NATS_NAME", "variable"),
            ("NATS_TIMEOUT", "7s"),
        ];
        let config = config(&variables).unwrap();
        assert!(
            matches!(config.credentials, Credentials::Password { .. }),
            "one source gives all credentials"
        );
        assert_eq!((config.name.as_str(), config.tls), ("url", TlsMode::Optional));
        assert_eq!(config.request_timeout, Duration::from_secs(7));
    }

    #[test]
    fn a_jwt_and_its_seed_are_the_text_of_a_credentials_file() {
        let config = config(&[("NATS_JWT", "eyJ0"), ("NATS_SEED", "SUSEED")]).unwrap();
        assert!(matches!(config.credentials, Credentials::CredentialsText(_)));
    }

    #[test]
    fn the_variables_win_over_the_context_that_one_of_them_names() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ride.json");
        std::fs::write(&path, r#"{"url": "tls://context", "token": "t", "inbox_prefix": "_INBOX_ride"}"#)
            .unwrap();
        let context = ("NATS_CONTEXT", path.to_str().unwrap());
        let all = config(&[context]).unwrap();
        assert_eq!(all.servers, ["tls://context"]);
        assert!(matches!(all.credentials, Credentials::Token(_)));
        let variables = [context, ("NATS_URL", "variable"), ("NATS_USER", "u"), ("NATS_PASSWORD", "p")];
        let some = config(&variables).unwrap();
        assert_eq!(
            (&some.servers[..], some.inbox_prefix.as_str()),
            (&["variable".to_owned()][..], "_INBOX_ride")
        );
        assert!(matches!(some.credentials, Credentials::Password { .. }));
    }

    #[test]
    fn a_proxy_that_would_be_gone_around_is_refused() {
        let error = config(&[("NATS_SOCKS_PROXY", "socks5://canary:canary@proxy")]).unwrap_err();
        assert_eq!(error.context("variable"), Some("NATS_SOCKS_PROXY"));
        assert!(error.remedy().is_some() && !format!("{error:?}").contains("canary"), "{error:?}");
    }

    #[test]
    fn the_first_of_two_variables_for_one_key_wins() {
        assert_eq!(config(&[("NATS_CLIENT_ID", "id"), ("NATS_NAME", "name")]).unwrap().name, "name");
    }

    #[test]
    fn an_empty_variable_is_absent() {
        assert_eq!(config(&[("NATS_NAME", ""), ("NATS_URL", "")]).unwrap().name, NatsConfig::default().name);
    }

    #[test]
    fn a_bad_value_names_its_variable_and_no_secret() {
        for (variables, named) in [
            (vec![("NATS_TIMEOUT", "soon"), ("NATS_TOKEN", "canary")], "NATS_TIMEOUT"),
            (vec![("NATS_URL", "nats://canary:canary@h?tiemout=1s")], "NATS_URL"),
            (vec![("NATS_URL", "canary@canary@h")], "NATS_URL"),
            (vec![("NATS_TLS", "perhaps")], "NATS_TLS"),
            (vec![("NATS_MAX_IN_FLIGHT", "-1")], "NATS_MAX_IN_FLIGHT"),
            (vec![("NATS_CONTEXT", "no/such"), ("NATS_TOKEN", "canary")], "NATS_CONTEXT"),
        ] {
            let error = config(&variables).unwrap_err();
            assert_eq!(
                (error.kind(), error.context("variable")),
                (ErrorKind::Config, Some(named)),
                "{error}"
            );
            assert!(!format!("{error:?}").contains("canary"), "{error:?}");
        }
    }

    #[test]
    fn two_kinds_of_credentials_are_refused() {
        let error = config(&[("NATS_TOKEN", "canary"), ("NATS_CREDS", "canary")]).unwrap_err();
        assert_eq!((error.kind(), error.context("field")), (ErrorKind::Config, Some("credentials")));
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
}
