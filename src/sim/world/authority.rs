//! Certificates that are made on the fly, each the same for the same seed.

use crate::certificate::{CertificateChain, CertificateError};
use k8s_openapi::{
    ByteString,
    api::core::v1::{ConfigMap, Secret},
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use p256::{
    ecdsa::{DerSignature, SigningKey},
    pkcs8::{EncodePrivateKey, LineEnding},
};
use sha2::{Digest, Sha256};
use std::{
    error::Error,
    str::FromStr,
    time::{Duration, SystemTime},
};
use x509_cert::{
    builder::{Builder, CertificateBuilder, profile::BuilderProfile},
    certificate::TbsCertificate,
    der::{EncodePem, asn1::Ia5String, oid::db::rfc5280},
    ext::{
        Extension,
        pkix::{
            BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectAltName,
            name::GeneralName,
        },
    },
    name::Name,
    serial_number::SerialNumber,
    spki::{SubjectPublicKeyInfo, SubjectPublicKeyInfoRef},
    time::{Time, Validity},
};

/// How long certificates of a world are valid unless it is said otherwise: ten years.
const VALID: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// An authority that signs certificates of servers and clients (ECDSA with P-256). Its keys follow from a seed: it is for
/// simulations alone.
#[derive(Clone, Debug)]
pub struct WorldAuthority {
    name: Name,
    key: SigningKey,
    certificate: String,
    seed: u64,
    from: SystemTime,
}

/// What a certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// A server, whose names it bears.
    Server,
    /// A client.
    Client,
}

/// A certificate and its key.
#[derive(Clone)]
#[non_exhaustive]
pub struct IssuedCertificate {
    /// The certificate, PEM.
    pub certificate: String,
    /// The private key, PEM (PKCS #8).
    pub key: String,
}

/// Why a certificate cannot be made: a name in it is none. Its source is what the library that makes certificates says.
#[derive(Debug, thiserror::Error)]
#[error("no certificate can be made for `{}`: {why}", .names.join("`, `"))]
pub struct CertificateFault {
    names: Vec<String>,
    #[source]
    why: Box<dyn Error + Send + Sync>,
}

impl CertificateFault {
    fn new(names: &[&str], why: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            why: why.into(),
        }
    }

    /// The names that the certificate was to bear.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }
}

impl WorldAuthority {
    /// The authority of a seed and a name, valid from a time on.
    ///
    /// # Errors
    ///
    /// A name that no certificate can bear.
    pub fn new(seed: u64, name: &str, from: SystemTime) -> Result<Self, CertificateFault> {
        let key = key(seed, &[name]).map_err(|error| CertificateFault::new(&[name], error))?;
        let subject = common_name(name).map_err(|error| CertificateFault::new(&[name], error))?;
        let body = Body {
            subject: &subject,
            issuer: &subject,
            key: &key,
            signer: &key,
            serial: 1,
            from,
            until: from + VALID,
        };
        let authority = (
            BasicConstraints {
                ca: true,
                path_len_constraint: None,
            },
            KeyUsage(KeyUsages::KeyCertSign.into()),
        );
        let certificate = body.sign(|builder| {
            builder.add_extension(&authority.0)?;
            builder.add_extension(&authority.1)
        });
        Ok(Self {
            certificate: certificate.map_err(|error| CertificateFault::new(&[name], error))?,
            name: subject,
            key,
            seed,
            from,
        })
    }

    /// Its own certificate, PEM.
    #[must_use]
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// A ConfigMap with its certificate under `ca.crt`, as a listener or a BackendTLSPolicy refers to it.
    #[must_use]
    pub fn config_map(&self, namespace: &str, name: &str) -> ConfigMap {
        ConfigMap {
            metadata: metadata(namespace, name),
            data: Some([("ca.crt".to_owned(), self.certificate.clone())].into()),
            ..ConfigMap::default()
        }
    }

    /// A certificate for these names, valid as long as the authority itself. A name with `://` in it is a URI, every other one
    /// a host.
    ///
    /// # Errors
    ///
    /// A name that no certificate can bear.
    pub fn issue(
        &self,
        names: &[&str],
        usage: Usage,
    ) -> Result<IssuedCertificate, CertificateFault> {
        self.issue_until(names, usage, self.from + VALID)
    }

    /// A certificate for these names, valid until a time.
    ///
    /// # Errors
    ///
    /// As with [`issue`](Self::issue).
    pub fn issue_until(
        &self,
        names: &[&str],
        usage: Usage,
        until: SystemTime,
    ) -> Result<IssuedCertificate, CertificateFault> {
        let own = [&[self.certificate.as_str()], names].concat();
        let key = key(self.seed, &own).map_err(|error| CertificateFault::new(names, error))?;
        issued(names, usage, &key, Some(self), [self.from, until])
    }

    /// A certificate of a server that signs itself.
    pub(super) fn self_signed(
        seed: u64,
        names: &[&str],
        from: SystemTime,
    ) -> Result<IssuedCertificate, CertificateFault> {
        let key = key(seed, names).map_err(|error| CertificateFault::new(names, error))?;
        issued(names, Usage::Server, &key, None, [from, from + VALID])
    }
}

