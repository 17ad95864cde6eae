//! The certificates that one side of a TLS handshake shows, and the authorities that vouch for them.

use super::{CertificateError, pem};
use k8s_openapi::jiff::Timestamp;
use rustls_pki_types::CertificateDer;

/// The certificates that one side shows, its own first. A client's are judged by
/// [`verify_as_client`](Self::verify_as_client), a server's by [`verify_as_server`](Self::verify_as_server).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CertificateChain(Vec<CertificateDer<'static>>);

impl CertificateChain {
    /// The certificates of a TLS handshake, DER.
    #[must_use]
    pub fn of_der(certificates: Vec<Vec<u8>>) -> Self {
        Self(certificates.into_iter().map(CertificateDer::from).collect())
    }

    /// Reads certificates, PEM.
    ///
    /// # Errors
    ///
    /// A text without a certificate, or broken PEM.
    pub fn read(text: &[u8]) -> Result<Self, CertificateError> {
        pem::certificates(text).map(Self::of_der)
    }

    /// The certificate of the one who shows the chain, if an authority vouches for it at a time, perhaps by way of the
    /// others. Without the feature `tls` nobody vouches for anyone.
    pub(super) fn verified(
        &self,
        trusted: &TrustStore,
        by: ShownBy,
        now: Timestamp,
    ) -> Result<Verified<'_>, PathError> {
        let (own, others) = self.0.split_first().ok_or(PathError::Missing)?;
        path::verified(own, others, trusted, by, now)
    }
}

/// Who shows a chain.
#[derive(Clone, Copy)]
pub(super) enum ShownBy {
    Client,
    Server,
}

/// Why no authority vouches for a chain.
#[cfg_attr(
    not(feature = "tls"),
    expect(dead_code, reason = "certificates are not judged without the feature")
)]
pub(super) enum PathError {
    Missing,
    Malformed(String),
    UnknownAuthority,
    Expired,
    NotYetValid,
    WrongUsage,
    #[cfg_attr(
        feature = "tls",
        expect(dead_code, reason = "certificates are judged with the feature")
    )]
    NotJudged,
    Invalid(String),
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

pub(super) use path::Verified;

#[cfg(not(feature = "tls"))]
mod path {
    use super::{PathError, ShownBy, TrustStore};
    use k8s_openapi::jiff::Timestamp;
    use rustls_pki_types::CertificateDer;
    use std::{convert::Infallible, iter, marker::PhantomData};

    /// A certificate for which an authority vouches: there is none without the feature `tls`.
    pub(in crate::certificate) struct Verified<'c>(Infallible, PhantomData<&'c ()>);

    impl Verified<'_> {
        pub(in crate::certificate) fn hosts(&self) -> impl Iterator<Item = &str> {
            iter::empty()
        }

        pub(in crate::certificate) fn uris(&self) -> impl Iterator<Item = &str> {
            iter::empty()
        }
    }

    pub(super) fn verified<'c>(
        _own: &'c CertificateDer<'static>,
        _others: &[CertificateDer<'static>],
        _trusted: &TrustStore,
        _by: ShownBy,
        _now: Timestamp,
    ) -> Result<Verified<'c>, PathError> {
        Err(PathError::NotJudged)
    }
}

#[cfg(feature = "tls")]
mod path {
    use super::{PathError, ShownBy, TrustStore};
    use crate::certificate::signatures;
    use k8s_openapi::jiff::Timestamp;
    use rustls_pki_types::{CertificateDer, UnixTime};
    use std::time::Duration;
    use webpki::{EndEntityCert, KeyUsage};

    /// A certificate for which an authority vouches.
    pub(in crate::certificate) struct Verified<'c>(EndEntityCert<'c>);

    impl Verified<'_> {
        /// The hosts that it bears.
        pub(in crate::certificate) fn hosts(&self) -> impl Iterator<Item = &str> {
            self.0.valid_dns_names()
        }

        /// The URIs that it bears.
        pub(in crate::certificate) fn uris(&self) -> impl Iterator<Item = &str> {
            self.0.valid_uri_names()
        }
    }

    pub(super) fn verified<'c>(
        own: &'c CertificateDer<'static>,
        others: &[CertificateDer<'static>],
        trusted: &TrustStore,
        by: ShownBy,
        now: Timestamp,
    ) -> Result<Verified<'c>, PathError> {
        let own = EndEntityCert::try_from(own)?;
        let since = u64::try_from(now.as_second()).unwrap_or_default();
        own.verify_for_usage(
            signatures::ALL,
            &trusted.anchors,
            others,
            UnixTime::since_unix_epoch(Duration::from_secs(since)),
            match by {
                ShownBy::Client => KeyUsage::client_auth(),
                ShownBy::Server => KeyUsage::server_auth(),
            },
            None,
            None,
        )?;
        Ok(Verified(own))
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
