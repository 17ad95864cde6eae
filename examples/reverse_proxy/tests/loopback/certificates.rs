//! Certificates made on the fly.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, SanType, date_time_ymd,
};
use serde_json::{Value, json};

/// An authority.
#[derive(Debug)]
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    pem: String,
}

/// The year in which certificates have expired that are no longer valid.
const EXPIRED: i32 = 2020;

/// A certificate and its key, PEM.
#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) chain: String,
    pub(crate) key: String,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let issuer = CertifiedIssuer::self_signed(params, key).unwrap();
        let pem = issuer.pem();
        Self { issuer, pem }
    }

    /// Its own certificate, PEM.
    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    /// A name with `://` in it is a URI.
    fn signs(
        &self,
        names: &[&str],
        purpose: ExtendedKeyUsagePurpose,
        until: Option<i32>,
    ) -> Identity {
        let (uris, hosts): (Vec<_>, Vec<_>) =
            names.iter().copied().partition(|name| name.contains("://"));
        let hosts: Vec<String> = hosts.into_iter().map(str::to_owned).collect();
        let mut params = CertificateParams::new(hosts).unwrap();
        let uris = uris
            .into_iter()
            .map(|uri| SanType::URI(uri.try_into().unwrap()));
        params.subject_alt_names.extend(uris);
        params.extended_key_usages = vec![purpose];
        if let Some(year) = until {
            params.not_after = date_time_ymd(year, 1, 1);
        }
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Identity {
            chain: certificate.pem(),
            key: key.serialize_pem(),
        }
    }

    pub(crate) fn server(&self, names: &[&str]) -> Identity {
        self.signs(names, ExtendedKeyUsagePurpose::ServerAuth, None)
    }

    /// That of a server, which is no longer valid.
    pub(crate) fn expired_server(&self, names: &[&str]) -> Identity {
        self.signs(names, ExtendedKeyUsagePurpose::ServerAuth, Some(EXPIRED))
    }

    pub(crate) fn client(&self) -> Identity {
        self.signs(&[], ExtendedKeyUsagePurpose::ClientAuth, None)
    }

    /// That of a client, which is no longer valid.
    pub(crate) fn expired_client(&self) -> Identity {
        self.signs(&[], ExtendedKeyUsagePurpose::ClientAuth, Some(EXPIRED))
    }

    /// A ConfigMap with the authority.
    pub(crate) fn config_map(&self, name: &str) -> Value {
        json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": name, "namespace": "shop"}, "data": {"ca.crt": self.pem()},
        })
    }
}

impl Identity {
    /// A Secret with the certificate.
    pub(crate) fn secret(&self, name: &str) -> Value {
        json!({
            "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
            "metadata": {"name": name, "namespace": "shop"},
            "stringData": {"tls.crt": self.chain, "tls.key": self.key},
        })
    }
}
