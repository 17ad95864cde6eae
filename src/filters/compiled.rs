//! A whole list of filters.

use super::{
    ApplyError, CompileError, CompileErrorKind, HeaderModifier, Redirect, RedirectContext, Rewrite,
    error::{not_implemented, unrecognized},
    header_modifier::Message,
};
use crate::v1::{
    BackendObjectReference, GrpcRouteFilter, HttpHeaderFilter, HttpRouteFilter,
    LocalObjectReference,
};
use http::{HeaderMap, HeaderValue, StatusCode, header, request};

/// The filters of a rule or of a backend, compiled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filters {
    request: Option<HeaderModifier>,
    response: Option<HeaderModifier>,
    /// With its place in the list.
    redirect: Option<(usize, Redirect)>,
    rewrite: Option<Rewrite>,
    mirrors: Vec<BackendObjectReference>,
    extensions: Vec<LocalObjectReference>,
    steps: Vec<Step>,
}

/// One filter that a request passes, in its place among the others of the list.
///
/// "Implementations SHOULD implement filters in the order they are specified" (HTTPRoute `spec.rules[].filters`): who takes a
/// request through [`Filters::steps`] gives each mirror the request as it is at the mirror's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Step {
    /// [`Filters::request_headers`] changes the headers.
    RequestHeaders,
    /// [`Filters::rewrite`] changes host and path.
    Rewrite,
    /// [`Filters::redirect`] answers.
    Redirect,
    /// The mirror of this index in [`Filters::mirrors`] gets a copy.
    Mirror(usize),
}

impl Filters {
    /// Compiles one list of filters of an HTTPRoute (`filters` of a rule or a backend).
    ///
    /// What filters need of the rule around them is judged by [`RuleFilters`](super::RuleFilters).
    ///
    /// # Errors
    ///
    /// The first filter that cannot be applied, its path starting with `filters[INDEX]`: a bad value, a
    /// type that is not known, a type repeated that may stand there once, filters that cannot be combined.
    pub fn compile_http(filters: &[HttpRouteFilter]) -> Result<Self, CompileError> {
        first_error(Self::collect_http(filters))
    }

    /// Compiles one list of filters of a GRPCRoute (`filters` of a rule or a backend).
    ///
    /// # Errors
    ///
    /// As [`compile_http`](Self::compile_http).
    pub fn compile_grpc(filters: &[GrpcRouteFilter]) -> Result<Self, CompileError> {
        first_error(Self::collect_grpc(filters))
    }

    /// Compiles what can be, and says what cannot.
    pub(super) fn collect_http(filters: &[HttpRouteFilter]) -> (Self, Vec<CompileError>) {
        let mut this = Self::default();
        let mut errors = Vec::new();
        for (index, filter) in filters.iter().enumerate() {
            let mut found = Vec::new();
            this.add_http(index, filter, &mut found);
            errors.extend(found.into_iter().map(|error| error.within_filter(index)));
        }
        (this, errors)
    }

    /// Compiles what can be, and says what cannot.
    pub(super) fn collect_grpc(filters: &[GrpcRouteFilter]) -> (Self, Vec<CompileError>) {
        let mut this = Self::default();
        let mut errors = Vec::new();
        for (index, filter) in filters.iter().enumerate() {
            let mut found = Vec::new();
            match filter {
                GrpcRouteFilter::RequestHeaderModifier(filter) => {
                    this.add_request(filter, &mut found);
                }
                GrpcRouteFilter::ResponseHeaderModifier(filter) => {
                    this.add_response(filter, &mut found);
                }
                GrpcRouteFilter::RequestMirror(filter) => this.add_mirror(&filter.backend_ref),
                GrpcRouteFilter::ExtensionRef(reference) => this.extensions.push(reference.clone()),
                GrpcRouteFilter::Unrecognized(_) => {
                    found.push(unrecognized(filter.type_name(), GrpcRouteFilter::TYPES));
                }
            }
            errors.extend(found.into_iter().map(|error| error.within_filter(index)));
        }
        (this, errors)
    }

