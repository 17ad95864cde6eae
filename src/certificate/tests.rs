use super::*;

macro_rules! file {
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
        (file!("p256.crt"), file!("p256.key")),
        (file!("p256.crt"), file!("p256.sec1.key")),
        (file!("p256.crt"), file!("p256.scalar.key")),
        (file!("p256.crt"), file!("p256.parameters.key")),
        (file!("p384.crt"), file!("p384.key")),
        (file!("p521.crt"), file!("p521.key")),
        (file!("ed25519.crt"), file!("ed25519.key")),
        (file!("rsa.crt"), file!("rsa.key")),
        (file!("rsa.crt"), file!("rsa.pkcs1.key")),
        (file!("short.crt"), file!("short.key")),
        (file!("v1.crt"), file!("p256.key")),
    ] {
        let pair = read(chain, key).unwrap_or_else(|error| panic!("{error}: {chain}"));
        assert_eq!(pair.chain(), chain.as_bytes());
        assert_eq!(pair.key().pem(), key.as_bytes());
    }
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    let keys = [
        file!("p256.key"),
        file!("other.key"),
        file!("p384.key"),
        file!("p521.key"),
        file!("ed25519.key"),
        file!("rsa.key"),
        file!("short.key"),
    ];
    let chains = [
        file!("p256.crt"),
        file!("other.crt"),
        file!("p384.crt"),
        file!("p521.crt"),
        file!("ed25519.crt"),
        file!("rsa.crt"),
        file!("short.crt"),
        file!("secp256k1.crt"),
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
    let (leaf, other) = (file!("p256.crt"), file!("other.crt"));
    let chain = format!("{leaf}{other}");
    let pair = read(&chain, file!("p256.key")).unwrap();
    assert_eq!(pair.names(), ["a.example.com", "*.b.example.com"]);
    let error = read(&format!("{other}{leaf}"), file!("p256.key")).unwrap_err();
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
    let good = file!("p256.crt");
    for (chain, place) in [(no.to_owned(), 0), (format!("{good}{no}"), 1)] {
        let error = read(&chain, file!("p256.key")).unwrap_err();
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
    for key in [file!("encrypted.key"), file!("encrypted.pkcs1.key")] {
        let error = read(file!("p256.crt"), key).unwrap_err();
        assert_eq!(error, CertificateError::EncryptedKey);
    }
    let error = read(file!("secp256k1.crt"), file!("secp256k1.key")).unwrap_err();
    let algorithm = "1.3.132.0.10".to_owned();
    assert_eq!(error, CertificateError::UnsupportedKey { algorithm });
    assert!(!error.is_malformed());
}

#[test]
fn a_certificate_is_valid_from_its_first_second_to_its_last() {
    let check = |chain: &str, now: &str| {
        read(chain, file!("p256.key"))
            .unwrap()
            .check_time(time(now))
    };
    let expired = file!("expired.crt");
    let (from, at) = (time("2024-01-01T00:00:00Z"), time("2024-02-01T00:00:00Z"));
    let not_yet = Err(CertificateError::NotYetValid { from });
    assert_eq!(check(expired, "2023-12-31T23:59:59Z"), not_yet);
    assert_eq!(check(expired, "2024-01-01T00:00:00Z"), Ok(()));
    assert_eq!(check(expired, "2024-02-01T00:00:00Z"), Ok(()));
    let late = Err(CertificateError::Expired { at });
    assert_eq!(check(expired, "2024-02-01T00:00:01Z"), late);
    assert_eq!(check(file!("endless.crt"), "9999-01-01T00:00:00Z"), Ok(()));
    // The others of a chain do not count.
    let chain = format!("{}{expired}", file!("p256.crt"));
    assert_eq!(check(&chain, "2025-01-01T00:00:00Z"), Ok(()));
}

#[test]
fn one_authority_that_is_valid_is_enough() {
    let (good, expired) = (file!("p256.crt"), file!("expired.crt"));
    let now = time("2025-01-01T00:00:00Z");
    let check = |text: &str| Authorities::read(text).unwrap().check_time(now);
    assert_eq!(check(good), Ok(()));
    assert_eq!(check(&format!("{expired}{good}")), Ok(()));
    let at = time("2024-02-01T00:00:00Z");
    assert_eq!(
        check(&format!("{expired}{}", file!("early.crt"))),
        Err(CertificateError::Expired { at })
    );
}

/// RFC 9525 §6.3: the common name is no name of a host.
#[test]
fn a_certificate_covers_the_hosts_of_its_subject_alternative_names_alone() {
    let covers = |chain: &str, hostname: &str| {
        let pair = read(chain, file!("p256.key")).unwrap();
        pair.covers(&hostname.parse().unwrap())
    };
    let two = file!("p256.crt");
    assert_eq!(covers(two, "a.example.com"), Some(true));
    assert_eq!(covers(two, "x.b.example.com"), Some(true));
    assert_eq!(covers(two, "*.example.com"), Some(true));
    assert_eq!(covers(two, "c.example.com"), Some(false));
    let none = file!("common-name.crt");
    assert_eq!(covers(none, "common-name.example.com"), Some(false));
}

#[test]
fn a_private_key_is_not_shown_for_debugging() {
    let pair = read(file!("short.crt"), file!("short.key")).unwrap();
    let text = format!("{pair:?}");
    assert!(text.contains("PrivateKey(hidden)"), "{text}");
    let bytes = format!("{:?}", file!("short.key").as_bytes());
    assert!(!text.contains(&bytes[1..60]), "{text}");
}
