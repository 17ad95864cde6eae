//! Where a redirect leads, as a client reads it (RFC 3986, section 5).

use http::Uri;

/// Whether a `Location` in the answer to a request for a URL leads where another one does. A reference without a scheme or a host
/// has that of the request; the port that is the scheme's own may be left out.
pub(super) fn leads_to(asked: &Uri, location: &str, wanted: &str) -> bool {
    let place = RedirectTarget::of(asked, wanted);
    place.is_some() && place == RedirectTarget::of(asked, location)
}

/// The place to which a redirect leads: spellings of the same one are equal.
#[derive(Debug, PartialEq, Eq)]
struct RedirectTarget {
    scheme: String,
    host: String,
    port: Option<u16>,
    path: String,
    query: Option<String>,
}

impl RedirectTarget {
    /// The place of a reference, seen from a URL; none if it is no such reference.
    fn of(base: &Uri, reference: &str) -> Option<Self> {
        let reference = reference.split('#').next().unwrap_or_default();
        let (own_scheme, rest) = scheme_of(reference);
        let scheme = own_scheme.or(base.scheme_str())?.to_ascii_lowercase();
        let (authority, rest) = match rest.strip_prefix("//") {
            Some(rest) => {
                let (authority, rest) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
                (authority, rest)
            }
            // A scheme without a host is another kind of reference.
            None if own_scheme.is_some() => return None,
            None => (base.authority()?.as_str(), rest),
        };
        let has_own = own_scheme.is_some() || reference.starts_with("//");
        let (host, port) = host_and_port(authority)?;
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (rest, None),
        };
        let (path, query) = match path {
            "" if has_own => ("/".to_owned(), query),
            "" => (base.path().to_owned(), query.or(base.query())),
            path if path.starts_with('/') => (path.to_owned(), query),
            path => {
                let folder = base
                    .path()
                    .rsplit_once('/')
                    .map_or("", |(folder, _)| folder);
                (format!("{folder}/{path}"), query)
            }
        };
        let own_port = match scheme.as_str() {
            "http" => Some(80),
            "https" => Some(443),
            _ => None,
        };
        Some(Self {
            scheme,
            host: host.to_ascii_lowercase(),
            port: port.filter(|port| Some(*port) != own_port),
            path: without_dots(&path),
            query: query.map(str::to_owned),
        })
    }
}

/// The scheme of a reference, and what comes after it.
fn scheme_of(reference: &str) -> (Option<&str>, &str) {
    let is_of_scheme = |own: char| own.is_ascii_alphanumeric() || "+-.".contains(own);
    match reference.split_once(':') {
        Some((scheme, rest))
            if scheme.starts_with(|own: char| own.is_ascii_alphabetic())
                && scheme.chars().all(is_of_scheme) =>
        {
            (Some(scheme), rest)
        }
        _ => (None, reference),
    }
}

/// Host and port of an authority; none if it has no host, or a port that is none.
fn host_and_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match authority.rsplit_once(':') {
        // The colons of an address of IPv6 stand in brackets.
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (authority, ""),
    };
    let port = match port {
        "" => None,
        port => Some(port.parse().ok()?),
    };
    (!host.is_empty()).then_some((host, port))
}

/// The path without the segments `.` and `..`.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
            segment => kept.push(segment),
        }
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_place_are_equal() {
        let asked: Uri = "http://a.example/one/two?q=1".parse().unwrap();
        for (location, wanted) in [
            ("http://a.example:80/x", "http://a.example/x"),
            ("https://a.example:443/x", "https://a.example/x"),
            ("HTTP://A.Example/x", "http://a.example/x"),
            ("http://a.example:/x", "http://a.example/x"),
            ("/x", "http://a.example/x"),
            ("/x?r=2", "http://a.example/x?r=2"),
            ("//b.example/x", "http://b.example/x"),
            ("three", "http://a.example/one/three"),
            ("../x", "http://a.example/x"),
            ("./", "http://a.example/one/"),
            ("/y/../x#top", "http://a.example/x"),
            ("", "http://a.example/one/two?q=1"),
            ("?r=2", "http://a.example/one/two?r=2"),
            ("http://b.example", "http://b.example/"),
            ("http://b.example?r=2", "http://b.example/?r=2"),
            ("http://[2001:db8::1]:80/", "http://[2001:db8::1]/"),
            ("/a:b", "http://a.example/a:b"),
        ] {
            assert!(leads_to(&asked, location, wanted), "{location}: {wanted}");
        }
    }

    #[test]
    fn other_places_are_not() {
        let asked: Uri = "http://a.example:8080/one/two?q=1".parse().unwrap();
        for (location, wanted) in [
            ("http://a.example:81/x", "http://a.example/x"),
            ("https://a.example:80/x", "https://a.example/x"),
            ("http://a.example:443/x", "http://a.example/x"),
            ("http://a.example:99999/x", "http://a.example/x"),
            ("/x", "http://a.example/x"),
            ("x", "http://a.example:8080/x"),
            ("https:/x", "https://a.example:8080/x"),
            ("mailto:x", "http://a.example/x"),
            ("http:///x", "http://a.example/x"),
            ("http://a.example/X", "http://a.example/x"),
            ("http://a.example/x", "http://a.example/x?q=1"),
            ("http://[2001:db8::1]/", "http://[2001:db8::2]/"),
        ] {
            assert!(!leads_to(&asked, location, wanted), "{location}: {wanted}");
        }
        assert!(leads_to(&asked, "/x", "http://a.example:8080/x"));
    }
}
