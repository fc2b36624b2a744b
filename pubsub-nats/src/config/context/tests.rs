//! Contexts as the `nats` command line writes them.

use std::collections::HashMap;

use pubsub_core::ErrorKind;
use secrecy::ExposeSecret as _;

use super::*;
use crate::{Credentials, NatsConfig};

/// A home with a context `ride` of this text.
struct Home {
    folder: tempfile::TempDir,
    variables: HashMap<&'static str, OsString>,
}

impl Home {
    fn with(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let contexts = folder.path().join(".config/nats/context");
        std::fs::create_dir_all(&contexts).unwrap();
        std::fs::write(contexts.join("ride.json"), text).unwrap();
        let variables = HashMap::from([("HOME", folder.path().as_os_str().to_owned())]);
        Self { folder, variables }
    }

    fn settings(&self, name: &str) -> Result<Settings> {
        read(name, &|variable: &str| self.variables.get(variable).cloned())
    }

    fn config(&self) -> Result<NatsConfig> {
        let config = self.settings("ride")?.into_config()?;
        config.validate()?;
        Ok(config)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// All that `nats context save` writes, most of it empty.
const WRITTEN: &str = r#"{"name": "ride", "description": "rides", "url": "tls://a:4222,tls://b", "socks_proxy": "",
    "token": "", "user": "", "password": "", "creds": "~/keys/ride.creds", "nkey": "", "cert": "${HOME}/c.pem",
    "key": "$HOME/k.pem", "ca": "file://~/ca.pem", "nsc": "", "jetstream_domain": "hub", "jetstream_api_prefix": "",
    "jetstream_event_prefix": "", "inbox_prefix": "_INBOX_ride", "user_jwt": "", "user_seed": "", "color_scheme": "",
    "tls_first": true, "windows_cert_store": "", "windows_cert_match_by": "", "windows_cert_match": "",
    "windows_ca_certs_match": null}"#;

#[test]
fn what_the_command_line_writes_is_read() {
    let home = Home::with(WRITTEN);
    let config = home.config().unwrap();
    assert_eq!(config.servers, ["tls://a:4222", "tls://b"]);
    let Credentials::CredentialsFile(creds) = &config.credentials else { panic!("{config:?}") };
    assert_eq!(*creds, home.path("keys/ride.creds"));
    assert_eq!(config.ca, Some(home.path("ca.pem")));
    assert_eq!((config.cert, config.key), (Some(home.path("c.pem")), Some(home.path("k.pem"))));
    assert_eq!((config.domain.as_deref(), config.inbox_prefix.as_str()), (Some("hub"), "_INBOX_ride"));
    assert!(config.tls_first && config.name == NatsConfig::default().name);
}

#[test]
fn references_are_followed() {
    let mut home =
        Home::with(r#"{"url": "nats://127.0.0.1", "user": "ride", "password": "env://RIDE_PASSWORD"}"#);
    home.variables.insert("RIDE_PASSWORD", "p".into());
    let Credentials::Password { user, password } = home.config().unwrap().credentials else { panic!() };
    assert_eq!((user.as_str(), password.expose_secret()), ("ride", "p"));

    // "t", and then the text of a credentials file that is too short to be one.
    let home = Home::with(r#"{"token": "data:;base64,dAo="}"#);
    let Credentials::Token(token) = home.config().unwrap().credentials else { panic!() };
    assert_eq!(token.expose_secret(), "t");
    let home = Home::with(r#"{"creds": "data:;base64,LS0tLS1CRUdJTiBOQVRT"}"#);
    assert!(matches!(home.config().unwrap().credentials, Credentials::CredentialsText(_)));

    let home = Home::with(r#"{"user_jwt": "eyJ0", "user_seed": "file://~/seed"}"#);
    std::fs::write(home.path("seed"), "SUSEED\n").unwrap();
    let Credentials::CredentialsText(text) = home.config().unwrap().credentials else { panic!() };
    assert!(text.expose_secret().contains("eyJ0\n") && text.expose_secret().contains("SUSEED\n"));
}

#[test]
fn a_file_can_be_given_and_another_folder() {
    let home = Home::with("{}");
    let file = home.path("other.json");
    std::fs::write(&file, r#"{"url": "nats://elsewhere"}"#).unwrap();
    assert_eq!(home.settings(file.to_str().unwrap()).unwrap().into_config().unwrap().servers, ["elsewhere"]);
    let mut moved = Home::with("{}");
    moved.variables.insert("XDG_CONFIG_HOME", moved.path("xdg").into());
    assert!(moved.config().is_err(), "it is looked for there only");
}

#[test]
fn what_cannot_be_is_refused_and_shows_no_secret() {
    for text in [
        r#"{"token": "canary", "user": 7}"#,
        r#"{"token": "canary""#,
        r#"["canary"]"#,
        r#"{"token": "canary", "socks_proxy": "socks5://canary"}"#,
        r#"{"nsc": "nsc://canary"}"#,
        r#"{"creds": "op://canary/x"}"#,
        r#"{"password": "env://CANARY_canary", "user": "canary"}"#,
        r#"{"token": "data:canary"}"#,
        r#"{"ca": "env://canary"}"#,
        r#"{"url": "canary@canary@h"}"#,
        r#"{"token": "canary", "creds": "canary"}"#,
        r#"{"user_jwt": "canary"}"#,
        r#"{"user": "canary"}"#,
    ] {
        let error = Home::with(text).config().map(|config| format!("{config:?}")).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert_eq!(error.kind(), ErrorKind::Config, "{shown}");
        assert!(error.remedy().is_some() && !shown.contains("canary"), "{text}: {shown}");
    }
    for name in ["", "..", "a/b", "missing", "missing.json"] {
        let error = Home::with("{}").settings(name).err().unwrap();
        assert!(error.kind() == ErrorKind::Config && error.remedy().is_some(), "{error}");
    }
}
