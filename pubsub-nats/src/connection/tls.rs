//! What TLS is done with: provider, authorities, the client's certificate.
//!
//! async-nats takes the process's provider, and rustls panics if that is not decided; so it is always named here.

use std::path::Path;
use std::sync::Arc;

use async_nats::rustls::crypto::CryptoProvider;
use async_nats::rustls::pki_types::pem::{Error as PemError, PemObject};
use async_nats::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use async_nats::rustls::{ClientConfig, RootCertStore};
use pubsub_core::{Error, Result};

use crate::NatsConfig;

#[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
compile_error!("pubsub-nats needs one of its features `ring` (default) and `aws-lc-rs` for TLS");

/// The application's own choice first; of both features, the one that is not the default.
fn provider() -> Arc<CryptoProvider> {
    if let Some(chosen) = CryptoProvider::get_default() {
        return Arc::clone(chosen);
    }
    #[cfg(feature = "aws-lc-rs")]
    let provider = async_nats::rustls::crypto::aws_lc_rs::default_provider();
    #[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
    let provider = async_nats::rustls::crypto::ring::default_provider();
    Arc::new(provider)
}

/// Reads files, so it is not for a task of the runtime.
pub(super) fn client_config(config: &NatsConfig) -> Result<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| {
            Error::config("tls", "the process's TLS provider has no version of TLS that is safe")
                .with_remedy("install another `CryptoProvider`")
                .with_source(error)
        })?
        .with_root_certificates(authorities(config.ca.as_deref())?);
    let (Some(cert), Some(key)) = (&config.cert, &config.key) else {
        return Ok(builder.with_no_client_auth());
    };
    builder.with_client_auth_cert(certificates("cert", cert)?, private_key(key)?).map_err(|error| {
        Error::config("key", "the private key cannot be used with the client's certificate")
            .with_remedy("check that `cert` and `key` belong together")
            .with_source(error)
    })
}

fn authorities(ca: Option<&Path>) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let Some(ca) = ca else {
        // Without any, each certificate is refused as of an unknown authority, if TLS is used at all.
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::debug!(%error, "some of the platform's certificate authorities cannot be read");
        }
        roots.add_parsable_certificates(found.certs);
        return Ok(roots);
    };
    for certificate in certificates("ca", ca)? {
        roots.add(certificate).map_err(|error| {
            Error::config("ca", "a certificate in the file is not an authority's")
                .with_context("path", ca.display())
                .with_source(error)
        })?;
    }
    Ok(roots)
}

fn certificates(field: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    match read {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) => Err(unreadable(field, path, &PemError::NoItemsFound)),
        Err(error) => Err(unreadable(field, path, &error)),
    }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>> {
    PrivateKeyDer::from_pem_file(path).map_err(|error| unreadable("key", path, &error))
}

/// Says what is wrong with a file, and never repeats it. The path is not shown where it may be the text itself.
fn unreadable(field: &'static str, path: &Path, error: &PemError) -> Error {
    let what = match error {
        PemError::Io(cause) => format!("the file cannot be read: {}", cause.kind()),
        PemError::NoItemsFound if field == "key" => {
            "the file holds no private key that can be read; one with a passphrase cannot".to_owned()
        }
        PemError::NoItemsFound => "the file holds no certificate".to_owned(),
        _ => "the file is not PEM".to_owned(),
    };
    let refused =
        Error::config(field, what).with_remedy("give the path of a PEM file that this process may read");
    let shown = path.display().to_string();
    if shown.contains("-----") || shown.contains('\n') {
        refused
    } else {
        refused.with_context("path", shown)
    }
}

#[cfg(test)]
mod tests {
    use pubsub_core::ErrorKind;

    use super::*;

    #[test]
    fn without_any_setting_there_is_a_configuration() {
        assert!(client_config(&NatsConfig::default()).is_ok());
    }

    #[test]
    fn files_that_are_wrong_are_told_by_their_key_and_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let pair = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let pem = pair.serialize_pem();
        let (cert, key) = (write("cert", &params.self_signed(&pair).unwrap().pem()), write("key", &pem));
        let (empty, broken) =
            (write("empty", "canary"), write("broken", "-----BEGIN CERTIFICATE-----\ncanary"));
        let other = write("other", &rcgen::KeyPair::generate().unwrap().serialize_pem());
        let missing = folder.path().join("missing");
        let base = NatsConfig::default;
        for (config, field) in [
            (base().with_ca(&missing), "ca"),
            (base().with_ca(&empty), "ca"),
            (base().with_ca(&broken), "ca"),
            (base().with_ca(&key), "ca"),
            (base().with_client_certificate(&missing, &key), "cert"),
            (base().with_client_certificate(&empty, &key), "cert"),
            (base().with_client_certificate(&cert, &missing), "key"),
            (base().with_client_certificate(&cert, &cert), "key"),
            (base().with_client_certificate(&cert, &other), "key"),
            (base().with_client_certificate(&cert, &pem), "key"),
        ] {
            let error = client_config(&config).unwrap_err();
            assert_eq!((error.kind(), error.context("field")), (ErrorKind::Config, Some(field)), "{error}");
            let shown = format!("{error:?}");
            assert!(!shown.contains("canary") && !shown.contains("-----"), "{shown}");
        }
    }
}
