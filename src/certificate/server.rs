//! The certificates that a server shows in a TLS handshake, judged by who connects to it (BackendTLSPolicy
//! `spec.validation`).

use super::{
    CertificateChain, TrustStore,
    chain::{PathError, ShownBy},
    names,
};
use k8s_openapi::jiff::Timestamp;
use thiserror::Error;

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
    #[error("its certificate is damaged, or no X.509 certificate ({why})")]
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

impl CertificateChain {
    /// Whether an authority vouches for the server that shows the chain at a time, perhaps by way of the other certificates that
    /// it shows, and its own certificate bears one of these names. The common name is not looked at (RFC 9525).
    ///
    /// # Errors
    ///
    /// Why not. Without the feature `tls` nobody vouches for anyone.
    pub fn verify_as_server(
        &self,
        trusted: &TrustStore,
        names: &[ServerName<'_>],
        now: Timestamp,
    ) -> Result<(), ServerCertificateError> {
        let own = self.verified(trusted, ShownBy::Server, now)?;
        let bears = |name: &ServerName<'_>| match name {
            ServerName::Host(host) => own.hosts().any(|own| names::fit(own, host)),
            ServerName::Uri(uri) => own.uris().any(|own| own == *uri),
        };
        if names.iter().any(bears) {
            return Ok(());
        }
        Err(ServerCertificateError::WrongName {
            found: own.hosts().chain(own.uris()).map(str::to_owned).collect(),
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

impl From<PathError> for ServerCertificateError {
    fn from(error: PathError) -> Self {
        match error {
            PathError::Missing => Self::Missing,
            PathError::Malformed(why) => Self::Malformed { why },
            PathError::UnknownAuthority => Self::UnknownAuthority,
            PathError::Expired => Self::Expired,
            PathError::NotYetValid => Self::NotYetValid,
            PathError::WrongUsage => Self::WrongUsage,
            PathError::NotJudged => Self::NotJudged,
            PathError::Invalid(why) => Self::Invalid { why },
        }
    }
}
