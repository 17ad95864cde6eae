//! Ports and section names.

use std::{fmt, str::FromStr};

/// A network port as the API writes it: 1 to 65535 in a valid object.
///
/// A plain integer, so that an object with a port out of range can still be read and reported.
pub type PortNumber = i32;

/// Whether the number is a port: 1 to 65535.
#[must_use]
pub fn is_port_number(port: PortNumber) -> bool {
    (1..=65535).contains(&port)
}

/// The name of a section of an object: a listener of a Gateway, a port of a Service.
///
/// A DNS subdomain: lower-case letters, digits, `-` and `.`, at most 253 characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SectionName(String);

impl SectionName {
    /// The name's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SectionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A text that is not a section name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a section name: expected lower-case letters, digits, `-` and `.`, at most 253 characters"
)]
pub struct SectionNameError {
    text: String,
}

impl SectionNameError {
    /// The refused text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl FromStr for SectionName {
    type Err = SectionNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if super::is_dns_subdomain(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(SectionNameError {
                text: text.to_owned(),
            })
        }
    }
}

impl TryFrom<&str> for SectionName {
    type Error = SectionNameError;

    fn try_from(text: &str) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// What carries the traffic of a port. TCP and UDP share no port: a number may be used by both, for different things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each variant is the protocol of its name")]
pub enum Transport {
    Tcp,
    Udp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_name_is_a_dns_subdomain() {
        assert!("https".parse::<SectionName>().is_ok());
        assert!("a.b-c".parse::<SectionName>().is_ok());
        for bad in ["", "Https", "-a", "a-", "a..b", "*.a", "a_b"] {
            let error = bad.parse::<SectionName>().unwrap_err();
            assert_eq!(error.text(), bad);
        }
    }

    #[test]
    fn a_port_is_between_1_and_65535() {
        assert!(is_port_number(1) && is_port_number(65535));
        assert!(!is_port_number(0) && !is_port_number(65536) && !is_port_number(-1));
    }
}
