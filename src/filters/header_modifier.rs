//! `requestHeaderModifier` and `responseHeaderModifier`.

use super::{
    ApplyError, ApplyErrorKind, CompileError, CompileErrorKind, hop_by_hop::CONNECTION_HEADERS,
    rewrite::NewAuthority,
};
use crate::{
    meta::Authority,
    v1::{HttpHeader, HttpHeaderFilter},
};
use http::{HeaderMap, HeaderName, HeaderValue, header, request};
use std::collections::HashSet;

/// Changes to headers, compiled: `set`, then `add`, then `remove`.
///
/// HeaderNames are compared without regard to case. Of entries of one list with the same name the first counts.
/// `add` appends a field line, which means the same as a comma in the line before and is right for
/// `Set-Cookie` too. Which headers cannot be changed, and why, is said in the [module](super).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderModifier {
    host: Option<NewAuthority>,
    set: Vec<(HeaderName, HeaderValue)>,
    add: Vec<(HeaderName, HeaderValue)>,
    remove: Vec<HeaderName>,
}

/// Whose headers are changed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Message {
    Request,
    Response,
}

/// What is done to a header.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Action {
    Set,
    Add,
    Remove,
}

impl HeaderModifier {
    /// Compiles a filter for the headers of requests.
    ///
    /// # Errors
    ///
    /// The first name or value that HTTP does not allow, or change that no filter can make (see the
    /// [module](super)). The error's path starts in the filter: `set[0].value`.
    pub fn for_requests(filter: &HttpHeaderFilter) -> Result<Self, CompileError> {
        Self::first_error(filter, Message::Request)
    }

    /// Compiles a filter for the headers of responses.
    ///
    /// # Errors
    ///
    /// As [`for_requests`](Self::for_requests).
    pub fn for_responses(filter: &HttpHeaderFilter) -> Result<Self, CompileError> {
        Self::first_error(filter, Message::Response)
    }

    fn first_error(filter: &HttpHeaderFilter, message: Message) -> Result<Self, CompileError> {
        let mut errors = Vec::new();
        let modifier = Self::compile(filter, message, &mut errors);
        match errors.into_iter().next() {
            Some(error) => Err(error),
            None => Ok(modifier),
        }
    }

    /// Compiles what can be, and notes what cannot.
    pub(super) fn compile(
        filter: &HttpHeaderFilter,
        message: Message,
        errors: &mut Vec<CompileError>,
    ) -> Self {
        let mut this = Self::default();
        let (mut set, mut added, mut removed) =
            <(HeaderNames, HeaderNames, HeaderNames)>::default();
        for (index, entry) in filter.set.iter().enumerate() {
            let at = |field: &str| format!("set[{index}].{field}");
            match (name(&entry.name, message, Action::Set), value(entry)) {
                (Err(kind), _) => errors.push(CompileError::new(at("name"), kind)),
                (_, Err(kind)) => errors.push(CompileError::new(at("value"), kind)),
                (Ok(header::HOST), Ok(_)) if message == Message::Request => {
                    match authority(&entry.value) {
                        Ok(host) => _ = this.host.get_or_insert(host),
                        Err(kind) => errors.push(CompileError::new(at("value"), kind)),
                    }
                }
                (Ok(name), Ok(value))
                    if set.is_new(&name, this.set.iter().map(|(name, _)| name)) =>
                {
                    this.set.push((name, value));
                }
                (Ok(_), Ok(_)) => {}
            }
        }
        for (index, entry) in filter.add.iter().enumerate() {
            let at = |field: &str| format!("add[{index}].{field}");
            match (name(&entry.name, message, Action::Add), value(entry)) {
                (Err(kind), _) => errors.push(CompileError::new(at("name"), kind)),
                (_, Err(kind)) => errors.push(CompileError::new(at("value"), kind)),
                (Ok(name), Ok(value))
                    if added.is_new(&name, this.add.iter().map(|(name, _)| name)) =>
                {
                    this.add.push((name, value));
                }
                (Ok(_), Ok(_)) => {}
            }
        }
        for (index, text) in filter.remove.iter().enumerate() {
            match name(text, message, Action::Remove) {
                Err(kind) => errors.push(CompileError::new(format!("remove[{index}]"), kind)),
                Ok(name) if removed.is_new(&name, this.remove.iter()) => this.remove.push(name),
                Ok(_) => {}
            }
        }
        this
    }

