//! A server in operator mode, for tests: JWTs of an operator, two accounts and a user, signed here.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use nkeys::KeyPair;
use pubsub_testkit::nats_server::NatsServer;
use serde_json::{Value, json};

pub(crate) struct Operator {
    pub(crate) server: NatsServer,
    account: KeyPair,
}

/// A user of the account.
pub(crate) struct User {
    pub(crate) pair: KeyPair,
    pub(crate) jwt: String,
}

impl Operator {
    pub(crate) fn start() -> Self {
        let (operator, account, system) =
            (KeyPair::new_operator(), KeyPair::new_account(), KeyPair::new_account());
        let unlimited = json!({
            "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true, "conn": -1,
            "leaf": -1, "mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1
        });
        let mut none = unlimited.clone();
        none["mem_storage"] = json!(0);
        none["disk_storage"] = json!(0);
        let account_jwt = |of: &KeyPair, limits: Value| {
            sign(&operator, of, &json!({"limits": limits, "type": "account", "version": 2}))
        };
        let own = sign(
            &operator,
            &operator,
            &json!({"type": "operator", "version": 2, "system_account": system.public_key()}),
        );
        let text = format!(
            "operator: {own}\nsystem_account: {}\nresolver: MEMORY\nresolver_preload {{\n {}: {}\n {}: {}\n }}\n",
            system.public_key(),
            account.public_key(),
            account_jwt(&account, unlimited),
            system.public_key(),
            account_jwt(&system, none),
        );
        Self { server: NatsServer::builder().config_text(text).start().unwrap(), account }
    }

    pub(crate) fn user(&self) -> User {
        let pair = KeyPair::new_user();
        let claims = json!({"pub": {}, "sub": {}, "subs": -1, "data": -1, "payload": -1, "type": "user", "version": 2});
        User { jwt: sign(&self.account, &pair, &claims), pair }
    }
}

impl User {
    /// A credentials file's text.
    pub(crate) fn text(&self) -> String {
        format!(
            "-----BEGIN NATS USER JWT-----\n{}\n------END NATS USER JWT------\n\n\
             -----BEGIN USER NKEY SEED-----\n{}\n------END USER NKEY SEED------\n",
            self.jwt,
            self.pair.seed().unwrap()
        )
    }
}

fn sign(issuer: &KeyPair, subject: &KeyPair, claims: &Value) -> String {
    let header = json!({"typ": "JWT", "alg": "ed25519-nkey"});
    let body = json!({
        "jti": "x", "iat": 1_600_000_000, "iss": issuer.public_key(), "sub": subject.public_key(), "name": "test",
        "nats": claims
    });
    let text = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header.to_string()),
        URL_SAFE_NO_PAD.encode(body.to_string())
    );
    let signature = issuer.sign(text.as_bytes()).unwrap();
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}