    fn add_http(&mut self, index: usize, filter: &HttpRouteFilter, errors: &mut Vec<CompileError>) {
        match filter {
            HttpRouteFilter::RequestHeaderModifier(filter) => self.add_request(filter, errors),
            HttpRouteFilter::ResponseHeaderModifier(filter) => self.add_response(filter, errors),
            HttpRouteFilter::RequestMirror(filter) => self.add_mirror(&filter.backend_ref),
            HttpRouteFilter::RequestRedirect(filter) => match Redirect::compile(filter) {
                Ok(redirect) => {
                    self.steps.push(Step::Redirect);
                    once(
                        "RequestRedirect",
                        &mut self.redirect,
                        (index, redirect),
                        errors,
                    );
                }
                Err(error) => errors.push(error.within("requestRedirect")),
            },
            HttpRouteFilter::UrlRewrite(filter) => match Rewrite::compile(filter) {
                Ok(rewrite) => {
                    self.steps.push(Step::Rewrite);
                    once("URLRewrite", &mut self.rewrite, rewrite, errors);
                }
                Err(error) => errors.push(error.within("urlRewrite")),
            },
            HttpRouteFilter::ExtensionRef(reference) => self.extensions.push(reference.clone()),
            HttpRouteFilter::Cors(_) | HttpRouteFilter::ExternalAuth(_) => {
                errors.extend(missing(filter).map(not_implemented));
            }
            HttpRouteFilter::Unrecognized(_) => {
                errors.push(unrecognized(filter.type_name(), HttpRouteFilter::TYPES));
            }
        }
        let is_either = matches!(
            filter,
            HttpRouteFilter::RequestRedirect(_) | HttpRouteFilter::UrlRewrite(_)
        );
        if is_either && self.redirect.is_some() && self.rewrite.is_some() {
            errors.push(CompileError::new("", CompileErrorKind::RedirectAndRewrite));
        }
        let hostname = self.rewrite.as_ref().and_then(Rewrite::hostname);
        let host = self.request.as_ref().and_then(HeaderModifier::host);
        let may_be_either = matches!(
            filter,
            HttpRouteFilter::RequestHeaderModifier(_) | HttpRouteFilter::UrlRewrite(_)
        );
        if may_be_either && hostname.is_some() && host.is_some() {
            errors.push(CompileError::new("", CompileErrorKind::HostTwice));
        }
    }

    fn add_mirror(&mut self, backend: &BackendObjectReference) {
        self.steps.push(Step::Mirror(self.mirrors.len()));
        self.mirrors.push(backend.clone());
    }

    fn add_request(&mut self, filter: &HttpHeaderFilter, errors: &mut Vec<CompileError>) {
        self.steps.push(Step::RequestHeaders);
        let mut found = Vec::new();
        let modifier = HeaderModifier::compile(filter, Message::Request, &mut found);
        let within = |error: CompileError| error.within("requestHeaderModifier");
        errors.extend(found.into_iter().map(within));
        once("RequestHeaderModifier", &mut self.request, modifier, errors);
    }

    fn add_response(&mut self, filter: &HttpHeaderFilter, errors: &mut Vec<CompileError>) {
        let mut found = Vec::new();
        let modifier = HeaderModifier::compile(filter, Message::Response, &mut found);
        let within = |error: CompileError| error.within("responseHeaderModifier");
        errors.extend(found.into_iter().map(within));
        once(
            "ResponseHeaderModifier",
            &mut self.response,
            modifier,
            errors,
        );
    }

    /// Whether the list has no filter.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The filters that a request passes, in the order of the list. Of what changes responses, nothing is here.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The changes to the headers of a request.
    #[must_use]
    pub fn request_headers(&self) -> Option<&HeaderModifier> {
        self.request.as_ref()
    }