    /// Applies the changes to a request. A `Host` that is set takes the place of the authority of an absolute target,
    /// too.
    ///
    /// # Errors
    ///
    /// The request can hold no further header (32 768). Some changes are then made and others not.
    pub fn apply_to_request(&self, request: &mut request::Parts) -> Result<(), ApplyError> {
        if let Some(host) = &self.host {
            host.apply(request)?;
        }
        self.apply(&mut request.headers)
    }

    /// Applies the changes to the headers of a response.
    ///
    /// # Errors
    ///
    /// As [`apply_to_request`](Self::apply_to_request).
    pub fn apply_to_response(&self, headers: &mut HeaderMap) -> Result<(), ApplyError> {
        self.apply(headers)
    }

    fn apply(&self, headers: &mut HeaderMap) -> Result<(), ApplyError> {
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

    /// The host, perhaps with a port, that a request asks for afterwards, where the filter sets `Host`.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.host.as_ref().map(NewAuthority::as_str)
    }

    /// The headers that are set, `Host` of requests aside: each name once.
    pub fn set(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        self.set.iter().map(|(name, value)| (name, value))
    }

    /// The headers that are added to what is there: each name once.
    pub fn add(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        self.add.iter().map(|(name, value)| (name, value))
    }

    /// The headers that are removed: each name once.
    pub fn remove(&self) -> impl Iterator<Item = &HeaderName> {
        self.remove.iter()
    }

    /// Whether nothing is changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The names of one list so far, of which each counts once. They are looked up and not compared one by one: a filter may be
/// compiled although it has more of them than the API allows.
#[derive(Default)]
struct HeaderNames(HashSet<HeaderName>);

impl HeaderNames {
    /// Up to how many names are compared one by one, which keeps nothing.
    const FEW: usize = 8;

    /// Whether a name is none of those that `earlier` has. Each call for a list has those of the call before, and one more at
    /// most.
    fn is_new<'n>(
        &mut self,
        name: &HeaderName,
        mut earlier: impl ExactSizeIterator<Item = &'n HeaderName>,
    ) -> bool {
        #[cfg(test)]
        LOOKED_UP.add(1);
        if earlier.len() <= Self::FEW {
            return earlier.all(|one| one != name);
        }
        if self.0.is_empty() {
            self.0.extend(earlier.cloned());
        }
        self.0.insert(name.clone())
    }
}

#[cfg(test)]
crate::counter::counter!(
    /// How many names are looked up among those of their list.
    LOOKED_UP
);

fn value(entry: &HttpHeader) -> Result<HeaderValue, CompileErrorKind> {
    HeaderValue::from_bytes(entry.value.as_bytes())
        .map_err(|_| CompileErrorKind::HeaderValue(entry.value.clone()))
}

fn authority(text: &str) -> Result<NewAuthority, CompileErrorKind> {
    text.parse::<Authority>()
        .map_err(CompileErrorKind::HostValue)?;
    NewAuthority::new(text).ok_or_else(|| CompileErrorKind::HeaderValue(text.to_owned()))
}

/// Checks that a header can be in a message because someone besides client and backend wants it there, a filter or a
/// session: it could be added to a request.
///
/// # Errors
///
/// What keeps a filter from adding it.
pub(crate) fn check_new_header(text: &str) -> Result<(), CompileErrorKind> {
    name(text, Message::Request, Action::Add).map(drop)
}

