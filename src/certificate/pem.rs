//! PEM texts taken apart (RFC 7468).

use super::{CertificateError, Part};
use rustls_pki_types::pem::{self, PemObject, SectionKind};

/// The DER data of a private key, and the form that its label promises.
#[cfg_attr(
    not(feature = "tls"),
    expect(dead_code, reason = "only the framing counts without the feature")
)]
pub(super) struct KeyBlock {
    pub(super) form: Form,
    pub(super) der: Vec<u8>,
}

/// The forms of a private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Pkcs8,
    Pkcs1,
    Sec1,
}

/// The certificates of a text, DER, at least one. Blocks of other kinds are left out, as TLS libraries do.
pub(super) fn certificates(text: &[u8]) -> Result<Vec<Vec<u8>>, CertificateError> {
    let mut found = Vec::new();
    for section in sections(text, Part::Certificates)? {
        let (kind, der) = section?;
        if kind == SectionKind::Certificate {
            found.push(der);
        }
    }
    if found.is_empty() {
        return Err(CertificateError::NoCertificate);
    }
    Ok(found)
}

/// The first private key of a text.
pub(super) fn private_key(text: &[u8]) -> Result<KeyBlock, CertificateError> {
    let encrypted = lines(text).any(|line| {
        line.starts_with(b"-----BEGIN ENCRYPTED PRIVATE KEY")
            || (line.starts_with(b"Proc-Type:") && line.ends_with(b"ENCRYPTED"))
    });
    if encrypted {
        return Err(CertificateError::EncryptedKey);
    }
    for section in sections(text, Part::Key)? {
        let (kind, der) = section?;
        let form = match kind {
            SectionKind::PrivateKey => Form::Pkcs8,
            SectionKind::RsaPrivateKey => Form::Pkcs1,
            SectionKind::EcPrivateKey => Form::Sec1,
            _ => continue,
        };
        return Ok(KeyBlock { form, der });
    }
    Err(CertificateError::NoKey)
}

type Section = Result<(SectionKind, Vec<u8>), CertificateError>;

fn sections(text: &[u8], part: Part) -> Result<impl Iterator<Item = Section>, CertificateError> {
    let broken = move |why: &str| CertificateError::Pem {
        part,
        why: why.to_owned(),
    };
    // The reader would lose a block that begins in the middle of a line, as in files joined without a
    // line break.
    let inside = |line: &[u8]| {
        let mut places = line.windows(BEGIN.len()).enumerate();
        places.any(|(at, window)| at > 0 && window == BEGIN)
    };
    if lines(text).any(inside) {
        return Err(broken("a PEM block does not begin on a line of its own"));
    }
    let text = without_headers(text);
    let found: Vec<Result<(SectionKind, Vec<u8>), pem::Error>> =
        <(SectionKind, Vec<u8>)>::pem_slice_iter(&text).collect();
    Ok(found.into_iter().map(move |section| {
        section.map_err(|error| match error {
            pem::Error::MissingSectionEnd { .. } => broken("a PEM block has no end"),
            pem::Error::IllegalSectionStart { .. } => {
                broken("the first line of a PEM block does not end with `-----`")
            }
            pem::Error::Base64Decode(_) => broken("a PEM block is not valid base64"),
            _ => broken("it is not PEM"),
        })
    }))
}

const BEGIN: &[u8] = b"-----BEGIN ";

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii_end)
}

