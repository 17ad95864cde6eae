//! A light check of PEM texts: enough to tell a certificate or a key from something else.
//!
//! Whether a certificate is any good (expired, wrong name, wrong key) is for the TLS library to say.

/// What a PEM block is expected to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Certificates,
    PrivateKey,
}

impl Content {
    fn accepts(self, label: &str) -> bool {
        match self {
            Self::Certificates => matches!(label, "CERTIFICATE" | "TRUSTED CERTIFICATE"),
            Self::PrivateKey => label.ends_with("PRIVATE KEY"),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Certificates => "certificate",
            Self::PrivateKey => "private key",
        }
    }
}

/// Checks that the text has at least one block of the kind, and that each of them holds DER data.
pub(super) fn check(data: &[u8], content: Content) -> Result<(), String> {
    let text = std::str::from_utf8(data).map_err(|_| "it is not a text".to_owned())?;
    let mut found = false;
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("-----BEGIN ") {
        let (label, after) = after
            .split_once("-----")
            .ok_or("a PEM block has no end to its first line")?;
        let (body, after) = after
            .split_once(&format!("-----END {label}-----"))
            .ok_or_else(|| format!("the PEM block `{label}` has no end"))?;
        rest = after;
        if !content.accepts(label) {
            continue;
        }
        // Old encrypted keys carry header lines, which end at an empty line.
        let body = body.rsplit_once("\n\n").map_or(body, |(_, b)| b);
        let der =
            base64(body).ok_or_else(|| format!("the PEM block `{label}` is not valid base64"))?;
        if !is_der_sequence(&der) && !may_be_encrypted(label) {
            return Err(format!("the PEM block `{label}` holds no DER data"));
        }
        found = true;
    }
    if found {
        Ok(())
    } else {
        Err(format!("it has no PEM block with a {}", content.name()))
    }
}

fn may_be_encrypted(label: &str) -> bool {
    label == "RSA PRIVATE KEY" || label == "EC PRIVATE KEY" || label == "DSA PRIVATE KEY"
}

/// Decodes base64 with line breaks; nothing if it is not base64, or empty.
fn base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut buffer, mut bits, mut symbols, mut padding) = (0_u32, 0_u32, 0_usize, 0_usize);
    for byte in text.bytes().filter(|b| !b.is_ascii_whitespace()) {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => {
                padding += 1;
                continue;
            }
            _ => return None,
        };
        if padding > 0 {
            return None;
        }
        symbols += 1;
        buffer = (buffer << 6 | u32::from(value)) & 0xFFFF;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((buffer >> bits & 0xFF) as u8);
        }
    }
    let whole = (symbols + padding).is_multiple_of(4) && padding <= 2;
    (whole && !bytes.is_empty()).then_some(bytes)
}

/// Whether the bytes are one ASN.1 sequence of the length that it says.
fn is_der_sequence(der: &[u8]) -> bool {
    let [0x30, length, rest @ ..] = der else {
        return false;
    };
    if *length < 0x80 {
        return rest.len() == usize::from(*length);
    }
    let count = usize::from(*length & 0x7F);
    let Some((digits, body)) = rest.split_at_checked(count) else {
        return false;
    };
    (1..=4).contains(&count)
        && digits
            .iter()
            .fold(0_usize, |sum, digit| sum << 8 | usize::from(*digit))
            == body.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(label: &str, body: &str) -> Vec<u8> {
        format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n").into_bytes()
    }

    #[test]
    fn a_certificate_is_a_pem_block_with_a_der_sequence() {
        // 30 03 02 01 05: a sequence with the number 5.
        assert_eq!(
            check(&block("CERTIFICATE", "MAMCAQU="), Content::Certificates),
            Ok(())
        );
        assert_eq!(
            check(&block("EC PRIVATE KEY", "MAMC\nAQU="), Content::PrivateKey),
            Ok(())
        );
        let two = [
            block("CERTIFICATE", "MAMCAQU="),
            block("CERTIFICATE", "MAMCAQU="),
        ]
        .concat();
        assert_eq!(check(&two, Content::Certificates), Ok(()));
    }

    #[test]
    fn anything_else_is_malformed() {
        for bad in [
            Vec::new(),
            b"hello world".to_vec(),
            vec![0xFF, 0xFE],
            block("CERTIFICATE", ""),
            block("CERTIFICATE", "MAMCAQ"),
            block("CERTIFICATE", "MAM=CAQU"),
            block("CERTIFICATE", "not base64!"),
            block("CERTIFICATE", "aGVsbG8gd29ybGQ="),
            block("CERTIFICATE", "MAQCAQU="),
            block("PRIVATE KEY", "MAMCAQU="),
            b"-----BEGIN CERTIFICATE-----\nMAMCAQU=\n".to_vec(),
        ] {
            assert!(check(&bad, Content::Certificates).is_err(), "{bad:?}");
        }
    }
}
