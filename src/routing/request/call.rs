//! The path of a request as that of a gRPC call, as matches on service and method read it (GEP-1016).

/// The service, which is what stands before the second slash, and all that follows. It is the method, if the path is
/// that of a call.
pub(in crate::routing) fn service(path: &str) -> Option<(&str, &str)> {
    path.strip_prefix('/')?.split_once('/')
}

/// What follows the last slash, if anything stands between it and the first: the method of whatever service.
pub(in crate::routing) fn method(path: &str) -> Option<&str> {
    let (before, method) = path.strip_prefix('/')?.rsplit_once('/')?;
    (!before.is_empty()).then_some(method)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_has_a_service_and_a_method() {
        assert_eq!(service("/a.B/C"), Some(("a.B", "C")));
        assert_eq!(method("/a.B/C"), Some("C"));
        for (path, first, last) in [
            ("/a/b/c", Some(("a", "b/c")), Some("c")),
            ("/a/", Some(("a", "")), Some("")),
            ("//b", Some(("", "b")), None),
            ("/a//", Some(("a", "/")), Some("")),
            ("/a", None, None),
            ("/", None, None),
            ("", None, None),
            ("*", None, None),
            ("a/b", None, None),
        ] {
            assert_eq!((service(path), method(path)), (first, last), "{path}");
        }
    }
}
