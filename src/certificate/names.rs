//! The names in a certificate against hostnames of the API.

use crate::meta::Hostname;
#[cfg(feature = "lint")]
use std::collections::HashSet;

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

/// The DNS names of some certificates, of which many hostnames are asked: what [`meet`] says of any of them, in time that does not
/// grow with their number.
#[cfg(feature = "lint")]
#[derive(Debug, Default)]
pub(crate) struct CertificateNames {
    /// Those that are one host.
    exact: HashSet<String>,
    /// What follows the `*` in the others, with its dot.
    below: HashSet<String>,
    /// What follows one or more labels in any of them, with its dot.
    ends: HashSet<String>,
}

#[cfg(feature = "lint")]
impl CertificateNames {
    pub(super) fn add(&mut self, name: &str) {
        /// The longest DNS name, in bytes: a longer one is that of no host.
        const LONGEST: usize = 253;
        if name.len() > LONGEST {
            return;
        }
        let name = name.to_ascii_lowercase();
        let below = name.strip_prefix('*').filter(|rest| rest.starts_with('.'));
        let ends = below.unwrap_or(&name).match_indices('.');
        let ends = ends.filter(|(at, _)| *at > 0 || below.is_some());
        let ends = ends.filter_map(|(at, _)| below.unwrap_or(&name).get(at..));
        self.ends.extend(ends.map(str::to_owned));
        match below {
            Some(below) => self.below.insert(below.to_owned()),
            None => self.exact.insert(name),
        };
    }

    /// Whether one of the names and a hostname have a host in common.
    pub(crate) fn meet(&self, hostname: &Hostname) -> bool {
        let host = hostname.as_str();
        match hostname.wildcard_suffix() {
            Some(suffix) => self.ends.contains(suffix),
            None => {
                let below = host.find('.').filter(|dot| *dot > 0);
                let below = below.and_then(|dot| host.get(dot..));
                self.exact.contains(host) || below.is_some_and(|below| self.below.contains(below))
            }
        }
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

    /// Names that are asked together say what one of them says.
    #[cfg(feature = "lint")]
    #[test]
    fn many_names_meet_a_hostname_as_each_of_them_does() {
        let labels = ["a", "b", "*", ""];
        let mut names: Vec<String> = labels.map(str::to_owned).to_vec();
        for _ in 0..3 {
            let longer = names
                .iter()
                .flat_map(|name| labels.map(|label| format!("{label}.{name}")));
            names = names.iter().cloned().chain(longer).collect();
            names.sort();
            names.dedup();
        }
        let hostnames: Vec<Hostname> = names.iter().filter_map(|name| name.parse().ok()).collect();
        assert!(hostnames.len() > 20);
        let mut met = 0;
        for name in &names {
            let mut one = CertificateNames::default();
            one.add(&name.to_ascii_uppercase());
            for hostname in &hostnames {
                let said = one.meet(hostname);
                met += usize::from(said);
                assert_eq!(said, meet(name, hostname), "{name} {hostname}");
            }
        }
        assert!(met > 50, "{met}");
        let two = {
            let mut two = CertificateNames::default();
            two.add("a.b");
            two.add("*.a");
            two
        };
        let wanted = [("a.b", true), ("b.a", true), ("*.b", true), ("b.b", false)];
        for (hostname, wanted) in wanted {
            assert_eq!(two.meet(&hostname.parse().unwrap()), wanted, "{hostname}");
        }
    }
}
