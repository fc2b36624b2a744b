//! Certificates for tests: an authority, and what it signs.

use std::path::PathBuf;

use pubsub_nats::NatsConfig;
use pubsub_testkit::nats_server::NatsServer;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use tempfile::TempDir;

/// A folder with an authority's certificate and those that it signed.
pub(crate) struct Authority {
    folder: TempDir,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate with its key, as files.
#[derive(Clone)]
pub(crate) struct Pair {
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
}

/// The server's certificate.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Good,
    Expired,
    OtherName,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params.distinguished_name.push(DnType::CommonName, "an authority for tests");
        std::fs::write(folder.path().join("ca.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
        Self { folder, issuer: Issuer::new(params, key) }
    }

    pub(crate) fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    pub(crate) fn client(&self) -> Pair {
        let mut params = CertificateParams::new(vec!["client.example.org".to_owned()]).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.sign("client", &params)
    }

    fn server(&self, kind: Kind) -> Pair {
        let names: &[&str] =
            if kind == Kind::OtherName { &["other.example.org"] } else { &["localhost", "127.0.0.1"] };
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        if kind == Kind::Expired {
            params.not_before = date_time_ymd(2020, 1, 1);
            params.not_after = date_time_ymd(2021, 1, 1);
        }
        self.sign("server", &params)
    }

    fn sign(&self, name: &str, params: &CertificateParams) -> Pair {
        let path = |ending: &str| self.folder.path().join(format!("{name}.{ending}"));
        let key = KeyPair::generate().unwrap();
        std::fs::write(path("pem"), params.signed_by(&key, &self.issuer).unwrap().pem()).unwrap();
        std::fs::write(path("key"), key.serialize_pem()).unwrap();
        Pair { cert: path("pem"), key: path("key") }
    }

    /// The server's `tls` block, with more lines.
    pub(crate) fn block(&self, kind: Kind, lines: &str) -> String {
        let Pair { cert, key } = self.server(kind);
        format!("tls {{ cert_file: {cert:?}\n key_file: {key:?}\n ca_file: {:?}\n {lines}\n }}\n", self.ca())
    }

    /// A server with that block.
    pub(crate) fn start(&self, kind: Kind, lines: &str) -> NatsServer {
        NatsServer::builder().config_text(self.block(kind, lines)).start().unwrap()
    }

    /// What trusts this authority.
    pub(crate) fn config(&self, server: &NatsServer) -> NatsConfig {
        NatsConfig::new(&format!("tls://127.0.0.1:{}", server.port())).unwrap().with_ca(self.ca())
    }
}
