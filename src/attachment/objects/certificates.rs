//! Certificates, keys and authorities that the objects of a snapshot hold.

use super::config_maps::UnreadBundle;
use crate::{
    attachment::{Snapshot, unimplemented::is_trust_bundle},
    certificate::{Authorities, CertificateError, KeyPair, Part},
    meta::{NamespacedName, ObjectRef, unexpected_kind},
};
use k8s_openapi::{ByteString, api::core::v1::Secret, jiff::Timestamp};
use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

/// The Secrets of Gateways, each read once however many listeners refer to it.
#[derive(Clone, Debug, Default)]
pub(in crate::attachment) struct Certificates {
    read: HashMap<NamespacedName, Result<Arc<KeyPair>, String>>,
}

impl Certificates {
    /// Reads a Secret to which a Gateway refers, if it was not read before.
    pub(in crate::attachment) fn prepare(&mut self, reference: &ObjectRef, snapshot: &Snapshot) {
        let name = reference.namespaced_name();
        if let Some(secret) = snapshot.secrets().get(&name)
            && let Entry::Vacant(entry) = self.read.entry(name)
        {
            entry.insert(read(secret).map(Arc::new));
        }
    }

    /// Notes that a Secret has come, changed or gone.
    pub(in crate::attachment) fn forget(&mut self, secret: &NamespacedName) {
        self.read.remove(secret);
    }

    /// The certificate and key of a Secret to which a Gateway refers, or why they cannot be used.
    pub(in crate::attachment) fn get(
        &self,
        reference: &ObjectRef,
        snapshot: &Snapshot,
        now: Option<Timestamp>,
    ) -> Result<Arc<KeyPair>, String> {
        if !is_secret(reference) {
            let expected = [("", "Secret")];
            return Err(unexpected_kind(
                reference,
                "holds no certificate",
                &expected,
            ));
        }
        let pair = match self.read.get(&reference.namespaced_name()) {
            None => return Err(snapshot.absent(reference).to_string()),
            Some(Err(problem)) => return Err(format!("{reference}: {problem}")),
            Some(Ok(pair)) => pair,
        };
        if let Some(now) = now {
            let expired = |error| format!("{reference}: {}", describe(&error));
            pair.check_time(now).map_err(expired)?;
        }
        Ok(pair.clone())
    }
}

/// The type of a Secret with a certificate and its key.
const TLS: &str = "kubernetes.io/tls";

const CHAIN: &str = "tls.crt";
const KEY: &str = "tls.key";

/// The certificate and key of a Secret of type `kubernetes.io/tls`.
fn read(secret: &Secret) -> Result<KeyPair, String> {
    if let Some(kind) = other_type(secret) {
        return Err(format!("its type is `{kind}`: expected `{TLS}`"));
    }
    let part = |key| secret_value(secret, key).ok_or_else(|| format!("it has no `{key}`"));
    let (chain, key) = (part(CHAIN)?, part(KEY)?);
    KeyPair::read(chain, key).map_err(|error| describe(&error))
}

/// The type of a Secret, where it is not that of a certificate and its key.
fn other_type(secret: &Secret) -> Option<&str> {
    let kind = secret.type_.as_deref().unwrap_or("Opaque");
    (kind != TLS).then_some(kind)
}

/// What to do with a Secret of which the certificate or the key cannot be used.
#[cfg(feature = "lint")]
pub(crate) fn secret_remedy(secret: Option<&Secret>, reference: &ObjectRef) -> String {
    // The type of a Secret cannot be changed.
    if secret.and_then(other_type).is_some() {
        return format!(
            "delete {reference} and create it anew with `type: {TLS}`, a certificate under `{CHAIN}` and its private key \
             under `{KEY}`"
        );
    }
    let part = |key| secret_value(secret?, key);
    let pair = part(CHAIN).zip(part(KEY));
    match pair.map(|(chain, key)| KeyPair::read(chain, key)) {
        Some(Err(CertificateError::EncryptedKey)) => format!(
            "decrypt the private key of {reference}, and put it under `{KEY}` without a passphrase"
        ),
        Some(Err(CertificateError::KeyMismatch { owner: Some(index) })) => format!(
            "put certificate {} of {reference}, which is that of the private key, first under `{CHAIN}`",
            index + 1
        ),
        Some(Err(CertificateError::UnsupportedKey { .. })) => format!(
            "put a certificate and a private key of a kind that is supported into {reference}"
        ),
        _ => format!(
            "put a certificate that is valid, and the private key that belongs to it, into {reference}"
        ),
    }
}

