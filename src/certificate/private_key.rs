//! Private keys read (PKCS #8, PKCS #1, SEC 1), as far as it takes to know their public keys.

use super::{
    CertificateError,
    pem::{Form, KeyBlock},
};
use pkcs8::{
    PrivateKeyInfoRef,
    der::{Decode, asn1::AnyRef, asn1::ObjectIdentifier},
};
use sec1::EcPrivateKey;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// RSA keys that are for signatures in the form PSS alone.
const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");

/// The public key that belongs to a private key.
pub(super) enum Public {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    Ed25519([u8; 32]),
    P256(p256::PublicKey),
    P384(p384::PublicKey),
    P521(p521::PublicKey),
}

/// Reads a private key, and computes its public key.
pub(super) fn read(key: &KeyBlock) -> Result<Public, CertificateError> {
    match key.form {
        Form::Pkcs1 => rsa(&key.der),
        Form::Sec1 => ec(&key.der, None),
        Form::Pkcs8 => {
            let info = PrivateKeyInfoRef::try_from(key.der.as_slice()).map_err(unreadable)?;
            let inner = info.private_key.as_bytes();
            match info.algorithm.oid {
                RSA | RSA_PSS => rsa(inner),
                EC => ec(inner, curve(info.algorithm.parameters)),
                ED25519 => ed25519(inner),
                other => Err(unsupported(other)),
            }
        }
    }
}

fn unreadable(why: impl ToString) -> CertificateError {
    CertificateError::Key {
        why: why.to_string(),
    }
}

fn unsupported(algorithm: ObjectIdentifier) -> CertificateError {
    CertificateError::UnsupportedKey {
        algorithm: algorithm.to_string(),
    }
}

fn rsa(der: &[u8]) -> Result<Public, CertificateError> {
    let key = pkcs1::RsaPrivateKeyRef::from_der(der).map_err(unreadable)?;
    Ok(Public::Rsa {
        modulus: key.modulus.as_bytes().to_vec(),
        exponent: key.public_exponent.as_bytes().to_vec(),
    })
}

fn ed25519(inner: &[u8]) -> Result<Public, CertificateError> {
    // The seed is an octet string in an octet string (RFC 8410).
    let Some(seed) = inner
        .strip_prefix(&[4, 32])
        .and_then(|seed| <[u8; 32]>::try_from(seed).ok())
    else {
        return Err(unreadable("an Ed25519 key has 32 bytes"));
    };
    let key = ed25519_dalek::SigningKey::from_bytes(&seed);
    Ok(Public::Ed25519(key.verifying_key().to_bytes()))
}

/// The curve that parameters name.
fn curve(parameters: Option<AnyRef<'_>>) -> Option<ObjectIdentifier> {
    parameters?.decode_as().ok()
}

fn ec(der: &[u8], curve: Option<ObjectIdentifier>) -> Result<Public, CertificateError> {
    let key = EcPrivateKey::from_der(der).map_err(unreadable)?;
    let own = key.parameters.and_then(sec1::EcParameters::named_curve);
    let Some(curve) = curve.or(own) else {
        return Err(unreadable("it names no curve"));
    };
    let outside = |_| unreadable("it lies outside of its curve");
    Ok(match curve {
        P256 => {
            let scalar = scalar::<32>(key.private_key)?;
            let key = p256::SecretKey::from_slice(&scalar).map_err(outside)?;
            Public::P256(key.public_key())
        }
        P384 => {
            let scalar = scalar::<48>(key.private_key)?;
            let key = p384::SecretKey::from_slice(&scalar).map_err(outside)?;
            Public::P384(key.public_key())
        }
        P521 => {
            let scalar = scalar::<66>(key.private_key)?;
            let key = p521::SecretKey::from_slice(&scalar).map_err(outside)?;
            Public::P521(key.public_key())
        }
        other => return Err(unsupported(other)),
    })
}

/// The number as a curve reads it, with leading zeros where it is shorter.
fn scalar<const N: usize>(bytes: &[u8]) -> Result<[u8; N], CertificateError> {
    let significant = bytes.iter().position(|byte| *byte != 0);
    let significant = bytes.get(significant.unwrap_or(bytes.len())..);
    let mut scalar = [0; N];
    let rest = significant.and_then(|digits| {
        let at = N.checked_sub(digits.len())?;
        Some((scalar.get_mut(at..)?, digits))
    });
    let (place, digits) = rest.ok_or_else(|| unreadable("it lies outside of its curve"))?;
    place.copy_from_slice(digits);
    Ok(scalar)
}

impl Public {
    /// Whether this is the public key of a certificate.
    pub(super) fn is_key_of(&self, of: &SubjectPublicKeyInfoOwned) -> bool {
        let Some(bits) = of.subject_public_key.as_bytes() else {
            return false;
        };
        let algorithm = of.algorithm.oid;
        let curve = || {
            let parameters = of.algorithm.parameters.as_ref()?;
            parameters.decode_as::<ObjectIdentifier>().ok()
        };
        match self {
            Self::Rsa { modulus, exponent } => {
                matches!(algorithm, RSA | RSA_PSS)
                    && pkcs1::RsaPublicKeyRef::from_der(bits).is_ok_and(|key| {
                        key.modulus.as_bytes() == modulus.as_slice()
                            && key.public_exponent.as_bytes() == exponent.as_slice()
                    })
            }
            Self::Ed25519(key) => algorithm == ED25519 && bits == key,
            Self::P256(key) => {
                algorithm == EC
                    && curve() == Some(P256)
                    && p256::PublicKey::from_sec1_bytes(bits).is_ok_and(|other| other == *key)
            }
            Self::P384(key) => {
                algorithm == EC
                    && curve() == Some(P384)
                    && p384::PublicKey::from_sec1_bytes(bits).is_ok_and(|other| other == *key)
            }
            Self::P521(key) => {
                algorithm == EC
                    && curve() == Some(P521)
                    && p521::PublicKey::from_sec1_bytes(bits).is_ok_and(|other| other == *key)
            }
        }
    }
}
