//! `requestHeaderModifier` and `responseHeaderModifier`.

use super::{
    ApplyError, ApplyErrorKind, CompileError, CompileErrorKind, hop_by_hop::CONNECTION_HEADERS,
};
use crate::v1::{HttpHeader, HttpHeaderFilter};
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// Changes to headers, compiled: `set`, then `add`, then `remove`.
///
/// Names are compared without regard to case. Of entries of one list with the same name the first counts.
/// `add` appends a field line, which means the same as a comma in the line before and is right for
/// `Set-Cookie` too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderModifier {
    set: Vec<(HeaderName, HeaderValue)>,
    add: Vec<(HeaderName, HeaderValue)>,
    remove: Vec<HeaderName>,
}

impl HeaderModifier {
    /// Compiles a header filter.
    ///
    /// # Errors
    ///
    /// A name or a value that HTTP does not allow, and a header that no filter may touch (see the
    /// [module](super)). The error's path starts in the filter: `set[0].value`.
    pub fn compile(filter: &HttpHeaderFilter) -> Result<Self, CompileError> {
        let mut remove = Vec::with_capacity(filter.remove.len());
        for (index, text) in filter.remove.iter().enumerate() {
            let name =
                name(text).map_err(|kind| CompileError::new(format!("remove[{index}]"), kind))?;
            if !remove.contains(&name) {
                remove.push(name);
            }
        }
        Ok(Self {
            set: pairs("set", &filter.set)?,
            add: pairs("add", &filter.add)?,
            remove,
        })
    }

    /// Applies the changes to the headers of a request or a response.
    ///
    /// # Errors
    ///
    /// The map can hold no further header (32 768). Some changes are then made and others not.
    pub fn apply(&self, headers: &mut HeaderMap) -> Result<(), ApplyError> {
        let full = |_| ApplyError::from(ApplyErrorKind::TooManyHeaders);
        for (name, value) in &self.set {
            headers
                .try_insert(name.clone(), value.clone())
                .map_err(full)?;
        }
        for (name, value) in &self.add {
            headers
                .try_append(name.clone(), value.clone())
                .map_err(full)?;
        }
        for name in &self.remove {
            headers.remove(name);
        }
        Ok(())
    }

    /// Whether nothing is changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.set.is_empty() && self.add.is_empty() && self.remove.is_empty()
    }
}

fn pairs(
    list: &str,
    entries: &[HttpHeader],
) -> Result<Vec<(HeaderName, HeaderValue)>, CompileError> {
    let mut pairs: Vec<(HeaderName, HeaderValue)> = Vec::with_capacity(entries.len());
    for (index, entry) in entries.iter().enumerate() {
        let name = name(&entry.name)
            .map_err(|kind| CompileError::new(format!("{list}[{index}].name"), kind))?;
        let value = HeaderValue::from_bytes(entry.value.as_bytes()).map_err(|_| {
            CompileError::new(
                format!("{list}[{index}].value"),
                CompileErrorKind::HeaderValue(entry.value.clone()),
            )
        })?;
        if pairs.iter().all(|(known, _)| *known != name) {
            pairs.push((name, value));
        }
    }
    Ok(pairs)
}

