//! Authorities: the host, and perhaps the port, that a client asks for.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

/// The longest host, in bytes: the longest name of the domain name system in its text form.
pub(crate) const MAX_HOST: usize = 253;

/// The host and perhaps the port that a client asks for: the value of a `Host` header or of `:authority`, or what a
/// URL has between `//` and the path (RFC 3986, section 3.2; RFC 9110, section 7.2).
///
/// This is the one place that decides what an authority is. Routing reads the same host from the same bytes without
/// allocating, and a text that is refused here counts there as no host at all.
///
/// The host is stored in the form in which it is compared: in lower case, without a dot at its end, an IPv6 address in
/// its brackets. What is refused:
///
/// - user info (RFC 9110, section 4.2.4);
/// - an empty host, one that ends with two dots, and one of more than 253 bytes;
/// - bytes that RFC 3986 does not allow in a host, such as those that are not ASCII; and `%`: `%61.example` would be
///   another text for `a.example`, and names of the domain name system need no encoding;
/// - brackets around anything but an IPv6 address, and an IPv6 address without them;
/// - ports that are not between 1 and 65535. `a.example:` has no port.
///
/// ```
/// use gwapi::meta::Authority;
///
/// let authority: Authority = "Shop.Example.com.:8080".parse()?;
/// assert_eq!((authority.host(), authority.port()), ("shop.example.com", Some(8080)));
/// assert!("shop.example.com:http".parse::<Authority>().is_err());
/// # Ok::<(), gwapi::meta::AuthorityError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Authority {
    host: String,
    port: Option<u16>,
}

impl Authority {
    /// Reads an authority from bytes, such as the value of a header.
    ///
    /// # Errors
    ///
    /// When the bytes are not an authority, as described for the type.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, AuthorityError> {
        let AuthorityParts { host, port } = parts(bytes)?;
        Ok(Self {
            // What was accepted is ASCII.
            host: String::from_utf8_lossy(host).to_ascii_lowercase(),
            port,
        })
    }

    /// The host: a name or an IP address, in lower case, without a dot at its end; an IPv6 address in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, if the text names one: 1 to 65535.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The address, where the host is an IP address and not a name.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        match self.host.strip_prefix('[') {
            Some(rest) => rest
                .strip_suffix(']')?
                .parse::<Ipv6Addr>()
                .ok()
                .map(IpAddr::V6),
            None => self.host.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
        }
    }
}

impl FromStr for Authority {
    type Err = AuthorityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::from_bytes(text.as_bytes())
    }
}

impl TryFrom<&str> for Authority {
    type Error = AuthorityError;

    fn try_from(text: &str) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// `host` or `host:port`.
impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.host)?;
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

/// A text that is not an [`Authority`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not a host: {kind}", .text.escape_debug())]
pub struct AuthorityError {
    text: String,
    kind: AuthorityErrorKind,
}

impl AuthorityError {
    /// The text that was refused; bytes that are not UTF-8 are replaced.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is wrong with it.
    #[must_use]
    pub fn kind(&self) -> AuthorityErrorKind {
        self.kind
    }
}

/// Why a text is not an [`Authority`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorityErrorKind {
    /// There is no host.
    #[error("the host is missing")]
    Empty,
    /// The host is longer than any name of the domain name system.
    #[error("it has more than {MAX_HOST} bytes")]
    TooLong,
    /// The host ends with more than one dot.
    #[error("it ends with more than one dot")]
    Dots,
    /// There is an `@`.
    #[error("user info (`user@`) is not allowed")]
    UserInfo,
    /// A byte that no host has.
    #[error("{} is not allowed in a host", shown(*.0))]
    Byte(u8),
    /// Brackets around something else than an IPv6 address, or one of them alone.
    #[error("`[` and `]` must stand around an IPv6 address")]
    Brackets,
    /// What stands behind the colon is not a port.
    #[error("the port must be a number from 1 to 65535")]
    Port,
}

