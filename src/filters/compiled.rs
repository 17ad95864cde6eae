//! A whole list of filters.

use super::{
    ApplyError, CompileError, CompileErrorKind, HeaderModifier, Redirect, RedirectContext, Rewrite,
};
use crate::v1::{
    BackendObjectReference, GrpcRouteFilter, HttpHeaderFilter, HttpRequestMirrorFilter,
    HttpRouteFilter, LocalObjectReference,
};
use http::{HeaderMap, HeaderValue, StatusCode, request};

/// The filters of a rule or of a backend, compiled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filters {
    request: Option<HeaderModifier>,
    response: Option<HeaderModifier>,
    redirect: Option<Redirect>,
    rewrite: Option<Rewrite>,
    mirrors: Vec<BackendObjectReference>,
    extensions: Vec<LocalObjectReference>,
}

impl Filters {
    /// Compiles the filters of an HTTPRoute (`filters` of a rule or a backend).
    ///
    /// # Errors
    ///
    /// The first filter that cannot be honoured, its path starting with `filters[INDEX]`: a bad value, a
    /// type that is not known, a type repeated that may stand there once, a redirect beside a rewrite.
    pub fn compile_http(filters: &[HttpRouteFilter]) -> Result<Self, CompileError> {
        let mut compiled = Self::default();
        for (index, filter) in filters.iter().enumerate() {
            compiled
                .add_http(filter)
                .map_err(|error| error.within(&format!("filters[{index}]")))?;
        }
        Ok(compiled)
    }

    /// Compiles the filters of a GRPCRoute (`filters` of a rule or a backend).
    ///
    /// # Errors
    ///
    /// As [`compile_http`](Self::compile_http).
    pub fn compile_grpc(filters: &[GrpcRouteFilter]) -> Result<Self, CompileError> {
        let mut compiled = Self::default();
        for (index, filter) in filters.iter().enumerate() {
            match filter {
                GrpcRouteFilter::RequestHeaderModifier(filter) => compiled.add_request(filter),
                GrpcRouteFilter::ResponseHeaderModifier(filter) => compiled.add_response(filter),
                GrpcRouteFilter::RequestMirror(filter) => compiled.add_mirror(filter),
                GrpcRouteFilter::ExtensionRef(reference) => compiled.add_extension(reference),
                GrpcRouteFilter::Unrecognized(_) => Err(unrecognized(filter.type_name())),
            }
            .map_err(|error| error.within(&format!("filters[{index}]")))?;
        }
        Ok(compiled)
    }

    fn add_http(&mut self, filter: &HttpRouteFilter) -> Result<(), CompileError> {
        match filter {
            HttpRouteFilter::RequestHeaderModifier(filter) => self.add_request(filter),
            HttpRouteFilter::ResponseHeaderModifier(filter) => self.add_response(filter),
            HttpRouteFilter::RequestMirror(filter) => self.add_mirror(filter),
            HttpRouteFilter::RequestRedirect(filter) => {
                let redirect =
                    Redirect::compile(filter).map_err(|error| error.within("requestRedirect"))?;
                once("RequestRedirect", &mut self.redirect, redirect)?;
                self.redirect_or_rewrite()
            }
            HttpRouteFilter::UrlRewrite(filter) => {
                let rewrite =
                    Rewrite::compile(filter).map_err(|error| error.within("urlRewrite"))?;
                once("URLRewrite", &mut self.rewrite, rewrite)?;
                self.redirect_or_rewrite()
            }
            HttpRouteFilter::ExtensionRef(reference) => self.add_extension(reference),
            HttpRouteFilter::Unrecognized(_) => Err(unrecognized(filter.type_name())),
        }
    }

    fn add_request(&mut self, filter: &HttpHeaderFilter) -> Result<(), CompileError> {
        let modifier = HeaderModifier::compile(filter)
            .map_err(|error| error.within("requestHeaderModifier"))?;
        once("RequestHeaderModifier", &mut self.request, modifier)
    }

    fn add_response(&mut self, filter: &HttpHeaderFilter) -> Result<(), CompileError> {
        let modifier = HeaderModifier::compile(filter)
            .map_err(|error| error.within("responseHeaderModifier"))?;
        once("ResponseHeaderModifier", &mut self.response, modifier)
    }

    fn add_mirror(&mut self, filter: &HttpRequestMirrorFilter) -> Result<(), CompileError> {
        self.mirrors.push(filter.backend_ref.clone());
        Ok(())
    }

    fn add_extension(&mut self, reference: &LocalObjectReference) -> Result<(), CompileError> {
        self.extensions.push(reference.clone());
        Ok(())
    }

    fn redirect_or_rewrite(&self) -> Result<(), CompileError> {
        match (&self.redirect, &self.rewrite) {
            (Some(_), Some(_)) => Err(CompileError::new("", CompileErrorKind::RedirectAndRewrite)),
            _ => Ok(()),
        }
    }

    /// Whether the list has no filter.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
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
        self.redirect.as_ref()
    }

    /// The rewrite of host and path.
    #[must_use]
    pub fn rewrite(&self) -> Option<&Rewrite> {
        self.rewrite.as_ref()
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
        self.redirect
            .as_ref()
            .map(|redirect| redirect.location(request))
            .transpose()
    }

    /// Applies rewrite and header changes to a request on its way to the backend. `matched_prefix` as in
    /// [`PathModifier::modify`](super::PathModifier::modify).
    ///
    /// # Errors
    ///
    /// As [`Rewrite::apply`] and [`HeaderModifier::apply`].
    pub fn apply_request(
        &self,
        request: &mut request::Parts,
        matched_prefix: Option<&str>,
    ) -> Result<(), ApplyError> {
        if let Some(rewrite) = &self.rewrite {
            rewrite.apply(request, matched_prefix)?;
        }
        if let Some(modifier) = &self.request {
            modifier.apply(&mut request.headers)?;
        }
        Ok(())
    }

    /// Applies header changes to an answer on its way to the client. For an answer of a backend, those of
    /// the backend's filters come before those of the rule's.
    ///
    /// # Errors
    ///
    /// As [`HeaderModifier::apply`].
    pub fn apply_response(&self, headers: &mut HeaderMap) -> Result<(), ApplyError> {
        self.response
            .as_ref()
            .map_or(Ok(()), |modifier| modifier.apply(headers))
    }
}

fn once<T>(kind: &'static str, place: &mut Option<T>, compiled: T) -> Result<(), CompileError> {
    if place.is_some() {
        return Err(CompileError::new("", CompileErrorKind::Repeated(kind)));
    }
    *place = Some(compiled);
    Ok(())
}

fn unrecognized(kind: &str) -> CompileError {
    CompileError::new("type", CompileErrorKind::Unrecognized(kind.to_owned()))
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
            assert_eq!(filters.extensions()[0].kind, "Auth");
            assert!(!filters.is_empty());
        }
        assert!(http(json!([])).unwrap().is_empty());
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
    fn a_filter_that_cannot_be_honoured_is_never_skipped() {
        for (list, message) in [
            (
                json!([{"type": "RateLimit", "rateLimit": {}}]),
                "filters[0].type: `RateLimit` is not",
            ),
            (
                json!([{"type": "URLRewrite"}]),
                "filters[0].type: `URLRewrite` is not a known type with its member",
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
