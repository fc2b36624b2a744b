//! From [`Credentials`] to what a server is shown. Files are read anew for each connection, and no text here holds what was
//! read.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use async_nats::{Auth, AuthError};
use nkeys::KeyPair;
use pubsub_core::{Error, ErrorKind, Result};
use secrecy::{ExposeSecret as _, SecretString};

use crate::Credentials;

/// A credentials file has about 1 kB.
const MOST: u64 = 64 * 1024;

/// Checks credentials before anything is sent, so that what is wrong with them is told by its key.
pub(super) async fn check(credentials: &Credentials) -> Result<()> {
    match credentials {
        // Its signer is asked when there is something to sign.
        Credentials::Jwt { jwt, .. } if jwt.expose_secret().trim().is_empty() => {
            Err(Error::config("jwt", "the JWT is empty").with_remedy("give the user's JWT"))
        }
        Credentials::None | Credentials::Jwt { .. } => Ok(()),
        other => prove(other, Vec::new()).await.map(drop),
    }
}

/// What proves these credentials to a server that sent this nonce, for async-nats.
pub(super) async fn answer(credentials: Credentials, nonce: Vec<u8>) -> Result<Auth, AuthError> {
    // Its text is logged by async-nats, so it is one of those below.
    prove(&credentials, nonce).await.map_err(|error| AuthError::new(error.message()))
}

async fn prove(credentials: &Credentials, nonce: Vec<u8>) -> Result<Auth> {
    let mut auth = Auth::new();
    match credentials {
        Credentials::None => {}
        Credentials::Password { user, password } => {
            auth.username = Some(user.clone());
            auth.password = Some(password.expose_secret().to_owned());
        }
        Credentials::Token(token) => auth.token = Some(token.expose_secret().to_owned()),
        Credentials::Nkey(seed) => with_nkey(&mut auth, seed, &nonce)?,
        Credentials::NkeyFile(path) => with_nkey(&mut auth, &read("nkey", path).await?, &nonce)?,
        Credentials::CredentialsText(text) => with_text(&mut auth, text, &nonce)?,
        Credentials::CredentialsFile(path) => with_text(&mut auth, &read("creds", path).await?, &nonce)?,
        Credentials::Jwt { jwt, signer } => {
            auth.jwt = Some(jwt.expose_secret().trim().to_owned());
            // A task of its own: a signer may panic.
            let signed = tokio::spawn(signer.sign(nonce)).await;
            let signature = signed.ok().and_then(Result::ok).ok_or_else(|| {
                Error::new(ErrorKind::PermissionDenied, "the signer of the JWT did not sign")
            })?;
            auth.signature = Some(signature);
        }
    }
    Ok(auth)
}

fn with_nkey(auth: &mut Auth, seed: &SecretString, nonce: &[u8]) -> Result<()> {
    let pair = key_pair("nkey", seed.expose_secret())?;
    auth.signature = Some(sign(&pair, nonce)?);
    auth.nkey = Some(pair.public_key());
    Ok(())
}

fn with_text(auth: &mut Auth, text: &SecretString, nonce: &[u8]) -> Result<()> {
    let mut blocks = blocks(text.expose_secret());
    let (Some(jwt), Some(seed)) = (blocks.next(), blocks.next()) else {
        return Err(Error::config(
            "creds",
            "there are no JWT and seed between `-----BEGIN` and `------END` lines",
        )
        .with_remedy("give a file as `nsc generate creds` writes it"));
    };
    auth.signature = Some(sign(&key_pair("creds", seed)?, nonce)?);
    auth.jwt = Some(jwt.to_owned());
    Ok(())
}

/// What stands in the line after each `-----BEGIN ...-----`.
fn blocks(text: &str) -> impl Iterator<Item = &str> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    std::iter::from_fn(move || {
        lines.by_ref().find(|line| line.starts_with("---") && line.contains("BEGIN"))?;
        lines.next().filter(|line| !line.starts_with("---"))
    })
}

fn key_pair(field: &'static str, seed: &str) -> Result<KeyPair> {
    KeyPair::from_seed(seed.trim()).map_err(|_| {
        Error::config(field, "the seed is not an nkey's")
            .with_remedy("give the seed of a user, which begins with SU")
    })
}