/// A certificate for these names and this key, by an authority, or signed with the key itself.
fn issued(
    names: &[&str],
    usage: Usage,
    key: &SigningKey,
    by: Option<&WorldAuthority>,
    [from, until]: [SystemTime; 2],
) -> Result<IssuedCertificate, CertificateFault> {
    let first = names.first().copied().unwrap_or_default();
    let subject = common_name(first).map_err(|error| CertificateFault::new(names, error))?;
    let alternatives = names.iter().map(|name| {
        let text = Ia5String::new(name)?;
        Ok(match name.contains("://") {
            true => GeneralName::UniformResourceIdentifier(text),
            false => GeneralName::DnsName(text),
        })
    });
    let alternatives = alternatives
        .collect::<Result<Vec<_>, x509_cert::der::Error>>()
        .map_err(|error| CertificateFault::new(names, error))?;
    let purpose = match usage {
        Usage::Server => rfc5280::ID_KP_SERVER_AUTH,
        Usage::Client => rfc5280::ID_KP_CLIENT_AUTH,
    };
    let body = Body {
        subject: &subject,
        issuer: by.map_or(&subject, |by| &by.name),
        key,
        signer: by.map_or(key, |by| &by.key),
        serial: 2,
        from,
        until,
    };
    let certificate = body.sign(|builder| {
        builder.add_extension(&ExtendedKeyUsage(vec![purpose]))?;
        builder.add_extension(&SubjectAltName(alternatives.clone()))
    });
    let certificate = certificate.map_err(|error| CertificateFault::new(names, error))?;
    let key = key
        .to_pkcs8_pem(LineEnding::LF)
        .map_err(|error| CertificateFault::new(names, error))?;
    Ok(IssuedCertificate {
        certificate,
        key: key.to_string(),
    })
}

impl IssuedCertificate {
    /// A Secret with the certificate and its key, as a listener refers to it.
    #[must_use]
    pub fn secret(&self, namespace: &str, name: &str) -> Secret {
        let entry = |name: &str, text: &str| (name.to_owned(), ByteString(text.into()));
        Secret {
            metadata: metadata(namespace, name),
            type_: Some("kubernetes.io/tls".to_owned()),
            data: Some(
                [
                    entry("tls.crt", &self.certificate),
                    entry("tls.key", &self.key),
                ]
                .into(),
            ),
            ..Secret::default()
        }
    }

    /// What a client or a server that has it shows.
    ///
    /// # Errors
    ///
    /// What was put in the place of the certificate and is none.
    pub fn shown(&self) -> Result<CertificateChain, CertificateError> {
        CertificateChain::read(self.certificate.as_bytes())
    }
}

impl std::fmt::Debug for IssuedCertificate {
    /// Without the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IssuedCertificate")
            .field("certificate", &self.certificate)
            .finish_non_exhaustive()
    }
}

fn metadata(namespace: &str, name: &str) -> ObjectMeta {
    ObjectMeta {
        namespace: Some(namespace.to_owned()),
        name: Some(name.to_owned()),
        ..ObjectMeta::default()
    }
}

/// A key that follows from a seed and texts.
fn key(seed: u64, texts: &[&str]) -> Result<SigningKey, p256::ecdsa::Error> {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    for text in texts {
        hash.update(text.len().to_le_bytes());
        hash.update(text);
    }
    // All but a few of 2^256 numbers are keys.
    SigningKey::from_slice(&hash.finalize())
}

fn common_name(name: &str) -> Result<Name, x509_cert::der::Error> {
    let escaped: String = name
        .chars()
        .flat_map(|c| match c {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '=' | '#' => vec!['\\', c],
            c => vec![c],
        })
        .collect();
    Name::from_str(&format!("CN={escaped}"))
}

/// What every certificate says.
struct Body<'b> {
    subject: &'b Name,
    issuer: &'b Name,
    key: &'b SigningKey,
    signer: &'b SigningKey,
    serial: u32,
    from: SystemTime,
    until: SystemTime,
}

/// Names alone: extensions are added one by one.
struct Names(Name, Name);

impl BuilderProfile for Names {
    fn get_issuer(&self, _: &Name) -> Name {
        self.0.clone()
    }

    fn get_subject(&self) -> Name {
        self.1.clone()
    }

    fn build_extensions(
        &self,
        _: SubjectPublicKeyInfoRef<'_>,
        _: SubjectPublicKeyInfoRef<'_>,
        _: &TbsCertificate,
    ) -> x509_cert::builder::Result<Vec<Extension>> {
        Ok(Vec::new())
    }
}

impl Body<'_> {
    /// The certificate, PEM.
    fn sign(
        &self,
        extend: impl FnOnce(&mut CertificateBuilder<Names>) -> Result<(), x509_cert::der::Error>,
    ) -> Result<String, x509_cert::builder::Error> {
        let public = SubjectPublicKeyInfo::from_key(self.key.verifying_key())?;
        let validity = Validity::new(Time::try_from(self.from)?, Time::try_from(self.until)?);
        let names = Names(self.issuer.clone(), self.subject.clone());
        let serial = SerialNumber::from(self.serial);
        let mut builder = CertificateBuilder::new(names, serial, validity, public)?;
        extend(&mut builder)?;
        let certificate = builder.build::<_, DerSignature>(self.signer)?;
        Ok(certificate.to_pem(LineEnding::LF)?)
    }
}