fn describe(error: &CertificateError) -> String {
    let key = match error.part() {
        Part::Certificates => CHAIN,
        Part::Key => KEY,
    };
    if error.is_malformed() {
        format!("`{key}` is malformed: {error}")
    } else {
        format!("`{key}`: {error}")
    }
}

/// A value of a Secret. A manifest may hold it in `stringData`, which an API server moves to `data`.
fn secret_value<'a>(secret: &'a Secret, key: &str) -> Option<&'a [u8]> {
    let plain = secret.string_data.as_ref().and_then(|data| data.get(key));
    plain.map(String::as_bytes).or_else(|| {
        let ByteString(bytes) = secret.data.as_ref()?.get(key)?;
        Some(bytes.as_slice())
    })
}

/// Whether a reference names the one kind of object that holds a certificate and its key.
pub(crate) fn is_secret(reference: &ObjectRef) -> bool {
    reference.group.is_empty() && reference.kind == "Secret"
}

/// Whether a reference names the one kind of object that holds authorities.
pub(crate) fn is_config_map(reference: &ObjectRef) -> bool {
    reference.group.is_empty() && reference.kind == "ConfigMap"
}

/// The `ca.crt` of a ConfigMap that a reference names; the reference is allowed.
pub(in crate::attachment) fn authorities(
    snapshot: &Snapshot,
    reference: &ObjectRef,
    now: Option<Timestamp>,
) -> Result<Arc<Authorities>, String> {
    if !is_config_map(reference) {
        let expected = [("", "ConfigMap")];
        let not = match is_trust_bundle(&reference.group_kind()) {
            true => "is not implemented as a source of authorities",
            false => "holds no authority",
        };
        return Err(unexpected_kind(reference, not, &expected));
    }
    let found = match snapshot.authorities(&reference.namespaced_name()) {
        None => return Err(snapshot.absent(reference).to_string()),
        Some(Err(UnreadBundle::Missing)) => return Err(format!("{reference} has no `ca.crt`")),
        Some(Err(UnreadBundle::Malformed(problem))) => {
            return Err(format!("`ca.crt` of {reference} is malformed: {problem}"));
        }
        Some(Ok(found)) => found.clone(),
    };
    if let Some(now) = now {
        found
            .check_time(now)
            .map_err(|problem| format!("`ca.crt` of {reference}: {problem}"))?;
    }
    Ok(found)
}

#[cfg(all(test, feature = "tls", feature = "lint"))]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// What is wrong with a key or a chain is what help is for.
    #[test]
    fn the_remedy_of_a_secret_follows_from_what_is_wrong_with_it() {
        macro_rules! fixture {
            ($name:literal) => {
                include_str!(concat!("../../../tests/fixtures/certificates/", $name))
            };
        }
        let reference = ObjectRef {
            group: String::new(),
            kind: "Secret".to_owned(),
            namespace: "d".to_owned(),
            name: "s".to_owned(),
        };
        let remedy = |kind: &str, chain: &str, key: &str| {
            let parts = [(CHAIN, chain), (KEY, key)];
            let parts = parts.map(|(name, text)| (name.to_owned(), text.to_owned()));
            let secret = Secret {
                type_: Some(kind.to_owned()),
                string_data: Some(BTreeMap::from(parts)),
                ..Secret::default()
            };
            secret_remedy(Some(&secret), &reference)
        };
        let (own, other) = (fixture!("p256.crt"), fixture!("other.crt"));
        let key = fixture!("p256.key");
        for encrypted in [fixture!("encrypted.key"), fixture!("encrypted.pkcs1.key")] {
            assert_eq!(
                remedy(TLS, own, encrypted),
                "decrypt the private key of Secret d/s, and put it under `tls.key` without a passphrase"
            );
        }
        assert_eq!(
            remedy(TLS, &format!("{other}{own}"), key),
            "put certificate 2 of Secret d/s, which is that of the private key, first under `tls.crt`"
        );
        assert_eq!(
            remedy(TLS, fixture!("secp256k1.crt"), fixture!("secp256k1.key")),
            "put a certificate and a private key of a kind that is supported into Secret d/s"
        );
        let valid = "put a certificate that is valid, and the private key that belongs to it, into Secret d/s";
        assert_eq!(remedy(TLS, other, key), valid);
        assert_eq!(remedy(TLS, own, ""), valid);
        assert_eq!(secret_remedy(None, &reference), valid);
        assert!(remedy("Opaque", own, key).starts_with("delete Secret d/s and create it anew"));
    }
}
