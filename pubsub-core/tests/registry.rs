//! What a user sees who connects to something that is not there.

use pubsub_core::{ErrorKind, Registry};

#[tokio::test]
async fn an_unknown_scheme_is_told_what_to_do() {
    let registry = Registry::new().with_missing("nats", "enable the cargo feature `nats`");
    let error = registry.connect("nats://localhost").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("enable the cargo feature `nats`"), "{error}");
}

#[tokio::test]
async fn a_url_that_cannot_be_read_shows_no_secret() {
    for url in ["", "nats", "nats://u:canary@", "://u:canary@host", "nats://u:canary@host:port:port"] {
        let error = Registry::new().connect(url).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{url}");
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
}
