//! The one normal form of a path, for those who want routing to see through spellings.

use std::borrow::Cow;

use super::query::hex;

/// The path in the normal form of RFC 3986, section 6.2.2: hexadecimal digits of percent-encodings in upper
/// case, unreserved characters decoded, `.` and `..` segments removed (section 5.2.4). Slashes are neither
/// merged nor decoded. What does not begin with `/` (`*`, nothing) stays as it is.
///
/// A [`Router`](crate::routing::Router) compares paths as they are sent, as the API says, so `/public/../admin` is below
/// the prefix `/public`. A backend that resolves such spellings itself would then serve `/admin` under the
/// rules of `/public`. A data plane should either route *and forward* the normal form, or refuse what is not in
/// it.
///
/// ```
/// use gwapi::routing::normalize_path;
/// assert_eq!(normalize_path("/public/%2e%2e/admin"), "/admin");
/// assert_eq!(normalize_path("/caf%c3%a9/~%7Ex"), "/caf%C3%A9/~~x");
/// ```
pub fn normalize_path(path: &str) -> Cow<'_, str> {
    if !path.starts_with('/') || is_normal(path) {
        return Cow::Borrowed(path);
    }
    Cow::Owned(remove_dot_segments(&decode_unreserved(path)))
}

fn is_normal(path: &str) -> bool {
    !path.contains('%') && !path.split('/').any(|segment| matches!(segment, "." | ".."))
}

fn decode_unreserved(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        let (before, encoded) = rest.split_at(at);
        out.push_str(before);
        let mut bytes = encoded.bytes().skip(1);
        match (bytes.next().and_then(hex), bytes.next().and_then(hex)) {
            (Some(high), Some(low)) => {
                let byte = char::from(high << 4 | low);
                if byte.is_ascii_alphanumeric() || matches!(byte, '-' | '.' | '_' | '~') {
                    out.push(byte);
                } else {
                    out.push_str(&format!("%{:02X}", high << 4 | low));
                }
                rest = encoded.get(3..).unwrap_or_default();
            }
            _ => {
                out.push('%');
                rest = encoded.get(1..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    out
}

fn remove_dot_segments(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            _ => {
                kept.push(segment);
                continue;
            }
        }
        if last {
            kept.push("");
        }
    }
    let mut out = String::with_capacity(path.len());
    for segment in kept {
        out.push('/');
        out.push_str(segment);
    }
    if out.is_empty() { "/".to_owned() } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dot_segments_are_removed_as_in_rfc_3986_section_5_2_4() {
        for (sent, normal) in [
            ("/a/b/c/./../../g", "/a/g"),
            ("/./a", "/a"),
            ("/../a", "/a"),
            ("/a/..", "/"),
            ("/a/.", "/a/"),
            ("/a/b/..", "/a/"),
            ("/..", "/"),
            ("/", "/"),
            ("/a//b", "/a//b"),
            ("/a//../b", "/a/b"),
            ("/...", "/..."),
            ("*", "*"),
            ("", ""),
            ("/%2E%2e/x", "/x"),
            ("/a%2fb", "/a%2Fb"),
            ("/a%", "/a%"),
            ("/%4", "/%4"),
            ("/%é", "/%é"),
        ] {
            assert_eq!(normalize_path(sent), normal, "{sent}");
            assert_eq!(normalize_path(normal), normal, "the normal form is its own");
        }
    }
}
