use super::*;
use proptest::prelude::*;

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../../tests/fixtures/certificates/", $name))
    };
}

fn read(chain: &str, key: &str) -> Result<KeyPair, CertificateError> {
    KeyPair::read(chain.as_bytes(), key.as_bytes())
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn a_key_of_every_form_belongs_to_its_certificate() {
    for (chain, key) in [
        (fixture!("p256.crt"), fixture!("p256.key")),
        (fixture!("p256.crt"), fixture!("p256.sec1.key")),
        (fixture!("p256.crt"), fixture!("p256.scalar.key")),
        (fixture!("p256.crt"), fixture!("p256.parameters.key")),
        (fixture!("p384.crt"), fixture!("p384.key")),
        (fixture!("p521.crt"), fixture!("p521.key")),
        (fixture!("ed25519.crt"), fixture!("ed25519.key")),
        (fixture!("rsa.crt"), fixture!("rsa.key")),
        (fixture!("rsa.crt"), fixture!("rsa.pkcs1.key")),
        (fixture!("short.crt"), fixture!("short.key")),
        (fixture!("v1.crt"), fixture!("p256.key")),
    ] {
        let pair = read(chain, key).unwrap_or_else(|error| panic!("{error}: {chain}"));
        assert_eq!(pair.chain(), chain.as_bytes());
        assert_eq!(pair.key().pem(), key.as_bytes());
    }
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    let keys = [
        fixture!("p256.key"),
        fixture!("other.key"),
        fixture!("p384.key"),
        fixture!("p521.key"),
        fixture!("ed25519.key"),
        fixture!("rsa.key"),
        fixture!("short.key"),
    ];
    let chains = [
        fixture!("p256.crt"),
        fixture!("other.crt"),
        fixture!("p384.crt"),
        fixture!("p521.crt"),
        fixture!("ed25519.crt"),
        fixture!("rsa.crt"),
        fixture!("short.crt"),
        fixture!("secp256k1.crt"),
    ];
    for (own, chain) in chains.into_iter().enumerate() {
        for (of, key) in keys.into_iter().enumerate() {
            let wanted = (own != of).then_some(CertificateError::KeyMismatch { owner: None });
            assert_eq!(read(chain, key).err(), wanted, "{own} {of}");
        }
    }
}

/// RFC 8446 §4.4.2: the sender's certificate must come first in the list.
#[test]
fn the_certificate_of_the_key_comes_first_in_a_chain() {
    let (leaf, other) = (fixture!("p256.crt"), fixture!("other.crt"));
    let chain = format!("{leaf}{other}");
    let pair = read(&chain, fixture!("p256.key")).unwrap();
    assert_eq!(pair.names(), ["a.example.com", "*.b.example.com"]);
    let error = read(&format!("{other}{leaf}"), fixture!("p256.key")).unwrap_err();
    assert_eq!(error, CertificateError::KeyMismatch { owner: Some(1) });
    assert_eq!(
        error.to_string(),
        "the private key is that of certificate 2: the certificate of the key must be the first"
    );
}

#[test]
fn what_is_no_certificate_is_malformed_wherever_it_stands_in_the_chain() {
    let no = "-----BEGIN CERTIFICATE-----\nMAMCAQU=\n-----END CERTIFICATE-----\n";
    let no_key = "-----BEGIN PRIVATE KEY-----\nMAMCAQU=\n-----END PRIVATE KEY-----\n";
    let good = fixture!("p256.crt");
    for (chain, place) in [(no.to_owned(), 0), (format!("{good}{no}"), 1)] {
        let error = read(&chain, fixture!("p256.key")).unwrap_err();
        assert!(
            matches!(error, CertificateError::Certificate { index, .. } if index == place),
            "{error:?}"
        );
        assert!(error.is_malformed());
        assert_eq!(error.part(), Part::Certificates);
        let error = Authorities::read(&chain).unwrap_err();
        assert!(matches!(error, CertificateError::Certificate { index, .. } if index == place));
    }
    for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"] {
        let error = read(good, &no_key.replace("PRIVATE KEY", label)).unwrap_err();
        assert!(matches!(error, CertificateError::Key { .. }), "{error:?}");
        assert_eq!((error.is_malformed(), error.part()), (true, Part::Key));
    }
}

#[test]
fn a_key_that_nobody_can_use_without_more_is_refused() {
    for key in [fixture!("encrypted.key"), fixture!("encrypted.pkcs1.key")] {
        let error = read(fixture!("p256.crt"), key).unwrap_err();
        assert_eq!(error, CertificateError::EncryptedKey);
    }
    let error = read(fixture!("secp256k1.crt"), fixture!("secp256k1.key")).unwrap_err();
    let algorithm = "1.3.132.0.10".to_owned();
    assert_eq!(error, CertificateError::UnsupportedKey { algorithm });
    assert!(!error.is_malformed());
}

