//! Certificates and private keys: what a Secret of type `kubernetes.io/tls` and a bundle of CA
//! certificates hold (Gateway `tls.certificateRefs` and `tls.frontendValidation`, BackendTLSPolicy
//! `validation.caCertificateRefs`).
//!
//! [`KeyPair::read`] takes the two texts of a Secret, [`Authorities::read`] the text of a bundle. Both are PEM
//! (RFC 7468). With the feature `tls`, what is inside is read, too: certificates as X.509 (RFC 5280), keys as
//! PKCS #8, PKCS #1 or SEC 1, for RSA, Ed25519 and ECDSA on the curves P-256, P-384 and P-521. The key has to be
//! that of the first certificate of the chain, and [`KeyPair::check_time`] and [`KeyPair::covers`] say when and for
//! which hosts the certificate is good. Without the feature only the PEM framing is checked, and these two
//! have nothing to say.
//!
//! Who signed the certificate of a listener, and whether anybody trusts it, is not judged here: that is for its clients. What a
//! client shows to a listener is judged by [`CertificateChain::verify_as_client`], and what a backend shows to the data plane by
//! [`CertificateChain::verify_as_server`], with the feature `tls`. There is no clock here: the time is an argument.

mod ca_bundles;
mod chain;
mod client;
mod error;
mod facts;
mod names;
mod pem;
#[cfg(feature = "tls")]
mod private_key;
mod server;
#[cfg(feature = "tls")]
mod signatures;
#[cfg(feature = "tls")]
mod x509;

pub use ca_bundles::CaBundles;
pub use chain::{CertificateChain, TrustStore};
pub use client::ClientCertificateError;
pub use error::{CertificateError, Part};
#[cfg(feature = "lint")]
pub(crate) use names::CertificateNames;
pub use server::{ServerCertificateError, ServerName};

use crate::meta::Hostname;
use facts::CertificateFacts;
use k8s_openapi::jiff::Timestamp;
use std::{fmt, sync::Arc};

/// A private key, PEM. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct PrivateKey {
    pem: Vec<u8>,
}

impl PrivateKey {
    /// A key from its PEM text, which is not looked at: [`KeyPair::read`] does that.
    #[must_use]
    pub fn new(pem: Vec<u8>) -> Self {
        Self { pem }
    }

    /// The PEM text.
    #[must_use]
    pub fn pem(&self) -> &[u8] {
        &self.pem
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(hidden)")
    }
}

/// A certificate chain and the private key of its first certificate.
///
/// ```
/// use gwapi::certificate::{CertificateError, KeyPair};
///
/// let error = KeyPair::read(b"hello", b"hello").unwrap_err();
/// assert_eq!(error, CertificateError::NoCertificate);
/// assert_eq!(error.to_string(), "there is no PEM block `CERTIFICATE`");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct KeyPair {
    chain: Vec<u8>,
    key: PrivateKey,
    /// Of the first certificate; nothing without the feature `tls`.
    facts: Option<CertificateFacts>,
}

/// Shows nothing of what is in the Secret.
impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyPair").finish_non_exhaustive()
    }
}

impl KeyPair {
    /// Reads a chain of certificates, the server's own first, and its private key; both PEM.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong: a text without certificate or key, broken PEM, contents that cannot be
    /// read, an encrypted key, the key of another certificate.
    pub fn read(chain: &[u8], key: &[u8]) -> Result<Self, CertificateError> {
        let certificates = pem::certificates(chain)?;
        let private = pem::private_key(key)?;
        #[cfg(feature = "tls")]
        let facts = {
            let read: Vec<x509::ReadCertificate> = certificates
                .iter()
                .enumerate()
                .map(|(index, der)| x509::read(der, index))
                .collect::<Result<_, _>>()?;
            let private = private_key::read(&private)?;
            let owner = read
                .iter()
                .position(|one| private.is_key_of(&one.public_key));
            if owner != Some(0) {
                return Err(CertificateError::KeyMismatch { owner });
            }
            read.into_iter().next().map(|leaf| leaf.facts)
        };
        #[cfg(not(feature = "tls"))]
        let facts = {
            let _framing_is_all_that_counts = (certificates, private);
            None
        };
        Ok(Self {
            chain: chain.to_vec(),
            key: PrivateKey::new(key.to_vec()),
            facts,
        })
    }

    /// The certificate chain, PEM.
    #[must_use]
    pub fn chain(&self) -> &[u8] {
        &self.chain
    }