fn name(text: &str) -> Result<HeaderName, CompileErrorKind> {
    text.parse::<crate::meta::HeaderName>()
        .map_err(|_| CompileErrorKind::HeaderName(text.to_owned()))?;
    let name = HeaderName::from_bytes(text.as_bytes())
        .map_err(|_| CompileErrorKind::HeaderName(text.to_owned()))?;
    if name == header::HOST {
        return Err(CompileErrorKind::Host(text.to_owned()));
    }
    if CONNECTION_HEADERS.contains(&name.as_str()) {
        return Err(CompileErrorKind::ConnectionHeader(text.to_owned()));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(pairs: &[(&str, &str)]) -> Vec<HttpHeader> {
        let header = |(name, value): &(&str, &str)| HttpHeader {
            name: (*name).into(),
            value: (*value).into(),
        };
        pairs.iter().map(header).collect()
    }

    fn filter(set: &[(&str, &str)], add: &[(&str, &str)], remove: &[&str]) -> HttpHeaderFilter {
        HttpHeaderFilter {
            set: list(set),
            add: list(add),
            remove: remove.iter().map(|&n| n.into()).collect(),
        }
    }

    /// Applies the filter to the headers; what comes out, field lines of one name joined with commas.
    fn run(filter: &HttpHeaderFilter, headers: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                value.parse().unwrap(),
            );
        }
        HeaderModifier::compile(filter)
            .unwrap()
            .apply(&mut map)
            .unwrap();
        let joined = |name: &HeaderName| {
            let values: Vec<_> = map
                .get_all(name)
                .iter()
                .map(|v| v.to_str().unwrap())
                .collect();
            (name.to_string(), values.join(","))
        };
        let mut out: Vec<_> = map.keys().map(joined).collect();
        out.sort();
        out
    }

    #[test]
    fn set_overwrites_the_request_with_the_given_header() {
        let set = filter(&[("My-Header", "bar")], &[], &[]);
        for before in [
            &[("other", "1")][..],
            &[("other", "1"), ("my-header", "foo")],
            &[("other", "1"), ("MY-HEADER", "foo"), ("my-header", "baz")],
        ] {
            assert_eq!(
                run(&set, before),
                [
                    ("my-header".into(), "bar".into()),
                    ("other".into(), "1".into())
                ]
            );
        }
    }

    #[test]
    fn add_appends_to_any_existing_values() {
        let add = filter(&[], &[("My-Header", "bar,baz")], &[]);
        assert_eq!(
            run(&add, &[("my-header", "foo")]),
            [("my-header".into(), "foo,bar,baz".into())]
        );
        assert_eq!(run(&add, &[]), [("my-header".into(), "bar,baz".into())]);
    }

    #[test]
    fn header_names_in_remove_are_case_insensitive() {
        let remove = filter(&[], &[], &["my-header1", "MY-Header3", "absent"]);
        assert_eq!(
            run(
                &remove,
                &[
                    ("my-header1", "foo"),
                    ("my-header2", "bar"),
                    ("my-header3", "baz"),
                    ("My-Header3", "again")
                ]
            ),
            [("my-header2".into(), "bar".into())]
        );
    }

    #[test]
    fn changes_come_in_the_order_set_add_remove() {
        let all = filter(
            &[("a", "set"), ("b", "set")],
            &[("a", "added"), ("c", "added")],
            &["b", "c"],
        );
        assert_eq!(
            run(&all, &[("a", "0"), ("b", "0"), ("c", "0")]),
            [("a".into(), "set,added".into())]
        );
    }

    #[test]
    fn of_entries_with_an_equivalent_name_the_first_counts() {
        let twice = filter(
            &[("X-A", "1"), ("x-a", "2")],
            &[("X-B", "1"), ("x-b", "2")],
            &["x-c", "X-C"],
        );
        assert_eq!(
            run(&twice, &[]),
            [("x-a".into(), "1".into()), ("x-b".into(), "1".into())]
        );
    }

    #[test]
    fn values_may_hold_any_text_but_control_characters() {
        let utf8 = filter(&[("x-name", "naïve ☕\ttab")], &[], &[]);
        let mut map = HeaderMap::new();
        HeaderModifier::compile(&utf8)
            .unwrap()
            .apply(&mut map)
            .unwrap();
        assert_eq!(map["x-name"].as_bytes(), "naïve ☕\ttab".as_bytes());
    }

    #[test]
    fn what_http_does_not_allow_is_refused_with_its_place() {
        for (bad, path, message) in [
            (
                filter(&[("ok", "1"), ("a b", "1")], &[], &[]),
                "set[1].name",
                "`a b` is not a header name",
            ),
            (
                filter(&[], &[("ok", "1\r\nevil: 1")], &[]),
                "add[0].value",
                "`1\\r\\nevil: 1` is not a header value",
            ),
            (
                filter(&[], &[], &["ok", ":authority"]),
                "remove[1]",
                "`:authority` is not a header name",
            ),
            (
                filter(&[("Host", "evil")], &[], &[]),
                "set[0].name",
                "`Host` cannot be changed by a header filter: use `urlRewrite.hostname`",
            ),
        ] {
            let error = HeaderModifier::compile(&bad).unwrap_err();
            assert_eq!(error.path(), path);
            assert!(
                error.to_string().starts_with(&format!("{path}: {message}")),
                "{error}"
            );
        }
    }

    #[test]
    fn headers_of_the_connection_are_no_filters_business() {
        for &name in CONNECTION_HEADERS {
            let upper = name.to_uppercase();
            for bad in [
                filter(&[(&upper, "1")], &[], &[]),
                filter(&[], &[(&upper, "1")], &[]),
                filter(&[], &[], &[&upper]),
            ] {
                let error = HeaderModifier::compile(&bad).unwrap_err();
                assert_eq!(
                    *error.kind(),
                    CompileErrorKind::ConnectionHeader(upper.clone())
                );
            }
        }
    }

    #[test]
    fn a_full_header_map_is_an_error_and_no_panic() {
        let mut map = HeaderMap::new();
        while map
            .try_append("x-many", HeaderValue::from_static("1"))
            .is_ok()
            && map.len() < 40_000
        {}
        let mut n = 0;
        while map
            .try_insert(
                HeaderName::from_bytes(format!("x-{n}").as_bytes()).unwrap(),
                HeaderValue::from_static("1"),
            )
            .is_ok()
        {
            n += 1;
        }
        let set = HeaderModifier::compile(&filter(&[("x-new", "1")], &[], &[])).unwrap();
        let error = set.apply(&mut map).unwrap_err();
        assert_eq!(*error.kind(), ApplyErrorKind::TooManyHeaders);
        assert_eq!(error.status(), 431);
    }
}