/// A byte as people can read it.
fn shown(byte: u8) -> String {
    if byte.is_ascii() {
        format!("`{}`", byte.escape_ascii())
    } else {
        "a character outside of ASCII".to_owned()
    }
}

/// The parts of an authority, as they were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AuthorityParts<'a> {
    /// The host without a dot at its end, in the case in which it was written; never empty, at most [`MAX_HOST`] bytes.
    pub(crate) host: &'a [u8],
    pub(crate) port: Option<u16>,
}

/// Nothing of an authority needs a closer look: the bytes are those of a host in lower case.
pub(crate) const PLAIN: u8 = 0;
/// A letter in upper case.
pub(crate) const UPPER: u8 = 1;
/// A byte that has a meaning of its own (`:` and the brackets), or none in an authority.
const SPECIAL: u8 = 2;

/// The class of each byte.
const CLASSES: [u8; 256] = classes();

#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "evaluated while compiling, where an index out of bounds is an error"
)]
const fn classes() -> [u8; 256] {
    let mut classes = [SPECIAL; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'A'..=b'Z' => UPPER,
            // The other unreserved characters and the delimiters of RFC 3986.
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => PLAIN,
            b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' => PLAIN,
            _ => SPECIAL,
        };
        byte += 1;
    }
    classes
}

/// The classes of the bytes, put together: [`PLAIN`], or [`UPPER`] and more.
#[inline]
pub(crate) fn classify(bytes: &[u8]) -> u8 {
    bytes.iter().fold(PLAIN, |classes, byte| {
        classes | CLASSES.get(usize::from(*byte)).copied().unwrap_or(SPECIAL)
    })
}

/// Divides an authority into host and port. Allocates nothing, unless it is none.
pub(crate) fn parts(bytes: &[u8]) -> Result<AuthorityParts<'_>, AuthorityError> {
    split(bytes).map_err(|kind| AuthorityError {
        text: String::from_utf8_lossy(bytes).into_owned(),
        kind,
    })
}

/// As [`parts`]. Allocates nothing.
#[inline]
pub(crate) fn split(bytes: &[u8]) -> Result<AuthorityParts<'_>, AuthorityErrorKind> {
    if classify(bytes) & SPECIAL != 0 {
        return split_special(bytes);
    }
    // Most have a name alone, which one look at each byte tells.
    let host = without_dot(bytes)?;
    match host.len() {
        ..=MAX_HOST => Ok(AuthorityParts { host, port: None }),
        _ => Err(AuthorityErrorKind::TooLong),
    }
}

/// An authority that has more than a name.
#[inline(never)]
fn split_special(bytes: &[u8]) -> Result<AuthorityParts<'_>, AuthorityErrorKind> {
    if bytes.contains(&b'@') {
        return Err(AuthorityErrorKind::UserInfo);
    }
    let (host, port) = if bytes.first() == Some(&b'[') {
        let end = bytes.iter().position(|byte| *byte == b']');
        let (host, rest) = end
            .and_then(|end| bytes.split_at_checked(end + 1))
            .ok_or(AuthorityErrorKind::Brackets)?;
        let address = host.get(1..host.len() - 1).unwrap_or_default();
        std::str::from_utf8(address)
            .ok()
            .and_then(|address| address.parse::<Ipv6Addr>().ok())
            .ok_or(AuthorityErrorKind::Brackets)?;
        match rest.split_first() {
            None => (host, None),
            Some((b':', port)) => (host, Some(port)),
            Some(_) => return Err(AuthorityErrorKind::Brackets),
        }
    } else {
        // A colon would divide an address without brackets somewhere in its middle.
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        if text.parse::<Ipv6Addr>().is_ok() {
            return Err(AuthorityErrorKind::Brackets);
        }
        let (host, port) = match bytes.iter().position(|byte| *byte == b':') {
            None => (bytes, None),
            Some(colon) => {
                let (host, port) = bytes.split_at_checked(colon).unwrap_or((bytes, &[]));
                (host, port.get(1..))
            }
        };
        (name(host)?, port)
    };
    if host.len() > MAX_HOST {
        return Err(AuthorityErrorKind::TooLong);
    }
    let port = match port {
        None | Some([]) => None,
        Some(digits) => Some(port_number(digits).ok_or(AuthorityErrorKind::Port)?),
    };
    Ok(AuthorityParts { host, port })
}

