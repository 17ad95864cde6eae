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

#[cfg(test)]
mod tests {
    use super::*;

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
