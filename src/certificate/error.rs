//! What can be wrong with certificates and keys.

use k8s_openapi::jiff::Timestamp;
use thiserror::Error;

/// What is wrong with a certificate chain, a private key or a bundle of authorities.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The text holds no certificate.
    #[error("there is no PEM block `CERTIFICATE`")]
    NoCertificate,
    /// The text holds no private key.
    #[error(
        "there is no PEM block with a private key: expected `PRIVATE KEY`, `RSA PRIVATE KEY` or `EC PRIVATE KEY`"
    )]
    NoKey,
    /// The text is not PEM.
    #[error("{why}")]
    Pem {
        /// In which of the texts.
        part: Part,
        /// What is wrong.
        why: String,
    },
    /// A block holds no certificate.
    #[error(
        "certificate {} is not an X.509 certificate: its PEM block is damaged or holds something else ({why})",
        .index + 1
    )]
    Certificate {
        /// Its place in the text, from 0.
        index: usize,
        /// What is wrong.
        why: String,
    },
    /// A block holds no private key.
    #[error(
        "the private key cannot be read: its PEM block is damaged or holds something else than its label says ({why})"
    )]
    Key {
        /// What is wrong.
        why: String,
    },
    /// The private key needs a passphrase, for which the API has no place.
    #[error("the private key is encrypted: expected one without a passphrase")]
    EncryptedKey,
    /// The private key is of a kind that is not known.
    #[error(
        "the private key is of a kind that is not supported ({algorithm}): expected RSA, Ed25519, or ECDSA on P-256, P-384 or P-521"
    )]
    UnsupportedKey {
        /// The object identifier of the algorithm or the curve.
        algorithm: String,
    },
    /// The private key is not that of the first certificate.
    #[error("{}", mismatch(*.owner))]
    KeyMismatch {
        /// Of which other certificate of the chain it is, from 0.
        owner: Option<usize>,
    },
    /// The certificate is valid later.
    #[error("the certificate is not valid before {from}")]
    NotYetValid {
        /// From when on.
        from: Timestamp,
    },
    /// The certificate was valid earlier.
    #[error("the certificate expired at {at}")]
    Expired {
        /// Until when.
        at: Timestamp,
    },
}

fn mismatch(owner: Option<usize>) -> String {
    match owner {
        Some(index) => format!(
            "the private key is that of certificate {}: the certificate of the key must be the first",
            index + 1
        ),
        None => "the private key is not that of the certificate".to_owned(),
    }
}

/// In which of two texts something is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// In that of the certificates.
    Certificates,
    /// In that of the private key.
    Key,
}

impl CertificateError {
    /// In which text the fault lies.
    #[must_use]
    pub fn part(&self) -> Part {
        match self {
            Self::Pem { part, .. } => *part,
            Self::NoKey
            | Self::Key { .. }
            | Self::EncryptedKey
            | Self::UnsupportedKey { .. }
            | Self::KeyMismatch { .. } => Part::Key,
            Self::NoCertificate
            | Self::Certificate { .. }
            | Self::NotYetValid { .. }
            | Self::Expired { .. } => Part::Certificates,
        }
    }

    /// Whether the text cannot be read at all, rather than saying something that cannot be used.
    #[must_use]
    pub fn is_malformed(&self) -> bool {
        matches!(
            self,
            Self::NoCertificate
                | Self::NoKey
                | Self::Pem { .. }
                | Self::Certificate { .. }
                | Self::Key { .. }
        )
    }
}