/// A name without the dot at its end.
#[inline]
fn without_dot(host: &[u8]) -> Result<&[u8], AuthorityErrorKind> {
    let host = host.strip_suffix(b".").unwrap_or(host);
    match host.last() {
        None => Err(AuthorityErrorKind::Empty),
        Some(b'.') => Err(AuthorityErrorKind::Dots),
        Some(_) => Ok(host),
    }
}

/// The name without a dot at its end, if it is one.
fn name(host: &[u8]) -> Result<&[u8], AuthorityErrorKind> {
    let host = without_dot(host)?;
    for &byte in host {
        match byte {
            b'[' | b']' => return Err(AuthorityErrorKind::Brackets),
            byte if classify(&[byte]) & SPECIAL != 0 => return Err(AuthorityErrorKind::Byte(byte)),
            _ => {}
        }
    }
    Ok(host)
}

/// The port that digits name; leading zeros are allowed (RFC 3986, section 3.2.3).
fn port_number(digits: &[u8]) -> Option<u16> {
    let mut number: u32 = 0;
    for digit in digits {
        let value = char::from(*digit).to_digit(10)?;
        number = number.saturating_mul(10).saturating_add(value);
    }
    u16::try_from(number).ok().filter(|port| *port != 0)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use AuthorityErrorKind as Kind;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<(String, Option<u16>), AuthorityErrorKind> {
        let authority: Authority = text.parse().map_err(|error: AuthorityError| error.kind())?;
        Ok((authority.host, authority.port))
    }

    #[test]
    fn a_host_is_read_without_its_case_its_port_and_a_dot_at_its_end() {
        for (text, host, port) in [
            ("example.com", "example.com", None),
            ("Example.COM", "example.com", None),
            ("example.com:8080", "example.com", Some(8080)),
            ("example.com.:8080", "example.com", Some(8080)),
            ("example.com.", "example.com", None),
            ("example.com:", "example.com", None),
            ("example.com:0080", "example.com", Some(80)),
            ("example.com:65535", "example.com", Some(65535)),
            ("under_score.example", "under_score.example", None),
            ("a!$&'()*+,;=~b", "a!$&'()*+,;=~b", None),
            ("10.0.0.1:80", "10.0.0.1", Some(80)),
            ("[2001:DB8::1]:443", "[2001:db8::1]", Some(443)),
            ("[::1]:", "[::1]", None),
            ("[::1]", "[::1]", None),
        ] {
            assert_eq!(read(text), Ok((host.to_owned(), port)), "{text}");
        }
    }

    #[test]
    fn what_is_not_an_authority_is_refused() {
        for (text, kind) in [
            ("", Kind::Empty),
            (".", Kind::Empty),
            (":80", Kind::Empty),
            ("..", Kind::Dots),
            ("a..:80", Kind::Dots),
            ("user@example.com", Kind::UserInfo),
            ("user:secret@example.com:80", Kind::UserInfo),
            ("user@[::1]", Kind::UserInfo),
            ("example.com:http", Kind::Port),
            ("example.com:80:80", Kind::Port),
            ("example.com:+80", Kind::Port),
            ("example.com: 80", Kind::Port),
            ("example.com:0", Kind::Port),
            ("example.com:65536", Kind::Port),
            ("example.com:99999999999999999999", Kind::Port),
            ("[::1]:65536", Kind::Port),
            ("::1", Kind::Brackets),
            ("2001:db8::1", Kind::Brackets),
            ("1:2:3:4:5:6:7:8", Kind::Brackets),
            ("::1:x", Kind::Empty),
            ("[::1", Kind::Brackets),
            ("[::1]80", Kind::Brackets),
            ("[::1].", Kind::Brackets),
            ("[a.example]", Kind::Brackets),
            ("[127.0.0.1]", Kind::Brackets),
            ("[fe80::1%25eth0]", Kind::Brackets),
            ("[v1.a]", Kind::Brackets),
            ("a[b]", Kind::Brackets),
            ("a b", Kind::Byte(b' ')),
            ("example.com/path", Kind::Byte(b'/')),
            ("example.com?query", Kind::Byte(b'?')),
            ("example.com#part", Kind::Byte(b'#')),
            ("a\\b", Kind::Byte(b'\\')),
            ("%61.example", Kind::Byte(b'%')),
        ] {
            assert_eq!(read(text), Err(kind), "{text}");
        }
        assert_eq!(read("caf\u{e9}.example"), Err(Kind::Byte(0xc3)));
        assert_eq!(read(&"a".repeat(254)), Err(Kind::TooLong));
        assert!(read(&format!("{}.:80", "a".repeat(253))).is_ok());
        assert!(Authority::from_bytes(b"a\xff").is_err());
    }

    #[test]
    fn an_error_names_the_text_and_what_is_wrong_with_it() {
        for (text, message) in [
            (
                "a.example:abc",
                "`a.example:abc` is not a host: the port must be a number from 1 to 65535",
            ),
            (
                "a\r\nb",
                "`a\\r\\nb` is not a host: `\\r` is not allowed in a host",
            ),
            (
                "caf\u{e9}",
                "`caf\u{e9}` is not a host: a character outside of ASCII is not allowed in a host",
            ),
            (
                "me@a.example",
                "`me@a.example` is not a host: user info (`user@`) is not allowed",
            ),
        ] {
            let error = text.parse::<Authority>().unwrap_err();
            assert_eq!((error.to_string().as_str(), error.text()), (message, text));
        }
    }

    #[test]
    fn the_address_is_that_of_a_host_that_is_one() {
        let address = |text: &str| text.parse::<Authority>().unwrap().address();
        assert_eq!(address("10.0.0.1:80"), "10.0.0.1".parse().ok());
        assert_eq!(address("[2001:DB8::1]"), "2001:db8::1".parse().ok());
        assert_eq!(address("a.example"), None);
        assert_eq!(address("10.0.0.1.example"), None);
    }

    /// Bytes that are often an authority, and often almost one.
    pub(crate) fn almost_authorities() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            "[a-cA-C.%:@\\[\\]0-9 é_/]{0,12}".prop_map(String::into_bytes),
            "[a-zA-Z0-9.-]{0,260}(:[0-9]{0,6})?".prop_map(String::into_bytes),
            "\\[[0-9a-fA-F:.]{0,12}\\](:[0-9]{0,6})?".prop_map(String::into_bytes),
            prop::collection::vec(any::<u8>(), 0..16),
        ]
    }

    proptest! {
        /// What was read and is written is read as the same.
        #[test]
        fn an_authority_survives_writing(bytes in almost_authorities()) {
            if let Ok(authority) = Authority::from_bytes(&bytes) {
                prop_assert_eq!(authority.to_string().parse(), Ok(authority));
            }
        }

        /// The `http` crate, which reads URLs, takes every authority that is taken here, and finds host and port alike.
        #[test]
        fn the_http_crate_reads_the_same(bytes in almost_authorities()) {
            if let Ok(authority) = Authority::from_bytes(&bytes) {
                let text = authority.to_string();
                let theirs: http::uri::Authority = text.parse().unwrap();
                prop_assert_eq!((theirs.host(), theirs.port_u16()), (authority.host(), authority.port()));
            }
        }
    }
}