    /// The changes to the headers of a response.
    #[must_use]
    pub fn response_headers(&self) -> Option<&HeaderModifier> {
        self.response.as_ref()
    }

    /// The redirect. A request that it takes reaches no backend.
    #[must_use]
    pub fn redirect(&self) -> Option<&Redirect> {
        self.redirect.as_ref().map(|(_, redirect)| redirect)
    }

    /// The place of the redirect in the list of filters.
    #[must_use]
    pub fn redirect_index(&self) -> Option<usize> {
        self.redirect.as_ref().map(|(index, _)| *index)
    }

    /// The rewrite of host and path.
    #[must_use]
    pub fn rewrite(&self) -> Option<&Rewrite> {
        self.rewrite.as_ref()
    }

    /// Whether the path is changed, by a rewrite.
    pub(super) fn changes_path(&self) -> bool {
        self.rewrite().and_then(Rewrite::path).is_some()
    }

    /// Whether the host is changed, by a rewrite or by a `Host` header that is set.
    pub(super) fn changes_host(&self) -> bool {
        let rewritten = self.rewrite().and_then(Rewrite::hostname);
        let set = self.request_headers().and_then(HeaderModifier::host);
        rewritten.or(set).is_some()
    }

    /// Whether a request may ask its backend to switch to another protocol, as WebSocket does: unless a filter
    /// removes `Upgrade`, or `Connection`, which must name it.
    #[must_use]
    pub fn passes_upgrade(&self) -> bool {
        let mut removed = self.request.iter().flat_map(HeaderModifier::remove);
        !removed.any(|name| [header::UPGRADE, header::CONNECTION].contains(name))
    }

    /// The backends that get a copy of each request, in their order. Their references are as written: to
    /// find what they name, and whether a ReferenceGrant allows it, is attachment's part.
    #[must_use]
    pub fn mirrors(&self) -> &[BackendObjectReference] {
        &self.mirrors
    }

    /// Filters of the implementation's own. Where one of them is not known to it, requests must be
    /// answered with an error: a filter is never skipped.
    #[must_use]
    pub fn extensions(&self) -> &[LocalObjectReference] {
        &self.extensions
    }

    /// The answer to a request, if a redirect takes it: its status code and `Location`.
    ///
    /// # Errors
    ///
    /// As [`Redirect::location`].
    pub fn location(
        &self,
        request: &RedirectContext<'_>,
    ) -> Result<Option<(StatusCode, HeaderValue)>, ApplyError> {
        self.redirect()
            .map(|redirect| redirect.location(request))
            .transpose()
    }

    /// Applies rewrite and header changes to a request on its way to the backend, in the order of the list.
    /// `matched_prefix` as in [`PathModifier::modify`](super::PathModifier::modify).
    ///
    /// # Errors
    ///
    /// As [`Rewrite::apply`] and [`HeaderModifier::apply_to_request`].
    pub fn apply_request(
        &self,
        request: &mut request::Parts,
        matched_prefix: Option<&str>,
    ) -> Result<(), ApplyError> {
        let mut steps = self.steps.iter();
        steps.try_for_each(|step| self.apply_step(*step, request, matched_prefix))
    }

    /// What one step changes of a request: nothing, for a redirect or a mirror.
    ///
    /// # Errors
    ///
    /// As [`apply_request`](Self::apply_request).
    pub fn apply_step(
        &self,
        step: Step,
        request: &mut request::Parts,
        matched_prefix: Option<&str>,
    ) -> Result<(), ApplyError> {
        match step {
            Step::RequestHeaders => self
                .request
                .as_ref()
                .map_or(Ok(()), |modifier| modifier.apply_to_request(request)),
            Step::Rewrite => self
                .rewrite
                .as_ref()
                .map_or(Ok(()), |rewrite| rewrite.apply(request, matched_prefix)),
            Step::Redirect | Step::Mirror(_) => Ok(()),
        }
    }