/// The name of a header, if this can be done to it: the one place that decides which headers a filter can change.
fn name(text: &str, message: Message, action: Action) -> Result<HeaderName, CompileErrorKind> {
    text.parse::<crate::meta::HeaderName>()
        .map_err(|_| CompileErrorKind::HeaderName(text.to_owned()))?;
    let name = HeaderName::from_bytes(text.as_bytes())
        .map_err(|_| CompileErrorKind::HeaderName(text.to_owned()))?;
    if name == header::CONTENT_LENGTH {
        return Err(CompileErrorKind::FramingHeader(text.to_owned()));
    }
    if CONNECTION_HEADERS.contains(&name.as_str()) && action != Action::Remove {
        return Err(CompileErrorKind::ConnectionHeader(text.to_owned()));
    }
    if name == header::HOST && message == Message::Request && action != Action::Set {
        return Err(CompileErrorKind::HostOnce(text.to_owned()));
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
        HeaderModifier::for_responses(filter)
            .unwrap()
            .apply_to_response(&mut map)
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
    fn each_of_very_many_names_is_looked_up_once() {
        for many in [16, 2_000] {
            let names: Vec<String> = (0..many).map(|n| format!("x-{n}")).collect();
            let pairs: Vec<_> = names.iter().map(|name| (name.as_str(), "1")).collect();
            let remove: Vec<_> = names.iter().map(String::as_str).collect();
            LOOKED_UP.take();
            let modifier = HeaderModifier::for_requests(&filter(&pairs, &pairs, &remove)).unwrap();
            assert_eq!(LOOKED_UP.take(), 3 * many);
            let (set, add) = (modifier.set().count(), modifier.add().count());
            assert_eq!((set, add, modifier.remove().count()), (many, many, many));
        }
    }

    #[test]
    fn values_may_hold_any_text_but_control_characters() {
        let utf8 = filter(&[("x-name", "naïve ☕\ttab")], &[], &[]);
        let mut map = HeaderMap::new();
        HeaderModifier::for_responses(&utf8)
            .unwrap()
            .apply_to_response(&mut map)
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
                filter(&[("Host", "evil:port")], &[], &[]),
                "set[0].value",
                "`evil:port` is not a host: the port must be a number",
            ),
            (
                filter(&[], &[("ok", "1"), ("Host", "a.example")], &[]),
                "add[1].name",
                "a request has exactly one `Host` header: it can be set, but not added or removed",
            ),
            (
                filter(&[], &[], &["host"]),
                "remove[0]",
                "a request has exactly one `host` header",
            ),
            (
                filter(&[("Content-Length", "3")], &[], &[]),
                "set[0].name",
                "`Content-Length` states the length of the message",
            ),
            (
                filter(&[], &[], &["Content-Length"]),
                "remove[0]",
                "`Content-Length` states the length of the message",
            ),
        ] {
            let error = HeaderModifier::for_requests(&bad).unwrap_err();
            assert_eq!(error.path(), path);
            assert!(
                error.to_string().starts_with(&format!("{path}: {message}")),
                "{error}"
            );
        }
    }

    #[test]
    fn to_set_the_host_rewrites_the_authority() {
        let to = filter(
            &[
                ("HOST", "b.example:8080"),
                ("host", "c.example"),
                ("x", "1"),
            ],
            &[],
            &[],
        );
        let modifier = HeaderModifier::for_requests(&to).unwrap();
        assert_eq!(modifier.host(), Some("b.example:8080"));
        for (target, host, new_target, new_host) in [
            ("/x", Some("a.example"), "/x", Some("b.example:8080")),
            ("/x", None, "/x", Some("b.example:8080")),
            (
                "https://a.example/x",
                None,
                "https://b.example:8080/x",
                None,
            ),
            (
                "http://a.example/x",
                Some("a.example"),
                "http://b.example:8080/x",
                Some("b.example:8080"),
            ),
        ] {
            let mut request = http::Request::get(target);
            if let Some(host) = host {
                request = request.header("host", host);
            }
            let mut parts = request.body(()).unwrap().into_parts().0;
            modifier.apply_to_request(&mut parts).unwrap();
            assert_eq!(parts.uri, new_target);
            let sent = parts.headers.get("host").map(|host| host.to_str().unwrap());
            assert_eq!(
                (sent, &parts.headers["x"]),
                (new_host, &HeaderValue::from_static("1"))
            );
        }
    }

    #[test]
    fn in_a_response_host_is_a_header_like_any_other() {
        let remove = filter(&[], &[], &["host"]);
        assert!(run(&remove, &[("host", "a.example")]).is_empty());
        let set = filter(&[("host", "no host!")], &[], &[]);
        assert_eq!(run(&set, &[]), [("host".into(), "no host!".into())]);
    }

    /// RFC 9110, section 7.6.1: a proxy removes them in any case.
    #[test]
    fn headers_of_the_connection_can_be_removed_and_neither_set_nor_added() {
        for &name in CONNECTION_HEADERS {
            let upper = name.to_uppercase();
            let remove = filter(&[], &[], &[&upper]);
            assert!(HeaderModifier::for_requests(&remove).is_ok());
            assert!(run(&remove, &[(name, "1")]).is_empty());
            for bad in [
                filter(&[(&upper, "1")], &[], &[]),
                filter(&[], &[(&upper, "1")], &[]),
            ] {
                for error in [
                    HeaderModifier::for_requests(&bad).unwrap_err(),
                    HeaderModifier::for_responses(&bad).unwrap_err(),
                ] {
                    assert_eq!(
                        *error.kind(),
                        CompileErrorKind::ConnectionHeader(upper.clone())
                    );
                }
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
        let set = HeaderModifier::for_responses(&filter(&[("x-new", "1")], &[], &[])).unwrap();
        let error = set.apply_to_response(&mut map).unwrap_err();
        assert_eq!(*error.kind(), ApplyErrorKind::TooManyHeaders);
        assert_eq!(error.status(), 431);
    }
}
