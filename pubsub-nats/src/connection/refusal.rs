//! Why no connection came about: from async-nats' error to one that says what to do.

use std::error::Error as StdError;
use std::io;

use async_nats::rustls::{self, AlertDescription, CertificateError};
use async_nats::{ConnectError, ConnectErrorKind, ServerError};
use pubsub_core::{Error, ErrorKind};

use crate::NatsConfig;

pub(super) fn no_answer(config: &NatsConfig) -> Error {
    let remedy = if config.tls_first {
        "check the address, that the server is up, and `connect_timeout`"
    } else {
        "check the address, that the server is up, and `connect_timeout`; if its TLS is `handshake_first`, set `tls_first`"
    };
    Error::new(ErrorKind::Unavailable, "no server answered in time").with_remedy(remedy)
}

pub(super) fn refused(error: ConnectError, config: &NatsConfig) -> Error {
    let mapped = match error.kind() {
        ConnectErrorKind::AuthorizationViolation => credentials_refused(config),
        ConnectErrorKind::Authentication => {
            Error::new(ErrorKind::PermissionDenied, "nothing could be proved with the credentials")
                .with_remedy("check the credentials' file, or who signs for the JWT")
        }
        ConnectErrorKind::ServerParse => Error::config("servers", "an address cannot be read"),
        ConnectErrorKind::TimedOut => no_answer(config),
        ConnectErrorKind::Dns => Error::new(ErrorKind::Unavailable, "the name of a server is not known")
            .with_remedy("check the address"),
        ConnectErrorKind::Tls | ConnectErrorKind::Io | ConnectErrorKind::MaxReconnects => {
            if let Some(cause) = find::<rustls::Error>(&error) {
                tls_failed(cause, config)
            } else if let Some(ServerError::Other(text)) = find::<ServerError>(&error) {
                Error::new(ErrorKind::Unavailable, "the server refused the connection")
                    .with_context("server_says", text)
                    .with_remedy("look at the server's log")
            } else if error.kind() == ConnectErrorKind::Tls {
                Error::config("ca", "TLS could not be set up")
                    .with_remedy("check that the platform's certificate authorities can be read")
            } else {
                Error::new(ErrorKind::Unavailable, "no server could be reached")
                    .with_remedy("check the address and that the server is up")
            }
        }
    };
    mapped.with_source(error)
}

pub(super) fn credentials_refused(config: &NatsConfig) -> Error {
    if config.credentials.is_none() {
        return Error::new(
            ErrorKind::PermissionDenied,
            "the server asks for credentials, and there are none",
        )
        .with_remedy("give credentials, or a client certificate where the server maps it to a user");
    }
    Error::new(ErrorKind::PermissionDenied, "the server refused the credentials").with_remedy(
        "check user and password, token, nkey or credentials file, that they have not expired, and that the server \
         knows them",
    )
}

/// That TLS is demanded is told where it is not written in the configuration.
fn tls_failed(cause: &rustls::Error, config: &NatsConfig) -> Error {
    match cause {
        rustls::Error::InvalidCertificate(cause) => certificate_refused(cause),
        rustls::Error::AlertReceived(alert) => alerted(*alert, config),
        rustls::Error::InvalidMessage(_) if config.tls_first => {
            Error::config("tls_first", "the server does not begin with TLS")
                .with_remedy("leave `tls_first` out, or set `handshake_first` in the server's `tls` block")
        }
        rustls::Error::InvalidMessage(_) => not_encrypted(config),
        _ => Error::new(ErrorKind::Unavailable, "no TLS connection could be made")
            .with_remedy("look at the cause below, and at the server's log"),
    }
}

fn not_encrypted(config: &NatsConfig) -> Error {
    let remedy = if config.credentials_leave_this_machine() {
        "switch TLS on at the server; with `tls=optional` the credentials would travel in clear"
    } else {
        "switch TLS on at the server, or connect without: `nats://` and no `ca`, `cert` or `tls=required`"
    };
    Error::config("tls", "TLS is demanded, and the server does not offer it; nothing was sent to it")
        .with_remedy(remedy)
}

fn certificate_refused(cause: &CertificateError) -> Error {
    match cause {
        // Two authorities may have one name: then it is the signature that does not fit.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            Error::config("ca", "the server's certificate is of an authority that is not trusted")
                .with_remedy("set `ca` to the authority's certificate")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Error::config("servers", "the server's certificate is for another name")
                .with_remedy("connect by a name that stands in the certificate, or renew it with this name")
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            Error::new(ErrorKind::Unavailable, "the server's certificate has expired")
                .with_remedy("renew it, or set this machine's clock")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            Error::new(ErrorKind::Unavailable, "the server's certificate is not valid yet")
                .with_remedy("set this machine's clock")
        }
        _ => Error::config("ca", "the server's certificate is refused")
            .with_remedy("look at the cause below, and renew the certificate"),
    }
}

/// The server's side refused, which TLS tells in a number.
fn alerted(alert: AlertDescription, config: &NatsConfig) -> Error {
    let presented = config.cert.is_some();
    match alert {
        AlertDescription::CertificateRequired | AlertDescription::NoCertificate => {
            Error::new(ErrorKind::PermissionDenied, "the server asks for a client certificate")
                .with_remedy("set `cert` and `key`")
        }
        // TLS 1.2 has no alert of its own for a certificate that is missing.
        AlertDescription::BadCertificate | AlertDescription::HandshakeFailure if !presented => Error::new(
            ErrorKind::PermissionDenied,
            "the server broke TLS off; it may ask for a client certificate",
        )
        .with_remedy("set `cert` and `key`, or look at the server's log"),
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnknownCA
        | AlertDescription::AccessDenied
        | AlertDescription::DecryptError => {
            Error::new(ErrorKind::PermissionDenied, "the server refused the client's certificate")
                .with_context("alert", format!("{alert:?}"))
                .with_remedy(
                    "give a certificate of an authority that the server trusts, and that has not expired",
                )
        }
        _ => Error::new(ErrorKind::Unavailable, "the server broke TLS off")
            .with_context("alert", format!("{alert:?}"))
            .with_remedy("look at the server's log"),
    }
}

/// Whether a server was reached that begins with TLS, whatever went wrong then.
pub(super) fn came_from_tls(error: &ConnectError) -> bool {
    match find::<rustls::Error>(error) {
        Some(rustls::Error::InvalidMessage(_)) => false,
        Some(_) => true,
        None => matches!(
            error.kind(),
            ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication
        ),
    }
}

/// An error of that type among the causes. What an `io::Error` wraps is not among its own sources.
fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}