#[test]
fn a_certificate_is_valid_from_its_first_second_to_its_last() {
    let check = |chain: &str, now: &str| {
        read(chain, fixture!("p256.key"))
            .unwrap()
            .check_time(time(now))
    };
    let expired = fixture!("expired.crt");
    let (from, at) = (time("2024-01-01T00:00:00Z"), time("2024-02-01T00:00:00Z"));
    let not_yet = Err(CertificateError::NotYetValid { from });
    assert_eq!(check(expired, "2023-12-31T23:59:59Z"), not_yet);
    assert_eq!(check(expired, "2024-01-01T00:00:00Z"), Ok(()));
    assert_eq!(check(expired, "2024-02-01T00:00:00Z"), Ok(()));
    let late = Err(CertificateError::Expired { at });
    assert_eq!(check(expired, "2024-02-01T00:00:01Z"), late);
    assert_eq!(
        check(fixture!("endless.crt"), "9999-01-01T00:00:00Z"),
        Ok(())
    );
    // The others of a chain do not count.
    let chain = format!("{}{expired}", fixture!("p256.crt"));
    assert_eq!(check(&chain, "2025-01-01T00:00:00Z"), Ok(()));
}

#[test]
fn one_authority_that_is_valid_is_enough() {
    let (good, expired) = (fixture!("p256.crt"), fixture!("expired.crt"));
    let now = time("2025-01-01T00:00:00Z");
    let check = |text: &str| Authorities::read(text).unwrap().check_time(now);
    assert_eq!(check(good), Ok(()));
    assert_eq!(check(&format!("{expired}{good}")), Ok(()));
    let at = time("2024-02-01T00:00:00Z");
    assert_eq!(
        check(&format!("{expired}{}", fixture!("early.crt"))),
        Err(CertificateError::Expired { at })
    );
}

/// RFC 9525 §6.3: the common name is no name of a host.
#[test]
fn a_certificate_covers_the_hosts_of_its_subject_alternative_names_alone() {
    let covers = |chain: &str, hostname: &str| {
        let pair = read(chain, fixture!("p256.key")).unwrap();
        pair.covers(&hostname.parse().unwrap())
    };
    let two = fixture!("p256.crt");
    assert_eq!(covers(two, "a.example.com"), Some(true));
    assert_eq!(covers(two, "x.b.example.com"), Some(true));
    assert_eq!(covers(two, "*.example.com"), Some(true));
    assert_eq!(covers(two, "c.example.com"), Some(false));
    let none = fixture!("common-name.crt");
    assert_eq!(covers(none, "common-name.example.com"), Some(false));
    let pair = read(none, fixture!("p256.key")).unwrap();
    let has = |hostname: &str| pair.has_common_name(&hostname.parse().unwrap());
    assert!(has("common-name.example.com") && !has("other.example.com"));
}

#[test]
fn a_private_key_is_not_shown_for_debugging() {
    let pair = read(fixture!("short.crt"), fixture!("short.key")).unwrap();
    let text = format!("{pair:?}");
    assert_eq!(text, "KeyPair { .. }");
    let bytes = format!("{:?}", fixture!("short.key").as_bytes());
    assert!(!text.contains(&bytes[1..60]), "{text}");
}

/// A text with parts of others in the place of some of its own.
fn mutants() -> impl Strategy<Value = String> {
    let texts = [
        fixture!("p256.crt"),
        fixture!("rsa.crt"),
        fixture!("p256.key"),
        fixture!("p521.key"),
        fixture!("rsa.pkcs1.key"),
        fixture!("p256.scalar.key"),
        fixture!("ed25519.key"),
        fixture!("encrypted.pkcs1.key"),
    ];
    let text = prop::sample::select(texts.to_vec());
    let edit = (
        any::<prop::sample::Index>(),
        0_usize..6,
        "[A-Za-z0-9+/=:\n -]{0,6}",
    );
    (text, prop::collection::vec(edit, 0..5)).prop_map(|(text, edits)| {
        let mut text = text.to_owned();
        for (at, length, new) in edits {
            let at = at.index(text.len());
            let end = (at + length).min(text.len());
            text.replace_range(at..end, &new);
        }
        text
    })
}

proptest! {
    /// Whatever a Secret holds is read or refused, and what is read can be read again.
    #[test]
    fn any_text_is_read_or_refused(chain in mutants(), key in mutants(), bytes in any::<Vec<u8>>()) {
        for (chain, key) in [
            (chain.as_bytes(), key.as_bytes()),
            (chain.as_bytes(), bytes.as_slice()),
            (fixture!("p256.crt").as_bytes(), key.as_bytes()),
            (chain.as_bytes(), fixture!("p256.key").as_bytes()),
        ] {
            if let Ok(pair) = KeyPair::read(chain, key) {
                prop_assert_eq!(KeyPair::read(pair.chain(), pair.key().pem()), Ok(pair));
            }
        }
        let _ = Authorities::read(&chain);
    }
}
