//! Certificates read (X.509, RFC 5280).

use super::{CertificateError, facts::CertificateFacts};
use k8s_openapi::jiff::Timestamp;
use x509_cert::{
    der::Decode,
    ext::pkix::{SubjectAltName, name::GeneralName},
    spki::SubjectPublicKeyInfoOwned,
    time::Time,
};

/// A certificate that was read.
pub(super) struct ReadCertificate {
    pub(super) facts: CertificateFacts,
    pub(super) public_key: SubjectPublicKeyInfoOwned,
}

/// Reads the certificate at a place of a chain.
pub(super) fn read(der: &[u8], index: usize) -> Result<ReadCertificate, CertificateError> {
    let malformed = |why: x509_cert::der::Error| CertificateError::Certificate {
        index,
        why: why.to_string(),
    };
    let certificate = x509_cert::Certificate::from_der(der).map_err(malformed)?;
    let body = certificate.tbs_certificate();
    let validity = body.validity();
    let mut names = Vec::new();
    if let Some((_, SubjectAltName(all))) = body.get_extension().map_err(malformed)? {
        names.extend(all.into_iter().filter_map(|name| match name {
            GeneralName::DnsName(name) => Some(name.as_str().to_owned()),
            _ => None,
        }));
    }
    // One that cannot be read is none, since nobody goes by it.
    let common_name = body.subject().common_name().ok().flatten();
    Ok(ReadCertificate {
        facts: CertificateFacts {
            from: timestamp(validity.not_before),
            until: timestamp(validity.not_after),
            names,
            common_name: common_name.map(|name| name.value().into_owned()),
        },
        public_key: body.subject_public_key_info().clone(),
    })
}

/// The time; the greatest one where it lies beyond, as in certificates without an end (9999-12-31).
fn timestamp(time: Time) -> Timestamp {
    let seconds = time.to_unix_duration().as_secs();
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
}