/// The text without the header lines of its blocks (RFC 1421), which the reader would take for data: those
/// from a first line with a colon to the next empty line.
fn without_headers(text: &[u8]) -> Vec<u8> {
    let mut left = Vec::with_capacity(text.len() + 1);
    let (mut begun, mut in_headers) = (false, false);
    for line in lines(text) {
        in_headers = !line.is_empty() && (in_headers || (begun && line.contains(&b':')));
        begun = line.starts_with(BEGIN);
        if !in_headers {
            left.extend_from_slice(line);
            left.push(b'\n');
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(label: &str, body: &str) -> String {
        format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
    }

    #[test]
    fn a_chain_is_every_certificate_of_the_text_in_its_order() {
        let text = [
            "subject=a: b\n".to_owned(),
            block("CERTIFICATE", "MAMCAQU="),
            block("EC PARAMETERS", "BggqhkjOPQMBBw=="),
            "\r\n".to_owned(),
            block("CERTIFICATE", "MAMC\r\n\r\nAQY=\r\n"),
        ]
        .concat();
        let found = certificates(text.as_bytes()).unwrap();
        assert_eq!(found, [[0x30, 3, 2, 1, 5], [0x30, 3, 2, 1, 6]]);
    }

    #[test]
    fn header_lines_of_a_block_are_no_data() {
        let text = block("CERTIFICATE", "Comment: of mine\nOther: one\n\nMAMCAQU=");
        assert_eq!(certificates(text.as_bytes()).unwrap().len(), 1);
        let text = block("RSA PRIVATE KEY", "Comment: of mine\n\nMAMCAQU=");
        let key = private_key(text.as_bytes()).unwrap();
        assert_eq!((key.form, key.der.len()), (Form::Pkcs1, 5));
    }

    #[test]
    fn the_label_of_a_key_says_its_form() {
        for (label, form) in [
            ("PRIVATE KEY", Form::Pkcs8),
            ("RSA PRIVATE KEY", Form::Pkcs1),
            ("EC PRIVATE KEY", Form::Sec1),
        ] {
            let text = [
                block("EC PARAMETERS", "BggqhkjOPQMBBw=="),
                block(label, "MAMCAQU="),
            ]
            .concat();
            assert_eq!(private_key(text.as_bytes()).unwrap().form, form);
        }
    }

    #[test]
    fn an_encrypted_key_is_refused_as_encrypted() {
        let old = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nMAMCAQU=";
        for text in [
            block("RSA PRIVATE KEY", old),
            block("EC PRIVATE KEY", old).replace('\n', "\r\n"),
            block("ENCRYPTED PRIVATE KEY", "MAMCAQU="),
        ] {
            let found = private_key(text.as_bytes()).map(|key| key.form);
            assert_eq!(found, Err(CertificateError::EncryptedKey), "{text}");
        }
    }

    #[test]
    fn a_text_that_is_not_pem_is_refused() {
        let broken = |text: &str, why: &str| {
            let wanted = CertificateError::Pem {
                part: Part::Certificates,
                why: why.to_owned(),
            };
            assert_eq!(certificates(text.as_bytes()), Err(wanted), "{text}");
        };
        let no_end = "a PEM block has no end";
        broken("-----BEGIN CERTIFICATE-----\nMAMCAQU=\n", no_end);
        let other_end = block("CERTIFICATE", "MAMCAQU=").replace("END CERT", "END X509 CERT");
        broken(&other_end, no_end);
        for body in ["MAM=CAQU", "not base64!", "MAMCAQU==="] {
            broken(
                &block("CERTIFICATE", body),
                "a PEM block is not valid base64",
            );
        }
        broken(
            "-----BEGIN CERTIFICATE\nMAMCAQU=\n-----END CERTIFICATE-----",
            "the first line of a PEM block does not end with `-----`",
        );
        let one = block("CERTIFICATE", "MAMCAQU=");
        broken(
            &format!("{}{one}", one.trim_end()),
            "a PEM block does not begin on a line of its own",
        );
        for text in ["", "hello", &block("PRIVATE KEY", "MAMCAQU=")] {
            let found = certificates(text.as_bytes());
            assert_eq!(found, Err(CertificateError::NoCertificate), "{text}");
        }
        let found = private_key(one.as_bytes()).map(|key| key.form);
        assert_eq!(found, Err(CertificateError::NoKey));
        assert_eq!(
            certificates(&[0xFF, 0xFE]),
            Err(CertificateError::NoCertificate)
        );
    }
}