fn sign(pair: &KeyPair, nonce: &[u8]) -> Result<Vec<u8>> {
    pair.sign(nonce).map_err(|_| Error::config("nkey", "the seed cannot sign"))
}

async fn read(field: &'static str, path: &Path) -> Result<SecretString> {
    let path: PathBuf = path.into();
    let reading = tokio::task::spawn_blocking(move || {
        let mut text = String::new();
        std::fs::File::open(path)?.take(MOST).read_to_string(&mut text)?;
        Ok::<_, std::io::Error>(SecretString::from(text))
    });
    match reading.await {
        Ok(Ok(text)) => Ok(text),
        // The path is not shown: someone may have written the secret in its place.
        Ok(Err(cause)) => Err(Error::config(field, format!("the file cannot be read: {}", cause.kind()))
            .with_remedy("check that the file is there and that this process may read it")),
        Err(_) => Err(Error::closed("runtime")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(jwt: &str, seed: &str) -> String {
        format!(
            "-----BEGIN NATS USER JWT-----\r\n{jwt}\r\n------END NATS USER JWT------\r\n\r\n*** IMPORTANT ***\r\n\
             -----BEGIN USER NKEY SEED-----\r\n{seed}\r\n------END USER NKEY SEED------\r\n"
        )
    }

    #[tokio::test]
    async fn each_kind_is_shown_as_a_server_wants_it() {
        let pair = KeyPair::new_user();
        let seed = pair.seed().unwrap();
        let prove =
            |credentials: Credentials| async move { prove(&credentials, b"nonce".to_vec()).await.unwrap() };
        let auth = prove(Credentials::password("u", "p")).await;
        assert_eq!((auth.username.as_deref(), auth.password.as_deref()), (Some("u"), Some("p")));
        assert_eq!(prove(Credentials::token("t")).await.token.as_deref(), Some("t"));
        let auth = prove(Credentials::nkey(seed.clone())).await;
        assert_eq!(auth.nkey, Some(pair.public_key()));
        pair.verify(b"nonce", &auth.signature.unwrap()).unwrap();
        let auth = prove(Credentials::text(text("jwt", &seed))).await;
        assert_eq!((auth.jwt.as_deref(), auth.nkey), (Some("jwt"), None));
        pair.verify(b"nonce", &auth.signature.unwrap()).unwrap();
        let auth = prove(Credentials::jwt("jwt", |nonce| async move { Ok(nonce) })).await;
        assert_eq!((auth.jwt.as_deref(), auth.signature.as_deref()), (Some("jwt"), Some(&b"nonce"[..])));
    }

    #[tokio::test]
    async fn a_file_is_read_each_time() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let credentials = Credentials::nkey_file(file.path());
        for pair in [KeyPair::new_user(), KeyPair::new_user()] {
            std::fs::write(file.path(), format!("{}\n", pair.seed().unwrap())).unwrap();
            assert_eq!(prove(&credentials, vec![1]).await.unwrap().nkey, Some(pair.public_key()));
        }
    }

    #[tokio::test]
    async fn what_is_wrong_is_told_by_its_key_and_shows_no_secret() {
        for (credentials, field) in [
            (Credentials::nkey("canary"), "nkey"),
            (Credentials::nkey_file("canary"), "nkey"),
            (Credentials::file("canary"), "creds"),
            (Credentials::text("canary"), "creds"),
            (Credentials::text(text("canary", "canary")), "creds"),
            (Credentials::jwt(" ", |_| async { Ok(Vec::new()) }), "jwt"),
        ] {
            let error = check(&credentials).await.unwrap_err();
            assert_eq!((error.kind(), error.context("field")), (ErrorKind::Config, Some(field)), "{error}");
            let shown = format!("{error} {error:?} {credentials:?}");
            assert!(!shown.contains("canary") && error.remedy().is_some(), "{shown}");
        }
    }

    #[tokio::test]
    async fn a_signer_that_fails_or_panics_is_an_error_that_shows_nothing() {
        let fails = Credentials::jwt("j", |_| async { Err(Error::closed("canary")) });
        let panics = Credentials::jwt("j", |_| async { panic!("canary") });
        for credentials in [fails, panics] {
            let error = answer(credentials, Vec::new()).await.err().unwrap();
            assert!(!error.to_string().contains("canary"), "{error}");
        }
    }
}
