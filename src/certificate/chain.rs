//! The certificates that one side of a TLS handshake shows, and the authorities that vouch for them.

use super::{CertificateError, pem};
use rustls_pki_types::CertificateDer;

/// The certificates that one side shows, its own first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Chain(Vec<CertificateDer<'static>>);

impl Chain {
    pub(super) fn of_der(certificates: Vec<Vec<u8>>) -> Self {
        Self(certificates.into_iter().map(CertificateDer::from).collect())
    }

    pub(super) fn read(text: &[u8]) -> Result<Self, CertificateError> {
        pem::certificates(text).map(Self::of_der)
    }

    #[cfg(not(feature = "tls"))]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Authorities that are trusted, read once for all the chains that they vouch for. Without the feature `tls` they vouch for
/// nobody.
#[derive(Clone, Debug, Default)]
pub struct TrustStore {
    #[cfg(feature = "tls")]
    anchors: Vec<rustls_pki_types::TrustAnchor<'static>>,
}

impl TrustStore {
    /// The authorities of texts in PEM. What cannot vouch for anybody, since it is of version 1 or cannot be read, is left out.
    #[must_use]
    pub fn of_pem<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        let texts = texts.into_iter();
        let read = texts.filter_map(|text| pem::certificates(text.as_bytes()).ok());
        Self::of_der(read.flatten())
    }

    /// The authorities of certificates in DER, such as those that an operating system trusts. What cannot vouch for anybody is
    /// left out, as in [`of_pem`](Self::of_pem).
    #[must_use]
    #[cfg_attr(
        not(feature = "tls"),
        expect(
            unused_variables,
            reason = "certificates are not read without the feature"
        )
    )]
    pub fn of_der(certificates: impl IntoIterator<Item = Vec<u8>>) -> Self {
        Self {
            #[cfg(feature = "tls")]
            anchors: certificates
                .into_iter()
                .filter_map(|der| {
                    let der = CertificateDer::from(der);
                    let anchor = webpki::anchor_from_trusted_cert(&der).ok()?;
                    Some(anchor.to_owned())
                })
                .collect(),
        }
    }
}

#[cfg(feature = "tls")]
pub(super) use path::PathError;

#[cfg(feature = "tls")]
mod path {
    use super::{Chain, TrustStore};
    use crate::certificate::signatures;
    use k8s_openapi::jiff::Timestamp;
    use rustls_pki_types::UnixTime;
    use std::time::Duration;
    use webpki::{EndEntityCert, KeyUsage};

    /// Why no authority vouches for a chain.
    pub(in crate::certificate) enum PathError {
        Missing,
        Malformed(String),
        UnknownAuthority,
        Expired,
        NotYetValid,
        WrongUsage,
        Invalid(String),
    }

    impl Chain {
        /// The certificate of the one who shows the chain, if an authority vouches for it at a time, perhaps by way of the
        /// others.
        pub(in crate::certificate) fn verified(
            &self,
            trusted: &TrustStore,
            usage: KeyUsage,
            now: Timestamp,
        ) -> Result<EndEntityCert<'_>, PathError> {
            let mut chain = self.0.iter();
            let own = chain.next().ok_or(PathError::Missing)?;
            let own = EndEntityCert::try_from(own)?;
            let since = u64::try_from(now.as_second()).unwrap_or_default();
            own.verify_for_usage(
                signatures::ALL,
                &trusted.anchors,
                chain.as_slice(),
                UnixTime::since_unix_epoch(Duration::from_secs(since)),
                usage,
                None,
                None,
            )?;
            Ok(own)
        }
    }

    impl From<webpki::Error> for PathError {
        fn from(error: webpki::Error) -> Self {
            use webpki::Error;
            match error {
                Error::CertExpired { .. } => Self::Expired,
                Error::CertNotValidYet { .. } => Self::NotYetValid,
                Error::UnknownIssuer => Self::UnknownAuthority,
                Error::RequiredEkuNotFoundContext(_) => Self::WrongUsage,
                Error::BadDer | Error::BadDerTime | Error::TrailingData(_) => {
                    Self::Malformed(format!("{error:?}"))
                }
                other => Self::Invalid(other.to_string()),
            }
        }
    }
}
