//! The names in a certificate against hostnames of the API.

use crate::meta::Hostname;

/// Whether a DNS name of a certificate and a hostname have a host in common. `*` stands for one label in the
/// name, for one or more in the hostname.
pub(super) fn meet(name: &str, hostname: &Hostname) -> bool {
    let name = name.to_ascii_lowercase();
    let below = name.strip_prefix('*').filter(|rest| rest.starts_with('.'));
    match (hostname.wildcard_suffix(), below) {
        (None, None) => name == hostname.as_str(),
        (None, Some(below)) => {
            let first = hostname.as_str().strip_suffix(below);
            first.is_some_and(|label| !label.is_empty() && !label.contains('.'))
        }
        (Some(suffix), None) => name
            .strip_suffix(suffix)
            .is_some_and(|labels| !labels.is_empty()),
        (Some(suffix), Some(below)) => below.ends_with(suffix),
    }
}

/// Whether a DNS name of a certificate is a host that is wanted. `*` stands for one label in both (RFC 9525), so that a name
/// with one label below what is wanted fits, too.
pub(super) fn fit(name: &str, wanted: &str) -> bool {
    // A name may be absolute in what is wanted, never in a certificate.
    let wanted = wanted.strip_suffix('.').unwrap_or(wanted);
    let below = |pattern: &str, host: &str| match (pattern.strip_prefix("*."), host.split_once('.'))
    {
        (Some(suffix), Some((label, rest))) => {
            !label.is_empty() && rest.eq_ignore_ascii_case(suffix)
        }
        _ => false,
    };
    name.eq_ignore_ascii_case(wanted) || below(name, wanted) || below(wanted, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_one_label_in_a_certificate_and_in_what_is_wanted() {
        for (name, wanted, fits) in [
            ("a.example.com", "a.example.com", true),
            ("A.Example.COM", "a.example.com", true),
            ("a.example.com", "a.example.com.", true),
            ("b.example.com", "a.example.com", false),
            ("*.example.com", "a.example.com", true),
            ("*.example.com", "a.b.example.com", false),
            ("*.example.com", "example.com", false),
            ("*.example.com", "*.example.com", true),
            ("a.example.com", "*.example.com", true),
            ("a.b.example.com", "*.example.com", false),
            ("example.com", "*.example.com", false),
            ("*.b.example.com", "*.example.com", false),
            (".example.com", "*.example.com", false),
        ] {
            assert_eq!(fit(name, wanted), fits, "{name} {wanted}");
        }
    }

    #[test]
    fn a_star_stands_for_one_label_in_a_certificate_and_for_some_in_a_hostname() {
        for (name, hostname, wanted) in [
            ("a.example.com", "a.example.com", true),
            ("A.Example.COM", "a.example.com", true),
            ("b.example.com", "a.example.com", false),
            ("*.example.com", "a.example.com", true),
            ("*.example.com", "a.b.example.com", false),
            ("*.example.com", "example.com", false),
            ("*.example.com", "*.example.com", true),
            ("*.b.example.com", "*.example.com", true),
            ("*.example.com", "*.b.example.com", false),
            ("a.b.example.com", "*.example.com", true),
            ("example.com", "*.example.com", false),
            ("aexample.com", "*.example.com", false),
            ("*aexample.com", "*.example.com", false),
            ("*", "a.example.com", false),
        ] {
            let hostname = hostname.parse().unwrap();
            assert_eq!(meet(name, &hostname), wanted, "{name} {hostname}");
        }
    }
}
