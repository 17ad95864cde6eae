//! What is known of a certificate that was read.

use super::CertificateError;
use k8s_openapi::jiff::Timestamp;

/// What is known of a certificate that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CertificateFacts {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
    /// The DNS names among its subject alternative names.
    pub(super) names: Vec<String>,
}

impl CertificateFacts {
    pub(super) fn check_time(&self, now: Timestamp) -> Result<(), CertificateError> {
        if now < self.from {
            Err(CertificateError::NotYetValid { from: self.from })
        } else if now > self.until {
            Err(CertificateError::Expired { at: self.until })
        } else {
            Ok(())
        }
    }
}
