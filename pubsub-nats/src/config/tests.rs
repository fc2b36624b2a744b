//! Configurations as users write them.

use std::time::Duration;

use pubsub_core::ErrorKind;

use super::*;

#[test]
fn the_default_is_valid() {
    assert!(NatsConfig::default().validate().is_ok());
}

#[test]
fn credentials_of_a_url_are_decoded_and_hidden() {
    use secrecy::ExposeSecret as _;
    let config = NatsConfig::new("nats://us%40er:p%3Aw@h:1").unwrap();
    let Credentials::Password { user, password } = &config.credentials else { panic!("{config:?}") };
    assert_eq!((user.as_str(), password.expose_secret()), ("us@er", "p:w"));
    assert!(!format!("{config:?}").contains("p:w") && !format!("{config:?}").contains("us@er"));
}

#[test]
fn what_is_printed_holds_no_secret_before_it_was_checked_either() {
    let config = NatsConfig::default()
        .with_servers(["nats://canary:canary@h"])
        .with_ca("-----BEGIN canary")
        .with_client_certificate("-----BEGIN canary", "-----BEGIN canary");
    assert!(!format!("{config:?}").contains("canary"), "{config:?}");
}

#[test]
fn options_of_a_url_are_fields() {
    let config = NatsConfig::new("nats://h?max_in_flight=7&max_in_flight_bytes=1MiB&name=x").unwrap();
    assert_eq!((config.max_in_flight, config.max_in_flight_bytes), (7, 1024 * 1024));
    assert_eq!((config.name.as_str(), &config.servers[..]), ("x", &["h".to_owned()][..]));
}

#[test]
fn every_kind_of_credentials_can_stand_in_a_url() {
    const SEED: &str = "SUANQDPB2RUOE4ETUA26CNX7FUKE5ZZKFCQIIW63OX225F2CO7UEXTM7ZY";
    let kind = |query: &str| NatsConfig::new(&format!("tls://h?{query}")).unwrap().credentials;
    assert!(matches!(kind("user=u&password=p"), Credentials::Password { .. }));
    assert!(matches!(kind("token=t"), Credentials::Token(_)));
    assert!(matches!(kind(&format!("nkey={SEED}")), Credentials::Nkey(_)));
    assert!(matches!(kind("nkey=/etc/user.nk"), Credentials::NkeyFile(_)));
    assert!(matches!(kind("creds=/etc/user.creds"), Credentials::CredentialsFile(_)));
    assert!(matches!(kind("creds=-----BEGIN+NATS"), Credentials::CredentialsText(_)));
    assert!(matches!(kind("ca=a"), Credentials::None));
}

#[test]
fn tls_of_a_url_is_kept_for_each_host() {
    let config = NatsConfig::new("tls://a:1,b?ca=/etc/ca.pem&cert=c&key=k").unwrap();
    assert_eq!(config.servers, ["tls://a:1", "tls://b"]);
    assert_eq!(
        (config.ca, config.cert, config.key),
        (Some("/etc/ca.pem".into()), Some("c".into()), Some("k".into()))
    );
}

#[test]
fn what_cannot_be_is_refused_by_field() {
    for (url, field) in [
        ("nats://h?max_in_flight=0", "max_in_flight"),
        ("nats://h?max_in_flight_bytes=0", "max_in_flight_bytes"),
        ("nats://h?connect_timeout=0s", "connect_timeout"),
        ("nats://h?close_timeout=20000d", "close_timeout"),
        ("nats://h?reconnect_delay=3s", "reconnect_max_delay"),
        ("nats://h?inbox_prefix=a..b", "inbox_prefix"),
        ("nats://h?api_prefix=$JS.>", "api_prefix"),
        ("nats://h?domain=a.b", "domain"),
        ("nats://h?domain=a&api_prefix=b", "domain"),
        ("nats://h?cert=c", "key"),
        ("nats://h?key=k", "cert"),
        ("tls://h?tls=optional", "tls"),
        ("nats://h?tls=optional&tls_first=true", "tls"),
        ("nats://h?user=u", "user"),
        ("nats://h?password=p", "password"),
        ("nats://h?token=t&creds=c", "credentials"),
        ("nats://t@h?creds=c", "url"),
        ("nats://h?servers=x", "url"),
        ("nats://h/path", "url"),
        ("ws://h", "url"),
    ] {
        let error = NatsConfig::new(url).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{url}: {error}");
        assert_eq!(error.context("field"), Some(field), "{url}: {error}");
    }
}

#[test]
fn an_unknown_option_is_refused_by_name() {
    let error = NatsConfig::new("nats://canary:canary@h?tiemout=1s").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("tiemout"), "{error}");
    assert!(!format!("{error:?}").contains("canary"), "{error:?}");
}

#[test]
fn a_source_wins_over_those_below_it_whatever_the_order_of_calls() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nats.toml");
    std::fs::write(&path, "name = \"file\"\ntoken = \"t\"\ndomain = \"hub\"\nconnect_timeout = \"9s\"\n")
        .unwrap();
    let url = "nats://u:p@127.0.0.1?name=url&api_prefix=own";
    for config in [
        NatsConfig::sources().file(&path).unwrap().url(url).unwrap().read().unwrap(),
        NatsConfig::sources().url(url).unwrap().file(&path).unwrap().read().unwrap(),
    ] {
        assert_eq!(config.name, "url");
        assert_eq!(config.connect_timeout, Duration::from_secs(9));
        assert!(matches!(config.credentials, Credentials::Password { .. }));
        assert_eq!(config.interface_prefix(), "own");
    }
}

#[test]
fn the_interface_follows_domain_and_prefix() {
    let config = NatsConfig::default();
    assert_eq!(config.interface_prefix(), "$JS.API");
    assert_eq!(config.clone().with_domain("hub").interface_prefix(), "$JS.hub.API");
    assert_eq!(config.with_api_prefix("imported.js").interface_prefix(), "imported.js");
}

/// The table of the documentation, against the code: every key once, in its order, with its variables.
#[test]
fn the_documented_table_is_the_code_s() {
    let table = include_str!("../../docs/configuration.md");
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let keys: Vec<&str> = rows.iter().map(|row| row[0].trim_matches('`')).collect();
    assert_eq!(keys, Settings::KEYS);
    for row in &rows {
        let key = row[0].trim_matches('`');
        let documented: Vec<&str> = row[1].split(", ").map(|name| name.trim_matches('`')).collect();
        let read: Vec<&str> = match key {
            "servers" => vec!["NATS_URL"],
            _ => environment::VARIABLES.iter().filter(|(_, of)| *of == key).map(|(name, _)| *name).collect(),
        };
        assert_eq!(documented, read, "{key}");
        // Where the default can be written as a value, it is the default.
        if let Some(default) = row.get(3).filter(|cell| cell.starts_with('`')) {
            let settings = environment::one("", key, default.trim_matches('`')).unwrap();
            let config = settings.into_config().unwrap();
            assert_eq!(format!("{config:?}"), format!("{:?}", NatsConfig::default()), "{key}");
        }
    }
}
