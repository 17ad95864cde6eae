//! Signatures of certificates verified, in pure Rust: for `webpki`, which leaves that to others.

use rustls_pki_types::{
    AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id,
};
use std::fmt;

/// All that certificates may be signed with.
pub(super) const ALL: &[&dyn SignatureVerificationAlgorithm] = &[
    &Algorithm(
        alg_id::ECDSA_P256,
        alg_id::ECDSA_SHA256,
        p256::<sha2::Sha256>,
    ),
    &Algorithm(
        alg_id::ECDSA_P256,
        alg_id::ECDSA_SHA384,
        p256::<sha2::Sha384>,
    ),
    &Algorithm(
        alg_id::ECDSA_P256,
        alg_id::ECDSA_SHA512,
        p256::<sha2::Sha512>,
    ),
    &Algorithm(
        alg_id::ECDSA_P384,
        alg_id::ECDSA_SHA256,
        p384::<sha2::Sha256>,
    ),
    &Algorithm(
        alg_id::ECDSA_P384,
        alg_id::ECDSA_SHA384,
        p384::<sha2::Sha384>,
    ),
    &Algorithm(
        alg_id::ECDSA_P384,
        alg_id::ECDSA_SHA512,
        p384::<sha2::Sha512>,
    ),
    &Algorithm(
        alg_id::ECDSA_P521,
        alg_id::ECDSA_SHA256,
        p521::<sha2::Sha256>,
    ),
    &Algorithm(
        alg_id::ECDSA_P521,
        alg_id::ECDSA_SHA384,
        p521::<sha2::Sha384>,
    ),
    &Algorithm(
        alg_id::ECDSA_P521,
        alg_id::ECDSA_SHA512,
        p521::<sha2::Sha512>,
    ),
    &Algorithm(alg_id::ED25519, alg_id::ED25519, ed25519),
    &Algorithm(
        alg_id::RSA_ENCRYPTION,
        alg_id::RSA_PKCS1_SHA256,
        pkcs1::<sha2::Sha256>,
    ),
    &Algorithm(
        alg_id::RSA_ENCRYPTION,
        alg_id::RSA_PKCS1_SHA384,
        pkcs1::<sha2::Sha384>,
    ),
    &Algorithm(
        alg_id::RSA_ENCRYPTION,
        alg_id::RSA_PKCS1_SHA512,
        pkcs1::<sha2::Sha512>,
    ),
    &Algorithm(
        alg_id::RSA_ENCRYPTION,
        alg_id::RSA_PSS_SHA256,
        pss::<sha2::Sha256>,
    ),
    &Algorithm(
        alg_id::RSA_ENCRYPTION,
        alg_id::RSA_PSS_SHA384,
        pss::<sha2::Sha384>,
    ),
    &Algorithm(
        alg_id::RSA_ENCRYPTION,
        alg_id::RSA_PSS_SHA512,
        pss::<sha2::Sha512>,
    ),
];

/// Verifies a signature: of this key, over this message.
type Verify = fn(key: &[u8], message: &[u8], signature: &[u8]) -> Option<()>;

/// The kind of the key, the kind of the signature, and how it is verified.
struct Algorithm(AlgorithmIdentifier, AlgorithmIdentifier, Verify);

impl fmt::Debug for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Algorithm({:?}, {:?})", self.0, self.1)
    }
}

impl SignatureVerificationAlgorithm for Algorithm {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        (self.2)(public_key, message, signature).ok_or(InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.0
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.1
    }
}

macro_rules! ecdsa {
    ($($curve:ident),+) => {$(
        fn $curve<D: sha2::Digest>(key: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
            use ::$curve::ecdsa::{Signature, VerifyingKey, signature::hazmat::PrehashVerifier};
            let key = VerifyingKey::from_sec1_bytes(key).ok()?;
            let signature = Signature::from_der(signature).ok()?;
            key.verify_prehash(&D::digest(message), &signature).ok()
        }
    )+};
}

ecdsa!(p256, p384, p521);

fn ed25519(key: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
    let key = ed25519_dalek::VerifyingKey::from_bytes(key.try_into().ok()?).ok()?;
    let signature = ed25519_dalek::Signature::from_slice(signature).ok()?;
    key.verify_strict(message, &signature).ok()
}

fn rsa_key(key: &[u8]) -> Option<rsa::PublicKey> {
    use rsa::pkcs1::DecodeRsaPublicKey;
    rsa::PublicKey::from_pkcs1_der(key).ok()
}

fn pkcs1<D>(key: &[u8], message: &[u8], signature: &[u8]) -> Option<()>
where
    D: sha2::Digest + rsa::pkcs8::AssociatedOid,
{
    let scheme = rsa::pkcs1v15::Pkcs1v15Sign::new::<D>();
    let key = rsa_key(key)?;
    key.verify(scheme, &D::digest(message), signature).ok()
}

fn pss<D>(key: &[u8], message: &[u8], signature: &[u8]) -> Option<()>
where
    D: sha2::Digest + sha2::digest::FixedOutputReset,
{
    let scheme = rsa::pss::Pss::<D>::new();
    let key = rsa_key(key)?;
    key.verify(scheme, &D::digest(message), signature).ok()
}