    /// The private key.
    #[must_use]
    pub fn key(&self) -> &PrivateKey {
        &self.key
    }

    /// Whether the first certificate is valid at a time. Others of the chain do not count: clients build
    /// their own chain. Without the feature `tls` it always is.
    ///
    /// # Errors
    ///
    /// [`CertificateError::NotYetValid`] and [`CertificateError::Expired`].
    pub fn check_time(&self, now: Timestamp) -> Result<(), CertificateError> {
        self.facts
            .as_ref()
            .map_or(Ok(()), |facts| facts.check_time(now))
    }

    /// The hosts that the first certificate is for: the DNS names among its subject alternative names, as they
    /// stand there. The common name does not count (RFC 9525). Nothing without the feature `tls`.
    #[must_use]
    pub fn names(&self) -> &[String] {
        self.facts.as_ref().map_or(&[], |facts| &facts.names)
    }

    /// Whether the first certificate is for a host, or for any of the hosts that a wildcard stands for. `None` if
    /// that is not known: without the feature `tls`.
    ///
    /// A `*` in a certificate stands for one label (RFC 9525), in a [`Hostname`] for one or more: `*.example.com`
    /// is covered by a certificate for `*.example.com` or for `a.b.example.com`.
    #[must_use]
    pub fn covers(&self, hostname: &Hostname) -> Option<bool> {
        let facts = self.facts.as_ref()?;
        let names = facts.names.iter();
        Some(
            names
                .map(String::as_str)
                .any(|name| names::meet(name, hostname)),
        )
    }

    /// Whether the common name of the first certificate is that of a host, or of any of the hosts that a wildcard stands for, by
    /// which clients do not go.
    pub(crate) fn has_common_name(&self, hostname: &Hostname) -> bool {
        let facts = self.facts.as_ref();
        let name = facts.and_then(|facts| facts.common_name.as_deref());
        name.is_some_and(|name| names::meet(name, hostname))
    }

    /// Adds the [`names`](Self::names) of the first certificate to others. Whether they are known.
    #[cfg(feature = "lint")]
    pub(crate) fn add_names(&self, names: &mut CertificateNames) -> bool {
        self.names().iter().for_each(|name| names.add(name));
        self.facts.is_some()
    }
}

/// The certificates of authorities (CA), one or more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorities {
    pem: Arc<str>,
    /// Of the first certificate; nothing without the feature `tls`.
    first: Option<CertificateFacts>,
    /// The times at which at least one is valid, first and last, in their order and apart from one another: a bundle may hold
    /// thousands, and is asked for each object that refers to it.
    valid: Vec<(Timestamp, Timestamp)>,
}

impl Authorities {
    /// Reads a bundle of certificates, PEM.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong: no certificate, broken PEM, or a certificate that cannot be read.
    pub fn read(text: &str) -> Result<Self, CertificateError> {
        let certificates = pem::certificates(text.as_bytes())?;
        #[cfg(feature = "tls")]
        let facts: Vec<CertificateFacts> = certificates
            .iter()
            .enumerate()
            .map(|(index, der)| x509::read(der, index).map(|one| one.facts))
            .collect::<Result<_, _>>()?;
        #[cfg(not(feature = "tls"))]
        let facts: Vec<CertificateFacts> = {
            let _framing_is_all_that_counts = certificates;
            Vec::new()
        };
        Ok(Self {
            pem: text.into(),
            valid: facts::any_valid(&facts),
            first: facts.into_iter().next(),
        })
    }

    /// The bundle, PEM.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The bundle for one more that trusts it, PEM.
    pub(crate) fn shared_pem(&self) -> Arc<str> {
        self.pem.clone()
    }

    /// Whether one of the certificates is valid at a time. Without the feature `tls` one always is.
    ///
    /// # Errors
    ///
    /// [`CertificateError::NotYetValid`] and [`CertificateError::Expired`], for the first of them.
    pub fn check_time(&self, now: Timestamp) -> Result<(), CertificateError> {
        let Some(first) = &self.first else {
            return Ok(());
        };
        let begun = self.valid.partition_point(|(from, _)| *from <= now);
        let latest = begun.checked_sub(1).and_then(|at| self.valid.get(at));
        match latest {
            Some((_, until)) if now <= *until => Ok(()),
            _ => first.check_time(now),
        }
    }
}

#[cfg(test)]
#[cfg(feature = "tls")]
mod tests;
