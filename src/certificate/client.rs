//! The certificates that a client shows in a TLS handshake, judged by the authorities of a listener (Gateway
//! `tls.frontendValidation`, GEP-91).

use super::{
    CertificateChain, TrustStore,
    chain::{PathError, ShownBy},
};
use k8s_openapi::jiff::Timestamp;
use thiserror::Error;

/// Why the certificates of a client are refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ClientCertificateError {
    /// There is none.
    #[error("the client shows no certificate")]
    Missing,
    /// One of them cannot be read.
    #[error("the certificate of the client is damaged, or no X.509 certificate ({why})")]
    Malformed {
        /// What is wrong with it.
        why: String,
    },
    /// No authority of the listener vouches for it.
    #[error("the certificate of the client is by no authority that the listener trusts")]
    UnknownAuthority,
    /// It, or one that vouches for it, is no longer valid.
    #[error("the certificate of the client has expired")]
    Expired,
    /// It, or one that vouches for it, is not valid yet.
    #[error("the certificate of the client is not valid yet")]
    NotYetValid,
    /// It is for something else than for clients to say who they are.
    #[error(
        "the certificate of the client is not one for clients (extended key usage `clientAuth`)"
    )]
    WrongUsage,
    /// Certificates cannot be judged: the library is built without its feature `tls`.
    #[error("certificates of clients cannot be judged without the feature `tls`")]
    NotJudged,
    /// Something else is wrong with it, or with one that vouches for it.
    #[error("the certificate of the client is not valid: {why}")]
    Invalid {
        /// What is wrong with it.
        why: String,
    },
}

impl CertificateChain {
    /// Whether an authority vouches for the client that shows the chain at a time, perhaps by way of the other certificates that
    /// it shows.
    ///
    /// # Errors
    ///
    /// Why not. Without the feature `tls` nobody vouches for anyone.
    pub fn verify_as_client(
        &self,
        trusted: &TrustStore,
        now: Timestamp,
    ) -> Result<(), ClientCertificateError> {
        self.verified(trusted, ShownBy::Client, now)?;
        Ok(())
    }
}

impl From<PathError> for ClientCertificateError {
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

#[cfg(test)]
#[cfg(feature = "tls")]
mod tests {
    use super::*;

    macro_rules! fixture {
        ($name:literal) => {
            include_str!(concat!("../../tests/fixtures/certificates/", $name))
        };
    }

    fn verify(chain: &str, authorities: &[&str], now: &str) -> Result<(), ClientCertificateError> {
        let chain = CertificateChain::read(chain.as_bytes()).unwrap();
        let trusted = TrustStore::of_pem(authorities.iter().copied());
        chain.verify_as_client(&trusted, now.parse().unwrap())
    }

    const NOW: &str = "2026-11-27T00:00:00Z";

    /// GEP-91: a client's certificate must lead to one of the authorities.
    #[test]
    fn a_certificate_is_valid_if_an_authority_vouches_for_it_at_the_time_and_for_a_client() {
        let own = fixture!("client-ca.crt");
        let other = fixture!("other.crt");
        for (chain, authorities, result) in [
            (fixture!("client.crt"), &[own][..], Ok(())),
            (fixture!("client.crt"), &[other, own], Ok(())),
            (fixture!("client-any-use.crt"), &[own], Ok(())),
            (fixture!("client-rsa.crt"), &[own], Ok(())),
            (
                fixture!("client.crt"),
                &[other],
                Err(ClientCertificateError::UnknownAuthority),
            ),
            (
                fixture!("client.crt"),
                &[],
                Err(ClientCertificateError::UnknownAuthority),
            ),
            (
                fixture!("p256.crt"),
                &[own],
                Err(ClientCertificateError::UnknownAuthority),
            ),
            (
                fixture!("client-expired.crt"),
                &[own],
                Err(ClientCertificateError::Expired),
            ),
            (
                fixture!("client-early.crt"),
                &[own],
                Err(ClientCertificateError::NotYetValid),
            ),
            (
                fixture!("client-server.crt"),
                &[own],
                Err(ClientCertificateError::WrongUsage),
            ),
        ] {
            assert_eq!(verify(chain, authorities, NOW), result, "{chain}");
        }
        let late = verify(fixture!("client.crt"), &[own], "2199-01-01T00:00:00Z");
        assert_eq!(late, Err(ClientCertificateError::Expired));
    }

    /// Authorities of each kind of key vouch for clients, an RSA one with each kind of signature.
    #[test]
    fn signatures_of_every_kind_of_key_are_verified() {
        for (chain, authority) in [
            (fixture!("client-by-p384.crt"), fixture!("ca-p384.crt")),
            (fixture!("client-by-p521.crt"), fixture!("ca-p521.crt")),
            (
                fixture!("client-by-ed25519.crt"),
                fixture!("ca-ed25519.crt"),
            ),
            (fixture!("client-by-rsa.crt"), fixture!("ca-rsa.crt")),
            (fixture!("client-by-rsa-pss.crt"), fixture!("ca-rsa.crt")),
            (fixture!("client-by-rsa-512.crt"), fixture!("ca-rsa.crt")),
        ] {
            assert_eq!(verify(chain, &[authority], NOW), Ok(()), "{chain}");
        }
        // An authority of the same name and another key vouches for nobody.
        let forged = verify(
            fixture!("client.crt"),
            &[fixture!("client-ca-forged.crt")],
            NOW,
        );
        assert!(matches!(
            forged,
            Err(ClientCertificateError::UnknownAuthority | ClientCertificateError::Invalid { .. })
        ));
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        let now = NOW.parse().unwrap();
        let trusted = TrustStore::of_pem([fixture!("client-ca.crt")]);
        let none = CertificateChain::of_der(Vec::new());
        let verified = none.verify_as_client(&trusted, now);
        assert_eq!(verified, Err(ClientCertificateError::Missing));
        let broken = CertificateChain::of_der(vec![vec![1, 2, 3]]);
        let verified = broken.verify_as_client(&trusted, now);
        assert!(matches!(
            verified,
            Err(ClientCertificateError::Malformed { .. })
        ));
    }
}