    /// Applies header changes to an answer on its way to the client. For an answer of a backend, those of
    /// the backend's filters come before those of the rule's.
    ///
    /// # Errors
    ///
    /// As [`HeaderModifier::apply_to_response`].
    pub fn apply_response(&self, headers: &mut HeaderMap) -> Result<(), ApplyError> {
        self.response
            .as_ref()
            .map_or(Ok(()), |modifier| modifier.apply_to_response(headers))
    }
}

/// Puts a filter in its place, unless there is one.
fn once<T>(kind: &'static str, place: &mut Option<T>, compiled: T, errors: &mut Vec<CompileError>) {
    if place.is_some() {
        errors.push(CompileError::new("", CompileErrorKind::Repeated(kind)));
    } else {
        *place = Some(compiled);
    }
}

fn first_error((filters, errors): (Filters, Vec<CompileError>)) -> Result<Filters, CompileError> {
    match errors.into_iter().next() {
        Some(error) => Err(error),
        None => Ok(filters),
    }
}

/// The type of a filter that is known and not implemented.
pub(crate) fn missing(filter: &HttpRouteFilter) -> Option<&'static str> {
    match filter {
        HttpRouteFilter::Cors(_) => Some("CORS"),
        HttpRouteFilter::ExternalAuth(_) => Some("ExternalAuth"),
        HttpRouteFilter::RequestHeaderModifier(_)
        | HttpRouteFilter::ResponseHeaderModifier(_)
        | HttpRouteFilter::RequestMirror(_)
        | HttpRouteFilter::RequestRedirect(_)
        | HttpRouteFilter::UrlRewrite(_)
        | HttpRouteFilter::ExtensionRef(_)
        | HttpRouteFilter::Unrecognized(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn http(list: Value) -> Result<Filters, CompileError> {
        let list: Vec<HttpRouteFilter> = serde_json::from_value(list).unwrap();
        Filters::compile_http(&list)
    }

    fn grpc(list: Value) -> Result<Filters, CompileError> {
        let list: Vec<GrpcRouteFilter> = serde_json::from_value(list).unwrap();
        Filters::compile_grpc(&list)
    }

    fn modifier(kind: &str, member: &str, value: &str) -> Value {
        json!({"type": kind, member: {"add": [{"name": "x-by", "value": value}]}})
    }

    /// Whatever type a release brings.
    #[test]
    fn every_type_of_filter_is_applied_or_is_an_error() {
        for name in HttpRouteFilter::TYPES {
            let name = name.to_string();
            let member = match name.as_str() {
                "URLRewrite" => "urlRewrite".to_owned(),
                "CORS" => "cors".to_owned(),
                _ => name[..1].to_lowercase() + &name[1..],
            };
            let least = match name.as_str() {
                "RequestMirror" => json!({"backendRef": {"name": "a"}}),
                "ExternalAuth" => json!({"protocol": "HTTP", "backendRef": {"name": "a"}}),
                "ExtensionRef" => json!({"group": "a.example", "kind": "A", "name": "a"}),
                _ => json!({}),
            };
            let filter = json!([{"type": name, member: least}]);
            let is_known = !matches!(
                serde_json::from_value::<Vec<HttpRouteFilter>>(filter.clone()).unwrap()[..],
                [HttpRouteFilter::Unrecognized(_)]
            );
            assert!(is_known, "{filter}");
            let made = http(filter);
            let is_applied = made.as_ref().is_ok_and(|filters| !filters.is_empty());
            assert!(is_applied || made.is_err(), "{name} is skipped");
        }
    }

    #[test]
    fn rewrite_and_header_changes_work_together() {
        let filters = http(json!([
            {"type": "URLRewrite", "urlRewrite": {"hostname": "b.example",
                "path": {"type": "ReplaceFullPath", "replaceFullPath": "/test"}}},
            {"type": "RequestHeaderModifier", "requestHeaderModifier": {
                "set": [{"name": "X-Set", "value": "new"}],
                "add": [{"name": "X-Add", "value": "2"}],
                "remove": ["X-Remove"]}},
        ]))
        .unwrap();
        let (mut parts, ()) = http::Request::get("/full/one?q")
            .header("host", "a.example")
            .header("x-set", "old")
            .header("x-add", "1")
            .header("x-remove", "1")
            .body(())
            .unwrap()
            .into_parts();
        filters.apply_request(&mut parts, Some("/full")).unwrap();
        assert_eq!(parts.uri, "/test?q");
        let lines: Vec<_> = parts
            .headers
            .iter()
            .map(|(n, v)| format!("{n}: {}", v.to_str().unwrap()))
            .collect();
        assert_eq!(
            lines,
            ["host: b.example", "x-set: new", "x-add: 1", "x-add: 2"]
        );
    }

    #[test]
    fn a_request_passes_the_rules_filters_then_the_backends_and_the_answer_the_other_way() {
        let both = |by: &str| {
            http(json!([
                modifier("RequestHeaderModifier", "requestHeaderModifier", by),
                modifier("ResponseHeaderModifier", "responseHeaderModifier", by),
            ]))
            .unwrap()
        };
        let (rule, backend) = (both("rule"), both("backend"));
        let by = |headers: &HeaderMap| -> Vec<String> {
            let text = |v: &HeaderValue| v.to_str().unwrap().to_owned();
            headers.get_all("x-by").iter().map(text).collect()
        };
        let (mut parts, ()) = http::Request::new(()).into_parts();
        rule.apply_request(&mut parts, None).unwrap();
        backend.apply_request(&mut parts, None).unwrap();
        assert_eq!(by(&parts.headers), ["rule", "backend"]);
        let mut answer = HeaderMap::new();
        backend.apply_response(&mut answer).unwrap();
        rule.apply_response(&mut answer).unwrap();
        assert_eq!(by(&answer), ["backend", "rule"]);
    }

    #[test]
    fn several_mirrors_are_kept_in_order_and_extensions_are_named() {
        let mirror = |name: &str| json!({"type": "RequestMirror", "requestMirror": {"backendRef": {"name": name, "port": 80}}});
        let extension = json!({"type": "ExtensionRef", "extensionRef": {"group": "x.example", "kind": "Auth", "name": "a"}});
        for filters in [
            http(json!([mirror("a"), extension, mirror("b")])).unwrap(),
            grpc(json!([mirror("a"), extension, mirror("b")])).unwrap(),
        ] {
            let names: Vec<_> = filters.mirrors().iter().map(|m| m.name.as_str()).collect();
            assert_eq!(names, ["a", "b"]);
            assert_eq!(filters.redirect_index(), None);
            assert_eq!(filters.extensions()[0].kind, "Auth");
            assert!(!filters.is_empty());
        }
        assert!(http(json!([])).unwrap().is_empty());
    }

    /// HTTPRoute `filters`: "implementations SHOULD implement filters in the order they are specified".
    #[test]
    fn steps_are_in_the_order_of_the_list() {
        let mirror = json!({"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "m", "port": 80}}});
        let headers = modifier("RequestHeaderModifier", "requestHeaderModifier", "1");
        let response = modifier("ResponseHeaderModifier", "responseHeaderModifier", "1");
        let rewrite = json!({"type": "URLRewrite", "urlRewrite": {}});
        let redirect = json!({"type": "RequestRedirect", "requestRedirect": {}});
        let steps = |list| http(list).unwrap().steps().to_vec();
        assert_eq!(
            steps(json!([mirror, response, headers, mirror, rewrite])),
            [
                Step::Mirror(0),
                Step::RequestHeaders,
                Step::Mirror(1),
                Step::Rewrite
            ]
        );
        assert_eq!(
            steps(json!([redirect, mirror])),
            [Step::Redirect, Step::Mirror(0)]
        );
        let calls = grpc(json!([mirror, headers])).unwrap();
        assert_eq!(calls.steps(), [Step::Mirror(0), Step::RequestHeaders]);
    }

    #[test]
    fn specifying_the_same_filter_multiple_times_is_not_supported() {
        let request = modifier("RequestHeaderModifier", "requestHeaderModifier", "1");
        let response = modifier("ResponseHeaderModifier", "responseHeaderModifier", "1");
        let redirect = json!({"type": "RequestRedirect", "requestRedirect": {}});
        let rewrite = json!({"type": "URLRewrite", "urlRewrite": {}});
        for twice in [&request, &response, &redirect, &rewrite] {
            let error = http(json!([twice, twice])).unwrap_err();
            assert_eq!(error.path(), "filters[1]");
            assert!(matches!(error.kind(), CompileErrorKind::Repeated(_)));
        }
        assert!(grpc(json!([request, request])).is_err());
        assert!(grpc(json!([request, response])).is_ok());
    }

    #[test]
    fn url_rewrite_and_request_redirect_may_not_be_combined() {
        let redirect = json!({"type": "RequestRedirect", "requestRedirect": {}});
        let rewrite = json!({"type": "URLRewrite", "urlRewrite": {}});
        for pair in [json!([redirect, rewrite]), json!([rewrite, redirect])] {
            let error = http(pair).unwrap_err();
            assert_eq!(
                error.to_string(),
                "filters[1]: `RequestRedirect` and `URLRewrite` cannot be combined"
            );
        }
    }

    #[test]
    fn the_host_is_rewritten_by_one_filter_of_a_list() {
        let set = |name: &str| {
            json!({"type": "RequestHeaderModifier", "requestHeaderModifier": {
            "set": [{"name": name, "value": "b.example"}]}})
        };
        let rewrite = |value: Value| json!({"type": "URLRewrite", "urlRewrite": value});
        let hostname = rewrite(json!({"hostname": "a.example"}));
        for pair in [
            json!([set("host"), hostname]),
            json!([hostname, set("Host")]),
        ] {
            let error = http(pair).unwrap_err();
            assert_eq!(error.path(), "filters[1]");
            assert_eq!(*error.kind(), CompileErrorKind::HostTwice);
        }
        let path = rewrite(json!({"path": {"type": "ReplaceFullPath", "replaceFullPath": "/"}}));
        assert!(http(json!([set("host"), path])).is_ok());
        assert!(http(json!([set("x-host"), hostname])).is_ok());
    }

    #[test]
    fn a_request_asks_for_no_upgrade_where_a_filter_removes_it() {
        let remove = |name: &str| {
            json!([{"type": "RequestHeaderModifier",
            "requestHeaderModifier": {"remove": [name]}}])
        };
        for (name, passes) in [("Upgrade", false), ("connection", false), ("te", true)] {
            assert_eq!(
                http(remove(name)).unwrap().passes_upgrade(),
                passes,
                "{name}"
            );
        }
        assert!(Filters::default().passes_upgrade());
    }

    #[test]
    fn a_filter_that_cannot_be_honoured_is_never_skipped() {
        for (list, message) in [
            (
                json!([{"type": "RateLimit", "rateLimit": {}}]),
                "filters[0].type: `RateLimit` is not a known type",
            ),
            (
                json!([{"type": "URLRewrite"}]),
                "filters[0].type: `URLRewrite` must have the field that belongs to it",
            ),
            (
                json!([{"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "a", "value": "\n"}]}}]),
                "filters[0].requestHeaderModifier.set[0].value: `\\n` is not a header value",
            ),
        ] {
            let error = http(list).unwrap_err().to_string();
            assert!(error.starts_with(message), "{error}");
        }
    }
}
