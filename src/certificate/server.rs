//! The certificates that a server shows in a TLS handshake, judged by who connects to it (BackendTLSPolicy
//! `spec.validation`).

use super::{CertificateError, TrustStore, chain::Chain};
use k8s_openapi::jiff::Timestamp;
use thiserror::Error;

/// The certificates that a server shows, its own first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServerChain {
    chain: Chain,
}

/// A name that the certificate of a server may bear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ServerName<'n> {
    /// A host. A `*` for its first label stands for one label, in what is wanted as in what a certificate bears (RFC 9525):
    /// `*.example.com` fits `a.example.com` and `*.example.com`, but not `a.b.example.com`. In a certificate, two labels have to
    /// follow the `*`.
    Host(&'n str),
    /// A URI, which the certificate has to bear as it stands here, such as `spiffe://example.org/shop`.
    Uri(&'n str),
}

/// Why the certificates of a server are refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum ServerCertificateError {
    /// There is none.
    #[error("it shows no certificate")]
    Missing,
    /// One of them cannot be read.
    #[error("its certificate cannot be read: {why}")]
    Malformed {
        /// What is wrong with it.
        why: String,
    },
    /// No authority that is trusted vouches for it.
    #[error("its certificate is by no authority that is trusted")]
    UnknownAuthority,
    /// It, or one that vouches for it, is no longer valid.
    #[error("its certificate has expired")]
    Expired,
    /// It, or one that vouches for it, is not valid yet.
    #[error("its certificate is not valid yet")]
    NotYetValid,
    /// It is for something else than for servers to say who they are.
    #[error("its certificate is not one for servers (extended key usage `serverAuth`)")]
    WrongUsage,
    /// It bears none of the names that are wanted.
    #[error(
        "its certificate is for {}, and has to be for {}",
        in_words(.found, "no valid name", " and "),
        in_words(.wanted, "a name", " or ")
    )]
    WrongName {
        /// The hosts and URIs that it bears.
        found: Vec<String>,
        /// Those of which it had to bear one.
        wanted: Vec<String>,
    },
    /// Certificates cannot be judged: the library is built without its feature `tls`.
    #[error("certificates of servers cannot be judged without the feature `tls`")]
    NotJudged,
    /// Something else is wrong with it, or with one that vouches for it.
    #[error("its certificate is not valid: {why}")]
    Invalid {
        /// What is wrong with it.
        why: String,
    },
}

fn in_words(names: &[String], none: &str, between: &str) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        [] => none.to_owned(),
        names => names.join(between),
    }
}

impl ServerChain {
    /// The certificates of a TLS handshake, DER.
    #[must_use]
    pub fn of_der(certificates: Vec<Vec<u8>>) -> Self {
        Self {
            chain: Chain::of_der(certificates),
        }
    }

    /// Reads certificates, PEM.
    ///
    /// # Errors
    ///
    /// A text without a certificate, or broken PEM.
    pub fn read(text: &[u8]) -> Result<Self, CertificateError> {
        Ok(Self {
            chain: Chain::read(text)?,
        })
    }

    /// Whether an authority vouches for the server at a time, perhaps by way of the other certificates that the server shows,
    /// and its own certificate bears one of these names. The common name is not looked at (RFC 9525).
    ///
    /// # Errors
    ///
    /// Why not. Without the feature `tls` nobody vouches for anyone.
    #[cfg(not(feature = "tls"))]
    pub fn verify(
        &self,
        _trusted: &TrustStore,
        _names: &[ServerName<'_>],
        _now: Timestamp,
    ) -> Result<(), ServerCertificateError> {
        Err(match self.chain.is_empty() {
            true => ServerCertificateError::Missing,
            false => ServerCertificateError::NotJudged,
        })
    }

    /// Whether an authority vouches for the server at a time, perhaps by way of the other certificates that the server shows,
    /// and its own certificate bears one of these names. The common name is not looked at (RFC 9525).
    ///
    /// # Errors
    ///
    /// Why not.
    #[cfg(feature = "tls")]
    pub fn verify(
        &self,
        trusted: &TrustStore,
        names: &[ServerName<'_>],
        now: Timestamp,
    ) -> Result<(), ServerCertificateError> {
        use webpki::KeyUsage;
        let own = self.chain.verified(trusted, KeyUsage::server_auth(), now)?;
        let hosts = || own.valid_dns_names();
        let bears = |name: &ServerName<'_>| match name {
            ServerName::Host(host) => hosts().any(|own| super::names::fit(own, host)),
            ServerName::Uri(uri) => own.valid_uri_names().any(|own| own == *uri),
        };
        if names.iter().any(bears) {
            return Ok(());
        }
        Err(ServerCertificateError::WrongName {
            found: hosts()
                .chain(own.valid_uri_names())
                .map(str::to_owned)
                .collect(),
            wanted: names.iter().map(|name| name.as_str().to_owned()).collect(),
        })
    }
}

impl<'n> ServerName<'n> {
    /// The name as it is written.
    #[must_use]
    pub fn as_str(&self) -> &'n str {
        match self {
            Self::Host(name) | Self::Uri(name) => name,
        }
    }
}

#[cfg(feature = "tls")]
impl From<super::chain::PathError> for ServerCertificateError {
    fn from(error: super::chain::PathError) -> Self {
        use super::chain::PathError;
        match error {
            PathError::Missing => Self::Missing,
            PathError::Malformed(why) => Self::Malformed { why },
            PathError::UnknownAuthority => Self::UnknownAuthority,
            PathError::Expired => Self::Expired,
            PathError::NotYetValid => Self::NotYetValid,
            PathError::WrongUsage => Self::WrongUsage,
            PathError::Invalid(why) => Self::Invalid { why },
        }
    }
}
